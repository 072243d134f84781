"""An ion chamber's amplifier: its gain, and whether it is overloaded."""

from __future__ import annotations

from typing import Any

from beam import facts
from devices.base import Instrument
from devices.signals import Attr, Quantity
from devices.state import Fact, State, Stated, alarm, first_that_holds


class IonChamber(Instrument):
    """An ion chamber, whose counts come by a channel of a counter."""

    kind_of_device = "ion_chamber"

    gain = Attr(Quantity("float", "V/A", writable=True), kind="config", doc="gain of the current amplifier")
    overload = Attr(Quantity("enum", enum=("OK", "Overload")), kind="normal", doc="whether it was overloaded")

    def __init__(self, chamber_facts: facts.IonChamber, *, name: str, **kwargs: Any) -> None:
        self.facts = chamber_facts
        kwargs.setdefault("labels", {"detectors"})
        super().__init__(
            chamber_facts.address,
            name=name,
            label=chamber_facts.label,
            tango_name=chamber_facts.name,
            **kwargs,
        )

    def report_state(self) -> Stated:
        """Return the state from alarm and overload."""
        overload = self.overload.sample
        gain = f"gain {self.gain.sample.value:.3g} V/A"
        return first_that_holds(
            (
                alarm(overload.severity, "amplifier"),
                Fact(bool(overload.value), State.ALARM, f"overloaded at {gain}; lower the gain"),
            ),
            Stated(State.ON, gain),
        )
