"""The clock of the slow physics: what the ring's decay and every drift read.

Two kinds. The **experiment** clock stands still unless something takes time in the experiment: an exposure,
a motion, a plan's sleep. Each adds its nominal duration, and durations are summed as whole nanoseconds, so the
order in which they arrive does not change the time. The **live** clock is wall time since its epoch times the scale.
"""

from __future__ import annotations

import time
from typing import Protocol

NS = 1_000_000_000


class Clock(Protocol):
    """What the physics needs of a clock."""

    mode: str
    scale: float

    def now(self) -> float:
        """Return the time since the start, in seconds of the experiment."""
        ...

    def advance(self, seconds: float) -> None:
        """Add something that took `seconds` of the experiment's time."""
        ...


class ExperimentClock:
    """A clock that only advances by what the experiment does."""

    mode = "experiment"

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self._elapsed_ns = 0

    def now(self) -> float:
        """Return the sum of all that took time, in seconds."""
        return self._elapsed_ns / NS

    def advance(self, seconds: float) -> None:
        """Add `seconds` (0 or more), rounded to whole nanoseconds so that sums do not depend on the order."""
        if not 0 <= seconds < 1e9:
            raise ValueError(f"a clock cannot advance by {seconds} s; 0 to 1e9 s is allowed")
        self._elapsed_ns += round(seconds * NS)

    def set(self, seconds: float) -> None:
        """Follow another process's experiment clock; it never runs backwards."""
        self._elapsed_ns = max(self._elapsed_ns, round(seconds * NS))


class LiveClock:
    """Wall time since `epoch` (a POSIX time), times the scale."""

    mode = "live"

    def __init__(self, scale: float = 1.0, epoch: float | None = None) -> None:
        self.scale = scale
        self.epoch = time.time() if epoch is None else epoch
        self._stands_since: float | None = None

    def now(self) -> float:
        """Return the scaled time since the epoch, in seconds, without that in which the clock stood."""
        wall = time.time() if self._stands_since is None else self._stands_since
        return (wall - self.epoch) * self.scale

    def stand(self, still: bool) -> None:
        """Stand still, or go on from where it stood."""
        if still and self._stands_since is None:
            self._stands_since = time.time()
        elif not still and self._stands_since is not None:
            self.epoch += time.time() - self._stands_since
            self._stands_since = None

    def advance(self, seconds: float) -> None:
        """Do nothing: live time passes by itself."""
