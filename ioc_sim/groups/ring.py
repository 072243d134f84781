"""The storage ring's channels: all of them are functions of its clock and of the list of events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from beam.clock import ExperimentClock, LiveClock
from beam.errors import TerasuError
from beam.facts import Ring
from beam.ring import RING_MODES, EventKind, RingEvent, RingModel, events_from_json, events_to_json
from ioc_sim.channels import Channels, Enum, Float, LongText, under
from ioc_sim.errors import Refused
from ioc_sim.groups.simulation import SimulationGroup
from ioc_sim.identity import Identity
from ioc_sim.memory import Memory
from ioc_sim.pause import Pause

MOST_EVENTS = 1 << 16
"""Length of the longest event list (characters)."""


class RingGroup:
    """The ring and its ``SIM:`` channels.

    In experiment mode `SIM:Time` is put by the beamline's server and never runs backwards; a put completes when all
    channels show the new time.

    Parameters
    ----------
    facts : Ring
        Facts of the ring.
    identity : Identity
        What the server says about itself.
    memory : Memory, optional
        Where a server before this one left the ring.

    Attributes
    ----------
    moment : float or None
        The time (s) at which happens what `happen` is told; None for now.
    due : list
        Awaited when the time has been put, before the put completes.
    """

    def __init__(self, facts: Ring, identity: Identity, memory: Memory | None = None) -> None:
        self._facts = facts
        self._seed = identity.seed
        self.clock: ExperimentClock | LiveClock = identity.make_clock()
        if memory:
            memory.set_clock(self.clock)
        self.pause = Pause(self.clock)
        self.moment: float | None = None
        self.due: list[Callable[[], Awaitable[None]]] = []
        self.model = RingModel(facts, identity.seed)
        live = isinstance(self.clock, LiveClock)
        self.simulation = SimulationGroup(
            facts.own_prefix, identity, self.clock, on_time=None if live else self._set_time, pause=self.pause
        )
        self.events = LongText("[]", max_length=MOST_EVENTS, check=self._check_events, on_put=self._set_events)
        self.current = Float(0.0, units="mA", precision=4)
        self.mode = Enum(RING_MODES[0], RING_MODES)
        self.gate = Enum("Open", ("Closed", "Open"))
        self.next_injection = Float(0.0, units="s", precision=1)
        self.lifetime = Float(facts.lifetime_h, units="h", precision=2)
        self.energy = Float(facts.energy_gev, units="GeV", precision=3)
        shown: Channels = {
            "Current": self.current,
            "Mode": self.mode,
            "Lifetime": self.lifetime,
            "TopUpGate": self.gate,
            "NextInjection": self.next_injection,
            "Energy": self.energy,
        }
        self.channels: Channels = {
            **under(facts.prefix, shown),
            f"{self.simulation.prefix}Events": self.events,
            **self.simulation.channels,
        }
        if memory:
            self._take_events(events_from_json(memory.world["events"]))
        self.show()

    def remember(self, memory: Memory) -> None:
        """Note the ring's state."""
        memory.note_clock(self.clock)
        memory.paused = self.pause.paused
        memory.world = {"events": events_to_json(self.model.events)}

    def show(self) -> None:
        """Publish the ring as it is at the clock's time."""
        now = self.clock.now()
        self.current.update(self.model.current_ma(now))
        self.mode.update(self.model.mode(now))
        self.gate.update("Open" if self.model.topup_gate(now) else "Closed")
        self.next_injection.update(self.model.next_injection_s(now))
        self.simulation.show()

    async def _set_time(self, seconds: float) -> None:
        before = self.clock.now()
        if isinstance(self.clock, ExperimentClock):
            self.clock.set(seconds)
        if self.gate.value == "Open" and self.model.next_injection_s(before) < self.clock.now() - before:
            self.gate.update("Closed")  # in between: who looks only now and then has to learn of it
        self.show()
        for one in self.due:
            await one()

    def _check_events(self, text: str) -> None:
        try:
            events_from_json(text)
        except TerasuError as error:
            raise Refused(str(error)) from error

    def happen(self, kind: EventKind) -> None:
        """Let something happen to the beam, now or at `moment`."""
        at = self.clock.now() if self.moment is None else self.moment
        self._take_events((*self.model.events, RingEvent(time_s=at, kind=kind)))

    async def _set_events(self, text: str) -> None:
        self._take_events(events_from_json(text))

    def _take_events(self, events: tuple[RingEvent, ...]) -> None:
        self.model = RingModel(self._facts, self._seed, events)
        self.events.update(events_to_json(self.model.events))
        self.show()
