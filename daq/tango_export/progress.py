"""What is measured now, from the documents of its run, whoever takes it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Run:
    """One run as far as it has come."""

    uid: str = ""
    scan_id: int = 0
    plan: str = ""
    expected: int = 0
    """Points that the plan said it would take; 0 where it did not say."""
    points: int = 0
    time: float = 0.0
    exit_status: str = ""
    """Empty while it is under way."""
    reason: str = ""

    @property
    def percent(self) -> float:
        """How much of it is done; NaN where the plan did not say how much there is."""
        if self.exit_status == "success":
            return 100.0
        return min(100.0, 100.0 * self.points / self.expected) if self.expected else math.nan


class Progress:
    """Takes documents; `run` is the current one or, between runs, the last; `last_uid` is of the last that ended."""

    def __init__(self) -> None:
        self.run = Run()
        self.last_uid = self.last_status = ""
        self._primary: set[str] = set()

    @property
    def under_way(self) -> bool:
        """Whether a run is open."""
        return bool(self.run.uid) and not self.run.exit_status

    def __call__(self, name: str, doc: Any) -> None:
        """Take one document."""
        if name == "start":
            self._primary.clear()
            expected = doc.get("num_points")
            self.run = Run(
                uid=str(doc["uid"]),
                scan_id=int(doc.get("scan_id") or 0),
                plan=str(doc.get("plan_name") or ""),
                expected=int(expected) if isinstance(expected, int | float) else 0,
                time=float(doc["time"]),
            )
        elif name == "descriptor" and doc.get("name") == "primary":
            self._primary.add(doc["uid"])
        elif name == "event" and doc["descriptor"] in self._primary:
            self.run = replace(self.run, points=self.run.points + 1, time=float(doc["time"]))
        elif name == "event_page" and doc["descriptor"] in self._primary:
            self.run = replace(self.run, points=self.run.points + len(doc["seq_num"]), time=float(doc["time"][-1]))
        elif name == "stop":
            self.end(str(doc["exit_status"]), str(doc.get("reason") or ""), float(doc["time"]))

    def end(self, exit_status: str, reason: str, time: float) -> None:
        """Take note that the run has ended."""
        self.run = replace(self.run, exit_status=exit_status, reason=reason, time=time)
        self.last_uid, self.last_status = self.run.uid, exit_status
