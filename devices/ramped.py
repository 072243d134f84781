"""What a controller ramps: a temperature, a field, a potential.

It has arrived when its controller says that it has settled.
"""

from __future__ import annotations

from beam.environment_kinds import RampedAxis as RampedFacts
from beam.ramp import Ramp
from devices.axis import Axis
from devices.signals import AXIS_SPEED, AXIS_UNIT, Attr, Quantity
from devices.state import Fact, State, Stated, alarm, first_that_holds


class RampedAxis(Axis):
    """A slow axis: its nominal time, and so its deadline, is that of ramp, lag and settling."""

    kind_of_device = "ramped_axis"
    rest_attr, rest_value = "settled", 1
    facts: RampedFacts

    readback = Attr(Quantity("float", AXIS_UNIT), kind="hinted", name="{}", doc="where it is")
    setpoint = Attr(Quantity("float", AXIS_UNIT, writable=True), kind="normal", doc="where it was asked to be")
    velocity = Attr(Quantity("float", AXIS_SPEED, writable=True), kind="config", name="{}_rate", doc="rate of ramps")
    settled = Attr(Quantity("enum", enum=("Ramping", "Settled")), doc="whether it is where it was asked to be")
    sentence = Attr(Quantity("string"), doc="what the controller says of itself")
    stop_motion = Attr(Quantity("int", writable=True), doc="write 1 to hold where it is")

    def nominal_between(self, start: float, target: float) -> float:
        """Return how long a change from `start` to `target` should take, in device seconds."""
        facts = self.facts
        distance = target - start if start == start else facts.high - facts.low  # NaN: nobody knows where it is
        return Ramp(distance, self.full_speed, facts.lag_s, facts.tolerance, facts.settle_s).duration

    def why_short(self) -> str:
        """Say why it ended elsewhere."""
        return f"the controller says: {self.sentence.fetch().value}"

    def report_state(self) -> Stated:
        """Return the state from alarm and ramp."""
        readback = self.readback.sample
        where = f"{readback.value:.{self.precision}f} {self.unit}"
        return first_that_holds(
            (
                alarm(readback.severity, self.label),
                Fact(self.moving, State.MOVING, f"ramping to {self.setpoint.sample.value:.9g} {self.unit}, at {where}"),
            ),
            Stated(State.ON, f"settled at {where}"),
        )


class TemperatureStage(RampedAxis):
    """The sample's temperature."""


class Magnet(RampedAxis):
    """The field along the beam, in tesla; its sign is the polarity."""


class Potentiostat(RampedAxis):
    """The potential of a working electrode, with the current that flows."""

    kind_of_device = "potentiostat"

    current = Attr(Quantity("float", "A"), kind="normal", doc="current through the cell")
