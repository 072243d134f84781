"""The time that things take: nominal durations, waited for at the server's scale and added to the experiment's clock.

Records and groups know only device seconds. A motion or exposure of d seconds

1. waits d / scale seconds of wall time (`wait`; nothing at all when d is 0);
2. adds d to the experiment clock (`advance`) and, before its completion goes out, tells the ring the new time, so that
   whoever reads the ring's current after the completion gets the current of that time, to the microsecond.

In live mode the clock runs by itself: `advance` changes nothing and the ring is told nothing.

While time is paused no wait goes on and nothing is added to the clock.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Protocol

from beam.clock import Clock
from ioc_sim.errors import Refused
from ioc_sim.pause import Pause

Follower = Callable[[float], Awaitable[None]]
Listener = Callable[[], None]
Due = Callable[[], Awaitable[None]]

RESOLUTION_S = 1e-6
"""The ring is told the time where it went on by this or more (device seconds): less is for moves that take no time."""
LONGEST_S = 1e6
"""No motion or exposure may take longer (device seconds)."""


class MotionTime(Protocol):
    """What a record needs to know of time."""

    @property
    def scale(self) -> float:
        """How many device seconds pass in a second of wall time."""
        ...

    async def wait(self, seconds: float, interrupt: asyncio.Event | None = None) -> float:
        """Wait device `seconds`; return how many passed (fewer only if interrupted)."""
        ...

    async def advance(self, seconds: float) -> None:
        """Add device `seconds` to the experiment; return when every server has followed."""
        ...

    def now(self) -> float:
        """Return a steady time in device seconds, for positions on the way."""
        ...


class DetectorTime(MotionTime, Protocol):
    """What cameras and their plugins need to know of time."""

    @property
    def clock(self) -> Clock:
        """The experiment's or the live clock."""
        ...

    async def take(self, seconds: float) -> None:
        """Let something last device `seconds`: wait, then advance."""
        ...


class Timeline:
    """The one time service of a beamline server; see the module's text.

    Parameters
    ----------
    clock : Clock
        The experiment's or the live clock, shared with the Line.
    follower : Callable[[float], Awaitable[None]], optional
        Told the experiment's time (s) whenever it advanced; returns when the ring has followed.
    pause : Pause, optional
        Whether time stands still.

    Attributes
    ----------
    due : list[Due]
        Awaited whenever something took time, before it completes.
    """

    def __init__(self, clock: Clock, follower: Follower | None = None, pause: Pause | None = None) -> None:
        self.clock = clock
        self.follower = follower
        self.pause = pause or Pause(clock)
        self.listeners: list[Listener] = []
        self.due: list[Due] = []
        self._told = clock.now()

    @property
    def scale(self) -> float:
        """How many device seconds pass in a second of wall time."""
        return self.clock.scale

    def now(self) -> float:
        """Return a steady time in device seconds, for positions on the way."""
        return (asyncio.get_running_loop().time() - self.pause.lost_s()) * self.scale

    async def wait(self, seconds: float, interrupt: asyncio.Event | None = None) -> float:
        """Wait device `seconds`; return how many passed (fewer only if interrupted)."""
        checked(seconds)
        if interrupt is not None and interrupt.is_set():
            return 0.0
        if seconds == 0:
            return 0.0
        begun, pauses, left = self.now(), self.pause.times, seconds
        await self.pause.until_running()
        while await self._sleep(left, interrupt):
            if pauses == self.pause.times:
                return seconds
            await self.pause.until_running()
            left = seconds - (self.now() - begun)
            pauses = self.pause.times
            if left <= 0:
                return seconds
        return min(seconds, self.now() - begun)

    async def _sleep(self, seconds: float, interrupt: asyncio.Event | None) -> bool:
        """Sleep for device `seconds` of running time or longer; return whether nothing interrupted it."""
        if interrupt is None:
            await asyncio.sleep(seconds / self.scale)
            return True
        try:
            await asyncio.wait_for(interrupt.wait(), seconds / self.scale)
        except TimeoutError:
            return True
        return False

    async def advance(self, seconds: float) -> None:
        """Add device `seconds` to the experiment; return when the ring has followed."""
        checked(seconds)
        await self.pause.until_running()
        self.clock.advance(seconds)
        await self.follow()

    async def take(self, seconds: float) -> None:
        """Let something last device `seconds`: wait, then advance."""
        await self.wait(seconds)
        await self.advance(seconds)

    async def foretell(self, seconds: float) -> None:
        """Bring the ring to the time after the next `seconds`, before they are added to this clock.

        An exposure does this first: what the ring's event list says about that time has then arrived here.
        """
        checked(seconds)
        await self.pause.until_running()
        await self._tell(self.clock.now() + seconds)

    async def follow(self) -> None:
        """Tell the ring the clock's time, if it advanced since; tell the listeners; see to what is due by now."""
        await self._tell(self.clock.now())
        self.show()
        for one in self.due:
            await one()

    def show(self) -> None:
        """Tell the listeners that the clock went on."""
        for listener in self.listeners:
            listener()

    async def _tell(self, time_s: float) -> None:
        if self.follower is None or self.clock.mode != "experiment" or time_s - self._told < RESOLUTION_S:
            return
        await self.follower(time_s)
        self._told = max(self._told, time_s)


def checked(seconds: float) -> float:
    """Return a duration that can be waited for, or refuse it."""
    if not (math.isfinite(seconds) and 0 <= seconds <= LONGEST_S):
        raise Refused(f"a duration of {seconds} s: 0 … {LONGEST_S:g} s is allowed")
    return seconds
