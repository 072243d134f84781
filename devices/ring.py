"""What the storage ring tells its users."""

from __future__ import annotations

from typing import Any

from beam import facts
from devices.base import Instrument
from devices.signals import Attr, Quantity
from devices.state import Fact, State, Stated, alarm, first_that_holds

MODES = ("TopUp", "Decay", "Dumped", "Refilling")


class RingStatus(Instrument):
    """The ring's current and mode; nothing here can be set.

    The ring has a server of its own: nothing that a beamline's server says proves how new the ring's values are.
    The current is therefore asked for at each reading.
    """

    kind_of_device = "ring"

    current = Attr(Quantity("float", "mA"), kind="normal", doc="stored current")
    mode = Attr(Quantity("enum", enum=MODES), kind="config", doc="mode of operation")
    lifetime = Attr(Quantity("float", "h"), kind="config", doc="lifetime of the current")
    electron_energy = Attr(Quantity("float", "GeV"), kind="config", doc="electron energy")
    topup_gate = Attr(Quantity("enum", enum=("Closed", "Open")), doc="closed around injections")
    next_injection = Attr(Quantity("float", "s"), doc="time to the next injection")

    def __init__(self, ring_facts: facts.Ring, *, name: str, **kwargs: Any) -> None:
        self.facts = ring_facts
        super().__init__(ring_facts.address, name=name, label="ring", tango_name=ring_facts.name, **kwargs)

    def read(self) -> Any:
        """Return the reading, asked for now."""
        self.current.fetch()
        return super().read()

    def report_state(self) -> Stated:
        """Return the state from alarm and mode."""
        current = self.current.sample
        mode = self.mode.get()
        amount = f"{current.value:.1f} mA"
        return first_that_holds(
            (
                alarm(current.severity, "current"),
                Fact(mode == "Dumped", State.OFF, "the beam is dumped"),
                Fact(mode == "Refilling", State.INIT, f"refilling, {amount}"),
                Fact(mode not in MODES, State.FAULT, f"mode is {mode}"),
            ),
            Stated(State.ON, f"{mode}, {amount}"),
        )
