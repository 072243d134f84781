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

The permission is there while the safety system grants it (`set_permit`) and all interlock inputs hold. `Status` says in
a sentence what is the case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import caproto as ca

from beam import facts
from ioc_sim.channels import Channels, Enum, Int, LongText, under
from ioc_sim.errors import Refused
from ioc_sim.interlock import Interlock
from ioc_sim.station import Station
from ioc_sim.timing import MotionTime

STATES = ("Closed", "Opening", "Open", "Closing", "Fault")
_ON_THE_WAY = {"Open": "Opening", "Closed": "Closing"}

WITHDRAWN = "the safety system does not permit opening"

Light = Callable[[bool], None]


class ShutterFacts(Protocol):
    """What it is like: `beam.facts.Shutter`."""

    @property
    def label(self) -> str:
        """What people call it."""
        ...

    @property
    def travel_s(self) -> float:
        """How long opening or closing takes."""
        ...

    @property
    def needs(self) -> Sequence[str]:
        """The conditions of its interlock inputs."""
        ...


class ShutterGroup:
    """The channels of one shutter.

    Parameters
    ----------
    prefix : str
        Its address.
    facts : ShutterFacts
        What it is like.
    time : MotionTime
        The server's time.
    light : Light, optional
        Told whether light passes.
    is_open : bool
        Whether it is open at the start.
    """

    def __init__(
        self,
        prefix: str,
        facts: ShutterFacts,
        time: MotionTime,
        light: Light = lambda _: None,
        is_open: bool = False,
    ) -> None:
        self._facts, self._time, self._light = facts, time, light
        self._withdrawn, self._interlock = "", Interlock((), {}, self._judge)
        self._travel: asyncio.Task[None] | None = None
        self._overtaken = asyncio.Event()
        self.open = Int(0, low=0, high=1, check=self._check_open, on_put=self._put_open)
        self.close = Int(0, low=0, high=1, on_put=self._put_close)
        self.state = Enum("Open" if is_open else "Closed", STATES)
        self.permit = Enum("Permitted", ("Denied", "Permitted"))
        self.status = LongText(max_length=256)
        shown: Channels = {
            "Open": self.open,
            "Close": self.close,
            "State": self.state,
            "Permit": self.permit,
            "Status": self.status,
        }
        self.channels: Channels = under(prefix, shown)
        self._tell()

    @classmethod
    def on_line(cls, name: str, facts: facts.Shutter | facts.Valve, station: Station) -> ShutterGroup:
        """Return the shutter or valve of a beamline: where it is closed, no light passes."""

        def light(passes: bool) -> None:
            station.line.open[name] = passes

        return cls(facts.prefix, facts, station.time, light, station.line.open[name])

    def connect(self, channels: Mapping[str, ca.ChannelData]) -> None:
        """Connect the interlock inputs, once all channels of the server are there; the present permission follows."""
        self._interlock = Interlock(self._facts.needs, channels, self._judge)
        self._judge()

    def set_permit(self, permitted: bool, why: str = WITHDRAWN) -> None:
        """Grant or withdraw a permission, and say why; without it the shutter closes by itself."""
        self._withdrawn = "" if permitted else why
        self._judge()

    def lasting(self) -> str:
        """Return where the blades are; on the way they go on to the end."""
        return "Open" if self.state.value in ("Open", "Opening") else "Closed"

    def set_lasting(self, state: str) -> None:
        """Put a new shutter's blades there."""
        self._light(state == "Open")
        self._show(state)

    # ---- permission

    def denied(self) -> str:
        """Return in words why it may not be open; empty if it may."""
        return self._withdrawn or self._interlock.wrong()

    def _judge(self) -> None:
        denied = self.denied()
        self.permit.update("Denied" if denied else "Permitted")
        if denied and self.state.value not in ("Closed", "Closing"):
            self.trip(denied)
        self._tell()

    def trip(self, reason: str) -> None:
        """Close it by itself, for a reason."""
        self._start("Closed")

    def _tell(self) -> None:
        words = f"{self.state.value.lower()}"
        if denied := self.denied():
            words += f"; must not open: {denied}"
        self.status.update(words[:255])

    # ---- puts and motion

    def _check_open(self, value: int) -> None:
        if value and (denied := self.denied()):
            raise Refused(f"{self._facts.label}: {denied}")

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
        self._show(_ON_THE_WAY[end])
        self._light(False)
        self._travel = asyncio.create_task(self._run(end, self._overtaken))
        return self._travel

    async def _run(self, end: str, overtaken: asyncio.Event) -> None:
        passed = await self._time.wait(self._facts.travel_s, overtaken)
        await self._time.advance(passed)
        if overtaken.is_set():
            return
        self._light(end == "Open")
        self._show(end)
        self._travel = None

    def _show(self, state: str) -> None:
        self.state.update(state)
        self._tell()
