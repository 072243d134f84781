"""Filters: foils that go into the beam and out, each by itself.

=======  =====  ==========================================================================
state    put    what happens
=======  =====  ==========================================================================
Out      In     Moving; In after the travel time, when the put completes
In       Out    Moving; Out after the travel time
Moving   other  turns back: a whole travel time from there; the put before it fails
any      same   nothing, or the put waits for the end of the motion under way
=======  =====  ==========================================================================

The foil counts as it stood until it has arrived.
"""

from __future__ import annotations

import asyncio

from beam.facts import Filters
from ioc_sim.channels import Channels, Enum
from ioc_sim.errors import Refused
from ioc_sim.station import Station

STATES = ("Out", "In", "Moving")


class FoilGroup:
    """The channels of one foil."""

    def __init__(self, prefix: str, name: str, travel_s: float, inserted: dict[str, bool], station: Station) -> None:
        self._name, self._inserted, self._travel_s, self._time = name, inserted, travel_s, station.time
        self._travel: asyncio.Task[None] | None = None
        self._overtaken = asyncio.Event()
        at = "In" if inserted[name] else "Out"
        self.command = Enum(at, ("Out", "In"), on_put=self._go)
        self.state = Enum(at, STATES)
        self._end = at
        self.channels: Channels = {prefix: self.command, f"{prefix}State": self.state}

    async def _go(self, end: str) -> None:
        if end != self._end:
            self._overtaken.set()
            self._overtaken = asyncio.Event()
            self._end = end
            self.state.update("Moving")
            self._travel = asyncio.create_task(self._run(end, self._overtaken))
        if self._travel is not None:
            await asyncio.shield(self._travel)
        if self._end != end:
            raise Refused(f"{self.command.name} {end}: it was sent {self._end} on the way")

    async def _run(self, end: str, overtaken: asyncio.Event) -> None:
        passed = await self._time.wait(self._travel_s, overtaken)
        await self._time.advance(passed)
        if not overtaken.is_set():
            self._inserted[self._name] = end == "In"
            self.state.update(end)
            self._travel = None


class FiltersGroup:
    """The channels of all foils of one device."""

    def __init__(self, name: str, facts: Filters, station: Station) -> None:
        inserted = station.line.inserted[name]
        self.foils = {
            foil: FoilGroup(facts.foil_prefix(foil), foil, facts.travel_s, inserted, station) for foil in facts.foils
        }
        self.channels: Channels = {pv: channel for one in self.foils.values() for pv, channel in one.channels.items()}
