"""A detector of a current by its amplifier: its gain, and whether it is overloaded. A detector of pulses."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

from beam import detector, facts
from beam.absorber import TABLE_MAX_EV, TABLE_MIN_EV
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

    facts: facts.IonChamber

    @cached_property
    def physics(self) -> detector.IonChamber:
        """What it makes of photons."""
        return detector.IonChamber(self.name, self.facts)

    def photons_per_s(self, counts: float, count_time_s: float, energy_ev: float) -> float:
        """Return how many photons a second entered, of one energy; not a number where that cannot be told."""
        gain = float(self.gain.sample.value)
        if not (count_time_s > 0 and gain > 0 and TABLE_MIN_EV <= energy_ev <= TABLE_MAX_EV):
            return math.nan
        return self.physics.photons_per_s(counts, count_time_s, energy_ev, gain)


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
