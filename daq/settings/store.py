"""The settings of one beamline in a file of their own: one line of JSON a version, appended and never changed.

=======================  =============================================================================================
what happens             what the file holds
=======================  =============================================================================================
a version is written     one more line with all values, its changes, who, when, from which run and why; on disk before
                         anybody is told; a second process waits for the lock and builds on that version
the writer dies          at most a last line without its end: no version yet; the next writer removes it
the disk refuses         nothing of the line; an error
somebody reads           whole lines only, without a lock
an old one is wanted     a new version with the old values: what was between stays
a line is damaged        an error that names it; nothing is guessed and nothing is written
=======================  =============================================================================================
"""

from __future__ import annotations

import fcntl
import getpass
import json
import math
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from beam.errors import TerasuError
from daq.errors import DataError
from daq.journal_append import append

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

    def history(self) -> list[Version]:
        """Return all versions, the oldest first; raise SettingsError if a line is damaged."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SettingsError(f"{self.path}: {error.strerror or error}") from error
        return self._versions(text[: text.rfind(b"\n") + 1])

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

    def _append(self, changes: Any, why: str, run: str | None, who: str | None) -> Version:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise DataError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            text = os.pread(handle, os.fstat(handle).st_size, 0)
            whole = text.rfind(b"\n") + 1
            before = (self._versions(text[:whole]) or [Version()])[-1]
            made: dict[str, float | None] = {
                name: value for name, value in sorted(changes(before).items()) if before.values.get(name) != value
            }
            if not made:
                return before
            values = {name: value for name, value in {**before.values, **made}.items() if value is not None}
            after = Version(
                before.version + 1,
                time.time(),
                who or getpass.getuser(),
                socket.gethostname(),
                run,
                why,
                made,
                dict(sorted(values.items())),
            )
            if whole < len(text):
                os.ftruncate(handle, whole)
            append(handle, json.dumps(asdict(after), allow_nan=False).encode() + b"\n", whole)
            os.fsync(handle)
            _sync(self.path.parent)
            return after
        except OSError as error:
            raise DataError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        finally:
            os.close(handle)

    def _versions(self, text: bytes) -> list[Version]:
        found: list[Version] = []
        for number, line in enumerate(text.splitlines(), 1):
            try:
                one = Version(**json.loads(line))
                numbers = [*one.values.values(), *(value for value in one.changes.values() if value is not None)]
                if one.version != number or not all(math.isfinite(value) for value in numbers):
                    raise ValueError(f"is not version {number}")
            except (ValueError, TypeError, AttributeError) as error:
                raise SettingsError(f"{self.path}, line {number}: is damaged: {error}") from error
            found.append(one)
        return found


def _sync(directory: Path) -> None:
    """Bring a new file's name to the disk."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
