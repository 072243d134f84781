"""An undulator: axes that move only with the accelerator's permission, and the light that it reports."""

from __future__ import annotations

from typing import Any

from beam import facts
from beam.axis_facts import ShifterAxis, UndulatorAxis
from beam.undulator import PlanarUndulator
from devices.axis import Axis
from devices.base import Instrument, Part
from devices.errors import NotPermitted
from devices.signals import AXIS_SPEED, AXIS_UNIT, Attr, Quantity
from devices.state import Fact, State, Stated, alarm, first_that_holds

PERMIT = Quantity("enum", enum=("Denied", "Permitted"))


class GapAxis(Axis):
    """The gap of an undulator."""

    kind_of_device = "undulator_gap"
    what = "gap"
    rest_attr, rest_value = "moving_flag", 0
    facts: UndulatorAxis | ShifterAxis

    readback = Attr(Quantity("float", AXIS_UNIT), kind="hinted", name="{}", doc="where it is")
    setpoint = Attr(Quantity("float", AXIS_UNIT, writable=True), kind="normal", doc="where it was asked to be")
    velocity = Attr(Quantity("float", AXIS_SPEED, writable=True), kind="config", doc="full speed")
    moving_flag = Attr(Quantity("enum", enum=("Idle", "Moving")), doc="whether it moves")
    permit = Attr(PERMIT, doc="whether the accelerator permits motion")
    sentence = Attr(Quantity("string"), doc="what the undulator says of itself")
    stop_motion = Attr(Quantity("int", writable=True), doc="write 1 to stop")

    @property
    def settling_s(self) -> float:
        """Time in which the ring's orbit settles after a motion."""
        return self.facts.feed_forward_s

    def check_value(self, value: float, **_: Any) -> None:
        """Refuse a gap that cannot be reached or may not be changed."""
        super().check_value(value)
        if not self.permit.sample.value:
            raise NotPermitted(f"{self.name} {value:.9g} {self.unit}: motion is not permitted: {self._says()}")

    def why_short(self) -> str:
        """Say why a move ended elsewhere."""
        return f"the undulator says: {self.sentence.fetch().value}"

    def report_state(self) -> Stated:
        """Return the state from alarm, permission and motion."""
        readback = self.readback.sample
        where = f"{readback.value:.{self.precision}f} {self.unit}"
        return first_that_holds(
            (
                alarm(readback.severity, self.what),
                Fact(
                    self.moving,
                    State.MOVING,
                    f"moving to {self.setpoint.sample.value:.9g} {self.unit}, at {where}",
                ),
                Fact(not self.permit.sample.value, State.DISABLE, f"motion is not permitted: {self._says()}"),
            ),
            Stated(State.ON, f"at {where}: {self._says()}"),
        )

    def _says(self) -> str:
        return str(self.sentence.sample.value)


class RowAxis(GapAxis):
    """Another axis of an undulator that moves by the same permission: magnet rows, a phase shifter."""

    kind_of_device = "undulator_axis"
    what = "position"


class Undulator(Instrument):
    """A planar undulator.

    Parameters
    ----------
    undulator_facts, ring_facts
        Tables of the configuration: magnets and gap axis, and the ring whose electrons run through them.
    """

    kind_of_device = "undulator"

    gap = Part(GapAxis, kind="normal")
    first_harmonic = Attr(Quantity("float", "eV"), kind="normal", doc="energy of the first harmonic; 0 without light")
    power = Attr(Quantity("float", "kW"), kind="normal", doc="radiated power")

    def __init__(
        self, undulator_facts: facts.PlanarUndulator, ring_facts: facts.Ring, *, name: str, **kwargs: Any
    ) -> None:
        self.facts = undulator_facts
        self.physics = PlanarUndulator(undulator_facts, ring_facts)
        self.gap_offset_mm = 0.0  # what the gap is more than the encoder says: a setting
        axis = undulator_facts.gap
        super().__init__(axis.address, name=name, label="undulator", tango_name=axis.name, **kwargs)

    def facts_of(self, part: str) -> facts.AxisFacts:
        """Return the table of facts of a part."""
        return getattr(self.facts, part)
