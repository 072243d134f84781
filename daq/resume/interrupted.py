"""Which run is meant, what it and the runs before it took, and whether it can be gone on with; from journals alone.

================================  ==========================================
a run that                        is
================================  ==========================================
ended as a success                refused: nothing is missing
is open still                     refused: its engine lives
was gone on with already          refused, with the run that did
took no point                     refused: it can just be run again
is of another station             refused
is simulated, and this is not     refused, and the other way round
does not record what made it      refused
ended as anything else            an `Interrupted`
================================  ==========================================
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beam.errors import UnknownName
from daq import journal_reader
from daq.continues import CONTINUES
from daq.errors import DataError
from daq.journal import SUFFIX
from daq.resume.errors import NotResumable

LATEST = "last"
SHOWN = 5
BEGINNING = 200_000
"""Bytes that a start document may have."""


@dataclass(frozen=True)
class Interrupted:
    """A run that can be gone on with.

    Attributes
    ----------
    start
        Its start document.
    first
        The uid of the first run; its own, where it is that.
    points
        The data of all points that this run and those before it took.
    total
        How many points the whole was to have; None if it did not say.
    """

    start: dict[str, Any]
    first: str
    points: list[dict[str, Any]]
    total: int | None

    @property
    def uid(self) -> str:
        """Of the run."""
        return str(self.start["uid"])

    @property
    def link(self) -> dict[str, Any]:
        """What the run that goes on says of it."""
        return {"uid": self.uid, "first": self.first, "taken": len(self.points), "num_points": self.total}


def interrupted(journals: Path, uid: str, station: str, *, simulated: bool) -> Interrupted:
    """Return the run that is meant, with all that was taken of it.

    Parameters
    ----------
    journals
        Their directory.
    uid
        Of the run, any unambiguous beginning of it, or ``last``.
    station, simulated
        Where it is to go on.

    Raises
    ------
    UnknownName
        There is no such run.
    NotResumable
        It is refused; says why.
    """
    path = _find(journals, uid)
    documents = journal_reader.read(path).documents
    if not documents:
        raise NotResumable(f"run {path.stem[:8]} has no beginning")
    start = documents[0][1]
    name = f"run {start['uid'][:8]}"
    _check_place(name, start, station, simulated)
    _check_end(name, path, documents)
    if (later := _continuation(journals, path, start["uid"])) is not None:
        raise NotResumable(f"{name} was gone on with already: resume {later[:8]}, if that was interrupted, too")
    if not start.get("call"):
        raise NotResumable(f"{name} does not say what made it, so that it cannot be made again: run its plan anew")
    link = start.get(CONTINUES) or {}
    points = _points_of(documents)
    total = link.get("num_points") or start.get("num_points")
    before = link.get("uid")
    while before:
        earlier = journal_reader.read(journal_reader.find(journals, before)).documents
        points = [*_points_of(earlier), *points]
        before = (earlier[0][1].get(CONTINUES) or {}).get("uid")
    if not points:
        raise NotResumable(f"{name} has no completed point: run its plan anew")
    return Interrupted(start, link.get("first") or start["uid"], points, total)


def whole_uid(journals: Path, uid: str) -> str:
    """Return the whole uid of the run that is meant."""
    return _find(journals, uid).stem


def _check_place(name: str, start: dict[str, Any], station: str, simulated: bool) -> None:
    if start.get("beamline") != station:
        raise NotResumable(f"{name} was taken at {start.get('beamline')}, not at {station}")
    if bool(start.get("simulated")) != simulated:
        kinds = ("a real beamline", "a simulation")
        raise NotResumable(f"{name} was taken at {kinds[not simulated]}, and this is {kinds[simulated]}")


def _check_end(name: str, path: Path, documents: list[journal_reader.Document]) -> None:
    kind, stop = documents[-1]
    if kind == "stop":
        if stop["exit_status"] == "success":
            raise NotResumable(f"{name} is complete: there is nothing to resume")
        return
    tail = journal_reader.Tail(path)
    try:
        if not tail.writer_is_gone():
            raise NotResumable(f"{name} is still under way")
    finally:
        tail.close()


def _points_of(documents: list[journal_reader.Document]) -> list[dict[str, Any]]:
    primary = {doc["uid"] for kind, doc in documents if kind == "descriptor" and doc.get("name") == "primary"}
    found: list[dict[str, Any]] = []
    for kind, doc in documents:
        if kind == "event" and doc["descriptor"] in primary:
            found.append(doc["data"])
        elif kind == "event_page" and doc["descriptor"] in primary:
            columns = doc["data"]
            found += [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return found


def _find(journals: Path, uid: str) -> Path:
    every = list(journal_reader.journals(journals))
    found = every if uid == LATEST else [one for one in every if uid and one.stem.startswith(uid.lower())]
    if uid == LATEST and found:
        return max(found, key=lambda one: _start_of(one).get("time", 0.0))
    exact = [one for one in found if one.stem == uid.lower()]
    if not found:
        latest = sorted(every, key=lambda one: one.stat().st_mtime)[-SHOWN:]
        raise UnknownName("run", uid, [one.stem[:8] for one in latest])
    if not exact and len(found) > 1:
        raise DataError(f"run {uid!r} is ambiguous: it begins {', '.join(sorted(one.stem for one in found))}")
    return (exact or found)[0]


def _start_of(path: Path) -> dict[str, Any]:
    """Return a start document, of its line alone; empty if it cannot be read."""
    try:
        with path.open("rb") as file:
            return json.loads(file.readline(BEGINNING))["doc"]
    except (OSError, ValueError, KeyError):
        return {}


def _continuation(journals: Path, path: Path, uid: str) -> str | None:
    """Return the run that goes on where this one ended; None if there is none with a point of its own."""
    for one in _later(journals, path):
        start = _start_of(one)
        if (start.get(CONTINUES) or {}).get("uid") == uid and _points_of(journal_reader.read(one).documents):
            return str(start["uid"])
    return None


def _later(journals: Path, path: Path) -> Iterator[Path]:
    """Give the journals of the same day and after."""
    days = sorted(one for one in journals.iterdir() if one.is_dir() and one.name >= path.parent.name)
    for day in days:
        yield from (one for one in day.glob(f"*{SUFFIX}") if one != path)
