"""A motor axis, as an EPICS motor record shows it."""

from __future__ import annotations

from devices.axis import Axis
from devices.signals import AXIS_SPEED, AXIS_UNIT, Attr, Quantity
from devices.state import Fact, State, Stated, alarm, first_that_holds

LENGTH = Quantity("float", AXIS_UNIT)
FLAG = Quantity("int")


class MotorAxis(Axis):
    """A motor with soft limits, limit switches and a flag for rest."""

    kind_of_device = "motor"
    rest_attr, rest_value = "at_rest", 1

    readback = Attr(LENGTH, kind="hinted", name="{}", doc="where it is")
    setpoint = Attr(Quantity("float", AXIS_UNIT, writable=True), kind="normal", doc="where it was asked to be")
    velocity = Attr(Quantity("float", AXIS_SPEED, writable=True), kind="config", doc="full speed")
    acceleration = Attr(Quantity("float", "s", writable=True), kind="config", doc="time to full speed")
    at_rest = Attr(FLAG, doc="1 at rest, 0 in motion")
    low_soft = Attr(Quantity("float", AXIS_UNIT, writable=True), doc="soft limit")
    high_soft = Attr(Quantity("float", AXIS_UNIT, writable=True), doc="soft limit")
    low_switch = Attr(FLAG, doc="1 when the switch is pressed")
    high_switch = Attr(FLAG, doc="1 when the switch is pressed")
    stop_motion = Attr(Quantity("int", writable=True), doc="write 1 to stop")

    @property
    def limits(self) -> tuple[float, float]:
        """The soft limits as they are now; those of the configuration where the record has none."""
        if self.low_soft.connected and self.high_soft.connected:
            low, high = self.low_soft.sample.value, self.high_soft.sample.value
            if low < high:
                return low, high
        return self.facts.low, self.facts.high

    @property
    def acceleration_s(self) -> float:
        """Time to full speed."""
        return max(self.acceleration.sample.value, 0.0)

    def why_short(self) -> str:
        """Say why a move ended elsewhere."""
        for signal, name in ((self.low_switch, "low"), (self.high_switch, "high")):
            if signal.connected and signal.fetch().value:
                return f"its {name} limit switch is pressed"
        return super().why_short()

    def report_state(self) -> Stated:
        """Return the state from alarm, motion and switches."""
        readback = self.readback.sample
        where = f"{readback.value:.{self.precision}f} {self.unit}"
        return first_that_holds(
            (
                alarm(readback.severity, "position"),
                Fact(
                    self.moving,
                    State.MOVING,
                    f"moving to {self.setpoint.sample.value:.9g} {self.unit}, at {where}",
                ),
                Fact(bool(self.low_switch.sample.value), State.ALARM, f"low limit switch pressed at {where}"),
                Fact(bool(self.high_switch.sample.value), State.ALARM, f"high limit switch pressed at {where}"),
            ),
            Stated(State.ON, f"at rest at {where}"),
        )
