"""Positions under names, kept per proposal in a file of their own (`daq.line_file`), one line each time one is saved.

A name that is saved again makes one more line: the latest holds, the earlier ones stay. Those of a simulated beamline
are kept apart, as its settings are.
"""

from __future__ import annotations

import getpass
import math
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from beam.errors import TerasuError, UnknownName
from daq.errors import UsageError
from daq.line_file import LineFile
from daq.settings.store import SIMULATED

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
        self._file = LineFile(self.path, _preset, PresetError)

    def all(self) -> dict[str, Preset]:
        """Return the latest of each name, in the order of their first saving."""
        return {one.name: one for one in self.history()}

    def history(self) -> list[Preset]:
        """Return all that were ever saved, the oldest first; raise PresetError if a line is damaged."""
        return self._file.read()

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

        def make(before: list[Preset]) -> dict[str, Any]:
            return asdict(Preset(name, len(before) + 1, time.time(), getpass.getuser(), dict(positions), dict(units)))

        return self._file.append(make)[-1]


def _preset(number: int, values: Any) -> Preset:
    one = Preset(**values)
    if one.version != number or not all(math.isfinite(value) for value in one.positions.values()):
        raise ValueError(f"is not version {number}")
    return one
