"""The settings of one beamline in a file of their own (`daq.line_file`), one line a version.

A version holds all values, its changes, who, when, from which run and why. An old one that is wanted back becomes a
new version with the old values: what was between stays.
"""

from __future__ import annotations

import getpass
import math
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from beam.errors import TerasuError
from daq.line_file import LineFile

SIMULATED = ".simulated"


class SettingsError(TerasuError):
    """Settings that cannot be read or do not fit the configuration."""


@dataclass(frozen=True)
class Version:
    """The settings at one time.

    Attributes
    ----------
    version
        Counts from 1; 0 is the state before anything was set.
    time
        POSIX time.
    who, host
        User and computer.
    run
        Uid of the run that it was measured with.
    why
        In the words of who set it.
    changes
        What was set, None where the default is back.
    values
        All that is set; other settings have their defaults.
    """

    version: int = 0
    time: float = 0.0
    who: str = ""
    host: str = ""
    run: str | None = None
    why: str = ""
    changes: dict[str, float | None] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)


class SettingsStore:
    """The versions of the settings of one beamline.

    Those of a simulated beamline are kept apart: what was measured on a simulation says nothing of the real one.
    """

    def __init__(self, data_dir: Path, beamline: str, *, simulated: bool) -> None:
        self.path = data_dir / "settings" / f"{beamline}{SIMULATED if simulated else ''}.jsonl"
        self._file = LineFile(self.path, _version, SettingsError)

    def history(self) -> list[Version]:
        """Return all versions, the oldest first; raise SettingsError if a line is damaged."""
        return self._file.read()

    def latest(self) -> Version:
        """Return the version that holds now."""
        return (self.history() or [Version()])[-1]

    def at(self, version: int) -> Version:
        """Return one version; 0 is before the first."""
        history = [Version(), *self.history()]
        if not 0 <= version < len(history):
            raise SettingsError(f"{self.path}: there is no version {version}; there are 0 … {len(history) - 1}")
        return history[version]

    def set(
        self,
        changes: Mapping[str, float | None],
        *,
        why: str = "",
        run: str | None = None,
        who: str | None = None,
    ) -> Version:
        """Append a version with `changes` made to the one before; None brings a default back.

        Names and values are checked by whoever knows the beamline: `daq.settings.known_settings`.

        Returns
        -------
        Version
            The one that holds now: the old one, if it has these values already.

        Raises
        ------
        SettingsError
            If the file is damaged.
        DataError
            If it cannot be written; nothing has changed.
        """
        return self._append(lambda _: dict(changes), why, run, who)

    def revert(self, version: int, *, why: str = "", who: str | None = None) -> Version:
        """Append a version with the values of an earlier one."""
        wanted = self.at(version).values

        def changes(before: Version) -> dict[str, float | None]:
            return {name: wanted.get(name) for name in before.values.keys() | wanted.keys()}

        return self._append(changes, why or f"back to version {version}", None, who)

    def _append(
        self, changes: Callable[[Version], dict[str, float | None]], why: str, run: str | None, who: str | None
    ) -> Version:
        def make(history: list[Version]) -> dict[str, Any] | None:
            before = (history or [Version()])[-1]
            made = {name: value for name, value in sorted(changes(before).items()) if before.values.get(name) != value}
            if not made:
                return None
            values = {name: value for name, value in sorted((before.values | made).items()) if value is not None}
            who_ = who or getpass.getuser()
            return asdict(Version(before.version + 1, time.time(), who_, socket.gethostname(), run, why, made, values))

        return (self._file.append(make) or [Version()])[-1]


def _version(number: int, values: Any) -> Version:
    one = Version(**values)
    numbers = [*one.values.values(), *(value for value in one.changes.values() if value is not None)]
    if one.version != number or not all(math.isfinite(value) for value in numbers):
        raise ValueError(f"is not version {number}")
    return one
