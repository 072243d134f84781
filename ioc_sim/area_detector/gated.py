"""Which gates of a gate unit a camera exposes at, and those that it has still to read out.

=====================================  ==========================================================================
a gate comes                           what happens
=====================================  ==========================================================================
not acquiring, or `TriggerMode`        missed
Internal, or all images are made
the exposure before is not over, or    missed
not read out
External                               an exposure of `NumExposures` times `AcquireTime`, from the gate's beginning
External gate                          an exposure as long as the gate
=====================================  ==========================================================================
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Hashable
from typing import NamedTuple

AT_ONCE = 16
"""Gates that may wait to be read out: a flight waits while there are more."""


class Gate(NamedTuple):
    """One gate: its number, when it began and ended in its flight, and all that the picture depends on."""

    number: int
    begin_s: float
    end_s: float
    posix_ns: int
    state: Hashable


class Exposed(NamedTuple):
    """A gate at which there was an exposure."""

    gate: Gate
    exposure_s: float


class GatedExposures:
    """Takes the gates of one camera."""

    def __init__(self) -> None:
        self.loses: Callable[[], bool] = lambda: False
        """Whether the next gate is missed; replaced by a simulated fault."""
        self.came = asyncio.Event()
        """Set while there is something to read out."""
        self._room = asyncio.Event()
        self._room.set()
        self._waiting: deque[Exposed] = deque()
        self._busy_until_s = -math.inf
        self._left = math.inf

    def begin(self) -> None:
        """Begin a flight, whose time starts at 0."""
        self._busy_until_s = -math.inf

    def arm(self, images: float) -> None:
        """Begin an acquisition of so many images."""
        self._waiting.clear()
        self.came.clear()
        self._room.set()
        self._left = images

    def disarm(self) -> None:
        """End it: what comes from now on is missed."""
        self._left = 0

    def take(self, gate: Gate, exposure_s: float | None, readout_s: float) -> bool:
        """Expose at a gate, as long as it lasts if no time is given; return False if it is missed."""
        lost = self.loses()
        if lost or self._left <= 0 or gate.begin_s < self._busy_until_s - 1e-9:
            return False
        self._left -= 1
        lasts_s = gate.end_s - gate.begin_s if exposure_s is None else exposure_s
        self._busy_until_s = gate.begin_s + lasts_s + readout_s
        self._waiting.append(Exposed(gate, lasts_s))
        self.came.set()
        if len(self._waiting) >= AT_ONCE:
            self._room.clear()
        return True

    async def until_room(self, stop: asyncio.Event) -> None:
        """Wait until not so many wait any more, or `stop`."""
        if self._room.is_set():
            return
        waits = [asyncio.create_task(one.wait()) for one in (self._room, stop)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    def next(self) -> Exposed | None:
        """Return what is to be read out next, if there is something."""
        if not self._waiting:
            return None
        found = self._waiting.popleft()
        if not self._waiting:
            self.came.clear()
        if len(self._waiting) < AT_ONCE:
            self._room.set()
        return found

    @property
    def waiting(self) -> bool:
        """Whether there is something to be read out."""
        return bool(self._waiting)
