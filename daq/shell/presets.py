"""Positions under names, kept per proposal: one line of JSON for each time one is saved, appended and never changed.

==========================  ========================================================================================
what happens                what the file holds
==========================  ========================================================================================
a preset is saved           one more line with name, positions, units, who and when; on disk before anybody is told
a name is saved again       one more line; the latest holds, the earlier ones stay
the writer dies             at most a last line without its end: no preset; the next writer removes it
two processes save          one waits for the other's lock
a line is damaged           an error that names it; nothing is guessed and nothing is written
==========================  ========================================================================================

Those of a simulated beamline are kept apart, as its settings are.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import math
import os
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from beam.errors import TerasuError, UnknownName
from daq.errors import DataError, UsageError
from daq.journal_append import append

SIMULATED = ".simulated"
NO_PROPOSAL = "no-proposal"
_NAME = re.compile(r"[^\x00-\x1f]{1,80}")


class PresetError(TerasuError):
    """Presets that cannot be read."""


@dataclass(frozen=True)
class Preset:
    """Where devices were when somebody gave that a name.

    Attributes
    ----------
    positions
        By name of the device, each with its unit in `units`.
    """

    name: str
    version: int
    time: float
    who: str
    positions: dict[str, float]
    units: dict[str, str]


class Presets:
    """The presets of one proposal at one beamline."""

    def __init__(self, data_dir: Path, beamline: str, proposal: str | None, *, simulated: bool) -> None:
        folder = f"{beamline}{SIMULATED if simulated else ''}"
        self.path = data_dir / "presets" / folder / f"{quote(proposal or NO_PROPOSAL, safe='')}.jsonl"

    def all(self) -> dict[str, Preset]:
        """Return the latest of each name, in the order of their first saving."""
        return {one.name: one for one in self.history()}

    def history(self) -> list[Preset]:
        """Return all that were ever saved, the oldest first; raise PresetError if a line is damaged."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise PresetError(f"{self.path}: {error.strerror or error}") from error
        return self._parse(text[: text.rfind(b"\n") + 1])

    def find(self, name: str) -> Preset:
        """Return the latest of that name; raise UnknownName with the nearest if there is none."""
        known = self.all()
        if name not in known:
            raise UnknownName("saved position", name, known)
        return known[name]

    def save(self, name: str, positions: Mapping[str, float], units: Mapping[str, str]) -> Preset:
        """Append one; it is on disk when this returns.

        Raises
        ------
        UsageError
            A name that is empty, too long or of several lines; a position that is no number.
        DataError
            It cannot be written.
        """
        if not _NAME.fullmatch(name) or not name.strip():
            raise UsageError(f"saved position {name!r}: a name is one line of 1 to 80 characters")
        if wrong := [one for one, value in positions.items() if not math.isfinite(value)]:
            raise UsageError(f"saved position {name!r}: {wrong[0]} is nowhere that can be gone to")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise DataError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            text = os.pread(handle, os.fstat(handle).st_size, 0)
            whole = text.rfind(b"\n") + 1
            version = 1 + len(self._parse(text[:whole]))
            one = Preset(name, version, time.time(), getpass.getuser(), dict(positions), dict(units))
            if whole < len(text):
                os.ftruncate(handle, whole)
            append(handle, json.dumps(asdict(one), allow_nan=False, ensure_ascii=False).encode() + b"\n", whole)
            os.fsync(handle)
            return one
        except OSError as error:
            raise DataError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        finally:
            os.close(handle)

    def _parse(self, text: bytes) -> list[Preset]:
        found: list[Preset] = []
        for number, line in enumerate(text.splitlines(), 1):
            try:
                one = Preset(**json.loads(line))
                if one.version != number or not all(math.isfinite(value) for value in one.positions.values()):
                    raise ValueError(f"is not version {number}")
            except (ValueError, TypeError, AttributeError) as error:
                raise PresetError(f"{self.path}, line {number}: is damaged: {error}") from error
            found.append(one)
        return found
