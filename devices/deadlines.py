"""Deadlines of all waits: one thread watches them all, on this machine's monotonic clock.

A wait may last 1.5 × its nominal duration, which is in device seconds and divided by the servers' time scale, plus a
margin of wall time that does not scale. A thread per wait, as ophyd starts, costs more than the wait itself.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Patience:
    """How long a wait may last beyond what it should."""

    time_scale: float = 1.0
    factor: float = 1.5
    margin_s: float = 5.0

    def wall_seconds(self, nominal_s: float) -> float:
        """Return the wall time after which a wait of nominally `nominal_s` device seconds has failed."""
        return self.factor * nominal_s / self.time_scale + self.margin_s


PATIENCE = Patience()


def set_time_scale(scale: float) -> None:
    """Say how many device seconds pass in a second of wall time, as the servers publish it."""
    if not scale > 0:
        raise ValueError(f"the time scale must be positive, not {scale}")
    PATIENCE.time_scale = scale


class Deadline:
    """One pending deadline."""

    __slots__ = ("_expired",)

    def __init__(self, expired: Callable[[], None]) -> None:
        self._expired: Callable[[], None] | None = expired

    def cancel(self) -> None:
        """Let it pass without effect."""
        self._expired = None

    def expire(self) -> None:
        """Call what was asked for, unless cancelled."""
        expired, self._expired = self._expired, None
        if expired is not None:
            expired()


class Watch:
    """The thread that expires deadlines; it starts with the first one."""

    def __init__(self) -> None:
        self._pending: list[tuple[float, int, Deadline]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def after(self, seconds: float, expired: Callable[[], None]) -> Deadline:
        """Call `expired` in `seconds` from now, unless the returned deadline is cancelled before."""
        deadline = Deadline(expired)
        when = time.monotonic() + seconds
        with self._changed:
            heapq.heappush(self._pending, (when, next(self._order), deadline))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif self._pending[0][2] is deadline:
                # Only an earlier deadline than all others is worth waking the thread for.
                self._changed.notify()
        return deadline

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._pending or self._pending[0][0] > time.monotonic():
                    self._changed.wait(self._pending[0][0] - time.monotonic() if self._pending else None)
                _, _, deadline = heapq.heappop(self._pending)
            deadline.expire()


WATCH = Watch()
