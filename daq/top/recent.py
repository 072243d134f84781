"""The last runs of a station, from the beginnings and ends of their journals."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daq.journal import SUFFIX

ENOUGH = 200_000
"""Bytes at either end of a journal that hold its first, and its last document."""


@dataclass(frozen=True)
class Recent:
    """One run."""

    uid: str
    scan: Any
    plan: str
    started: float
    status: str
    points: int | None


def recent(journals: Path, station: str, limit: int) -> list[Recent]:
    """Return the last runs, the latest first."""
    found: list[Recent] = []
    days = sorted((one for one in journals.glob("*") if one.is_dir()), reverse=True) if journals.is_dir() else []
    for day in days:
        latest: list[tuple[float, Path]] = []
        for path in day.glob(f"*{SUFFIX}"):
            try:
                latest.append((path.stat().st_mtime, path))
            except OSError:
                continue
        for _, path in sorted(latest, reverse=True):
            if (one := _run(path, station)) is not None:
                found.append(one)
            if len(found) == limit:
                return found
    return found


def _run(path: Path, station: str) -> Recent | None:
    try:
        with path.open("rb") as file:
            start = json.loads(file.readline(ENOUGH))["doc"]
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - ENOUGH))
            end = file.read()
    except (OSError, ValueError, KeyError):
        return None
    if start.get("beamline") != station:
        return None
    status, points = "running", None
    try:
        last = json.loads(end[end.rstrip(b"\n").rfind(b"\n") + 1 :])
        if last["name"] == "stop":
            status = str(last["doc"]["exit_status"])
            points = (last["doc"].get("num_events") or {}).get("primary", 0)
    except (ValueError, KeyError, TypeError):
        pass  # a line that is just being written
    return Recent(
        str(start["uid"]), start.get("scan_id"), str(start.get("plan_name") or ""), float(start["time"]), status, points
    )
