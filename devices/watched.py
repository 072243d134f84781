"""What others operate and is only looked at from here: vacuum valves, the safety system of a station."""

from __future__ import annotations

from typing import Any

from beam import facts
from devices.base import Instrument
from devices.signals import Attr, Quantity, enum_text
from devices.state import Fact, State, Stated, alarm, first_that_holds
from devices.undulator import PERMIT


class Valve(Instrument):
    """A valve that reports its state; the vacuum group opens, closes and resets it."""

    kind_of_device = "valve"

    indicator = Attr(Quantity("enum", enum=("Closed", "Opening", "Open", "Closing", "Fault")), kind="normal", name="{}")
    tripped = Attr(Quantity("enum", enum=("OK", "Tripped")), doc="whether it has closed by itself and must be reset")

    def __init__(self, valve_facts: facts.Valve, *, name: str, **kwargs: Any) -> None:
        self.facts = valve_facts
        super().__init__(valve_facts.address, name=name, label=valve_facts.label, tango_name=valve_facts.name, **kwargs)

    def report_state(self) -> Stated:
        """Return the state from alarm, trip and position."""
        sample = self.indicator.sample
        text = enum_text(self.indicator.quantity, sample.value)
        known = {"Closed": State.CLOSE, "Open": State.OPEN, "Opening": State.MOVING, "Closing": State.MOVING}
        return first_that_holds(
            (
                alarm(sample.severity, "state"),
                Fact(text not in known, State.FAULT, f"reports {text}"),
                Fact(bool(self.tripped.sample.value), State.ALARM, f"{text.lower()}; tripped, to be reset"),
            ),
            Stated(known.get(text, State.FAULT), text.lower()),
        )


class StationInterlock(Instrument):
    """The safety system of a station: whether it is searched and locked, and whether beam is permitted."""

    kind_of_device = "station_interlock"

    indicator = Attr(Quantity("enum", enum=("Open", "Searching", "Locked")), kind="normal", name="{}")
    permit = Attr(PERMIT, kind="normal", doc="whether beam is permitted")
    sentence = Attr(Quantity("string"), doc="what it says of itself")

    def __init__(self, interlock_facts: facts.StationInterlock, *, name: str, **kwargs: Any) -> None:
        self.facts = interlock_facts
        super().__init__(
            interlock_facts.address, name=name, label=interlock_facts.label, tango_name=interlock_facts.name, **kwargs
        )

    def report_state(self) -> Stated:
        """Return the state from alarm and permission."""
        sample = self.indicator.sample
        said = str(self.sentence.sample.value)
        return first_that_holds(
            (
                alarm(sample.severity, "state"),
                Fact(not self.permit.sample.value, State.DISABLE, f"beam is not permitted: {said}"),
            ),
            Stated(State.ON, said),
        )
