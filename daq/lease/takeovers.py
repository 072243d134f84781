"""The record of take-overs: one file, one line each, appended and never changed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daq.errors import DataError
from daq.lease.holder import Holder
from daq.lease.place import DIRECTORY, Place
from daq.line_file import LineFile

FILE = "takeovers.jsonl"


@dataclass(frozen=True)
class Takeover:
    """One of them."""

    number: int
    time: float
    station: str
    simulated: bool
    by: dict[str, Any]
    from_whom: dict[str, Any] | None
    answered: bool
    """Whether the loser let go by itself."""


def path(data_dir: Path) -> Path:
    """Return the file of a data directory."""
    return data_dir / DIRECTORY / FILE


def takeovers(file: Path) -> list[Takeover]:
    """Return all of them, the oldest first."""
    return _lines(file).read()


def note(file: Path, place: Place, by: Holder, loser: Holder | None, answered: bool) -> None:
    """Note one; DataError if it cannot be written."""
    made = {
        "time": time.time(),
        "station": place.station,
        "simulated": place.simulated,
        "by": by.record(),
        "from": loser and loser.record(),
        "answered": answered,
    }
    _lines(file).append(lambda _: made)


def _lines(file: Path) -> LineFile[Takeover]:
    return LineFile(file, _parse, DataError)


def _parse(number: int, line: Any) -> Takeover:
    found = dict(line)
    found["from_whom"] = found.pop("from", None)
    return Takeover(number, **found)
