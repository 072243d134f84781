"""A two-state shutter.

=========  ===========  ==================================================================
state      event        next
=========  ===========  ==================================================================
Closed     Open         Opening; Open after the travel time, when the put completes
Open       Close        Closing (no light from its start); Closed after the travel time
Opening    Close        Closing at once; the put of Open fails
Closing    Open         Opening at once; the put of Close fails
Opening    Open         both puts complete on arrival (likewise Closing, Close)
any        not Permit   Closing, Closed; Open is refused until the permission is back
=========  ===========  ==================================================================
"""

from __future__ import annotations

import asyncio

from beam.facts import Shutter
from ioc_sim.channels import Channels, Enum, Int
from ioc_sim.errors import Refused
from ioc_sim.station import Station

STATES = ("Closed", "Opening", "Open", "Closing", "Fault")
_ON_THE_WAY = {"Open": "Opening", "Closed": "Closing"}


class ShutterGroup:
    """The channels of one shutter."""

    def __init__(self, name: str, facts: Shutter, station: Station) -> None:
        self._name = name
        self._facts = facts
        self._line = station.line
        self._time = station.time
        self._travel: asyncio.Task[None] | None = None
        self._overtaken = asyncio.Event()
        self._denied_by = ""
        self.open = Int(0, low=0, high=1, check=self._check_open, on_put=self._put_open)
        self.close = Int(0, low=0, high=1, on_put=self._put_close)
        self.state = Enum("Open" if station.line.open[name] else "Closed", STATES)
        self.permit = Enum("Permitted", ("Denied", "Permitted"))
        self.channels: Channels = {
            f"{facts.prefix}Open": self.open,
            f"{facts.prefix}Close": self.close,
            f"{facts.prefix}State": self.state,
            f"{facts.prefix}Permit": self.permit,
        }

    def set_permit(self, permitted: bool, by: str = "the safety system") -> None:
        """Grant or withdraw a permission; without it the shutter closes by itself."""
        self._denied_by = by
        self.permit.update("Permitted" if permitted else "Denied")
        if not permitted and self.state.value not in ("Closed", "Closing"):
            self._start("Closed")

    def _check_open(self, value: int) -> None:
        if value and self.permit.value == "Denied":
            raise Refused(f"{self._facts.label}: {self._denied_by} does not permit opening")

    async def _put_open(self, value: int) -> None:
        if value:
            await self._go("Open")
            self.open.post(0)

    async def _put_close(self, value: int) -> None:
        if value:
            await self._go("Closed")
            self.close.post(0)

    async def _go(self, end: str) -> None:
        if self.state.value == end:
            return
        travel = self._travel if self._travel and self.state.value == _ON_THE_WAY[end] else self._start(end)
        await asyncio.shield(travel)
        if self.state.value != end:
            raise Refused(f"{self._facts.label}: it is {self.state.value}, something else moved it on the way")

    def _start(self, end: str) -> asyncio.Task[None]:
        self._overtaken.set()
        self._overtaken = asyncio.Event()
        self.state.update(_ON_THE_WAY[end])
        self._line.open[self._name] = False
        self._travel = asyncio.create_task(self._run(end, self._overtaken))
        return self._travel

    async def _run(self, end: str, overtaken: asyncio.Event) -> None:
        passed = await self._time.wait(self._facts.travel_s, overtaken)
        await self._time.advance(passed)
        if overtaken.is_set():
            return
        self._line.open[self._name] = end == "Open"
        self.state.update(end)
        self._travel = None
