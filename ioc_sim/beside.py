"""The time of a detector that exposes beside counters: it passes for all of them at once."""

from __future__ import annotations

import asyncio

from beam.clock import Clock
from ioc_sim.station import Station


class BesideCounters:
    """Time as records and cameras know it; where a counter counts meanwhile, an exposure adds none to the clock."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._began = 0.0

    @property
    def clock(self) -> Clock:
        """The experiment's or the live clock."""
        return self._station.time.clock

    @property
    def scale(self) -> float:
        """How many device seconds pass in a second of wall time."""
        return self._station.time.scale

    def now(self) -> float:
        """Return a steady time in device seconds."""
        return self._station.time.now()

    async def wait(self, seconds: float, interrupt: asyncio.Event | None = None) -> float:
        """Wait device `seconds`; return how many passed (fewer only if interrupted)."""
        self._began = asyncio.get_running_loop().time()
        return await self._station.time.wait(seconds, interrupt)

    async def advance(self, seconds: float) -> None:
        """Add device `seconds` to the experiment, unless a counter does."""
        await self._station.advance_beside(seconds, self._began)
        self._began = asyncio.get_running_loop().time()

    async def take(self, seconds: float) -> None:
        """Let something last device `seconds`: wait, then advance."""
        await self.wait(seconds)
        await self.advance(seconds)
