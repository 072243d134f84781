"""A detector of a current by its amplifier: its gain, and whether it is overloaded. A detector of pulses."""

from __future__ import annotations

from typing import Any

from beam import facts
from devices.base import Instrument
from devices.signals import Attr, Quantity
from devices.state import Fact, State, Stated, alarm, first_that_holds


class CurrentDetector(Instrument):
    """What gives a current, whose counts come by a channel of a counter."""

    kind_of_device = "ion_chamber"

    energy_power = 0.0
    """For one and the same share of light detected, its signal goes with the photon energy to this power."""

    gain = Attr(Quantity("float", "V/A", writable=True), kind="config", doc="gain of the current amplifier")
    overload = Attr(Quantity("enum", enum=("OK", "Overload")), kind="normal", doc="whether it was overloaded")

    def __init__(self, detector_facts: facts.CurrentDetector, *, name: str, **kwargs: Any) -> None:
        self.facts = detector_facts
        kwargs.setdefault("labels", {"detectors"})
        super().__init__(
            detector_facts.address,
            name=name,
            label=detector_facts.label,
            tango_name=detector_facts.name,
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


class IonChamber(CurrentDetector):
    """An ion chamber."""


class Mesh(CurrentDetector):
    """A metal mesh across the beam."""

    facts: facts.Mesh

    @property
    def energy_power(self) -> float:
        """That of its electron yield."""
        return self.facts.yield_power


class DrainCurrent(CurrentDetector):
    """The sample's drain current: total electron yield."""

    energy_power = 1.0


class Photodiode(CurrentDetector):
    """A photodiode."""

    energy_power = 1.0


class PulseDetector(Instrument):
    """A detector of single photons, whose counts come by a channel of a counter."""

    kind_of_device = "pulse_detector"

    dead_time = Attr(Quantity("float", "%"), kind="normal", doc="share of the last exposure in which it was dead")

    def __init__(self, detector_facts: facts.FluorescenceDetector, *, name: str, **kwargs: Any) -> None:
        self.facts = detector_facts
        kwargs.setdefault("labels", {"detectors"})
        super().__init__(
            detector_facts.address, name=name, label=detector_facts.label, tango_name=detector_facts.name, **kwargs
        )

    def report_state(self) -> Stated:
        """Return the state from alarm, and the dead time."""
        dead = self.dead_time.sample
        return first_that_holds((alarm(dead.severity, "dead time"),), Stated(State.ON, f"dead time {dead.value:.2g} %"))
