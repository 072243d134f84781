"""How far a run is: a bar, the time left for the scan, the exposure and the moves under way; one line."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

from daq.shell.activity import Activity, Under

BAR = 20
SURE = 3
"""Points after which the time left is told by the run itself rather than by the forecast."""
WORTH_S = 0.5
"""An exposure shorter than this is over before anybody reads of it."""


class Progress:
    """A document callback, and the line.

    Parameters
    ----------
    activity
        What is under way.
    forecast
        Returns how many seconds of wall time the plan was foreseen to take; None if nobody knows.
    """

    def __init__(self, activity: Activity, forecast: Callable[[], float | None] = lambda: None) -> None:
        self.activity, self.forecast = activity, forecast
        self.total: int | None = None
        self.done = 0
        self._open = False
        self._primary: str | None = None
        self._began = self._first = 0.0

    def __call__(self, name: str, doc: Any) -> None:
        """Take one document."""
        if name == "start":
            total = doc.get("num_points")
            self.total = total if isinstance(total, int) and total > 0 else None
            self.done, self._primary, self._open, self._began = 0, None, True, time.monotonic()
        elif name == "descriptor" and doc.get("name") == "primary":
            self._primary = doc["uid"]
        elif name == "event" and doc["descriptor"] == self._primary:
            if self.done == 0:
                self._first = time.monotonic()
            self.done += 1
        elif name == "stop":
            self._open = False

    def line(self) -> str:
        """Return the line as it is now; empty if there is nothing to tell."""
        parts = [self._run()] if self._open else []
        for one in self.activity.under_way:
            if text := under_words(one):
                parts.append(text)
        return "  ".join(parts)

    def _run(self) -> str:
        spent = time.monotonic() - self._began
        if self.total is None:
            return f"{self.done} points, {clock(spent)}"
        part = min(self.done / self.total, 1.0)
        full = round(part * BAR)
        bar = "█" * full + "░" * (BAR - full)
        left = self.left_s()
        return f"{bar} {self.done}/{self.total}  " + (f"{clock(left)} left" if left is not None else clock(spent))

    def left_s(self) -> float | None:
        """Return how many seconds of wall time the run still takes; None if that is not known."""
        if self.total is None:
            return None
        now = time.monotonic()
        if self.done > SURE:  # the way to the first point may have been long
            each = (now - self._first) / (self.done - 1 + 0.5)
            return max(self.total - self.done, 0) * each
        expected = self.forecast()
        return None if expected is None else max(expected - (now - self._began), 0.0)


def under_words(one: Under) -> str:
    """Say what is under way: how far a move is, how long an exposure still lasts."""
    spent = time.monotonic() - one.began
    if one.target is None:
        if one.lasts_s is None or one.lasts_s < WORTH_S:
            return ""
        return f"{one.device.name} {max(one.lasts_s - spent, 0.0):.1f} of {one.lasts_s:.1f} s left"
    with contextlib.suppress(Exception):  # its server may be gone
        digits = int(getattr(one.device, "precision", 4))
        unit = getattr(one.device, "unit", "")
        return f"{one.device.name} {one.device.position:.{digits}f} → {one.target:.{digits}f} {unit}".rstrip()
    return ""


def clock(seconds: float) -> str:
    """Return a duration as ``m:ss`` or ``h:mm:ss``."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
