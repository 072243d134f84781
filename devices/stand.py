"""What stands behind the sample: the table that carries detectors, and the beam stop before a camera."""

from __future__ import annotations

from typing import Any

from beam import facts
from devices.base import Instrument, Part
from devices.motor import MotorAxis
from devices.named import NamedPosition


class DetectorTable(Instrument):
    """A table: `y` is its height, `z` its distance behind the sample, both in mm."""

    y = Part(MotorAxis, kind="normal")
    z = Part(MotorAxis, kind="normal")

    def __init__(self, table_facts: facts.Table, *, name: str, **kwargs: Any) -> None:
        self.facts = table_facts
        super().__init__(table_facts.y.address, name=name, label=table_facts.label, **kwargs)

    def facts_of(self, part: str) -> facts.AxisFacts:
        """Return the table of facts of an axis."""
        return getattr(self.facts, part)


class BeamStop(Instrument):
    """A beam stop: `y` in mm, and `place`, its positions by their names: ``place.set("in")``."""

    y = Part(MotorAxis, kind="normal")

    def __init__(self, stop_facts: facts.BeamStop, *, name: str, **kwargs: Any) -> None:
        self.facts = stop_facts
        super().__init__(stop_facts.y.address, name=name, label=stop_facts.label, **kwargs)
        self.place = NamedPosition(
            self.y, stop_facts.positions, name=f"{name}_place", label="place of the beam stop", parent=self
        )

    def facts_of(self, part: str) -> facts.AxisFacts:
        """Return the table of facts of an axis."""
        return getattr(self.facts, part)

    @property
    def parts(self) -> dict[str, Any]:
        """The axis, and its places."""
        return {**super().parts, "place": self.place}

    def read(self) -> Any:
        """Return the axis, and the name of the place."""
        return {**super().read(), self.place.name: self.place.read()[self.place.name]}

    def describe(self) -> Any:
        """Return the data keys."""
        return {**super().describe(), self.place.name: self.place.describe()[self.place.name]}
