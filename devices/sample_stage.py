"""The stage that moves the sample across the beam."""

from __future__ import annotations

from typing import Any

from beam.axis_facts import AxisFacts
from beam.environment_kinds import SampleStage as StageFacts
from beam.soft_kinds import RasterStage
from devices.base import Instrument, Part
from devices.motor import MotorAxis


class SampleStage(Instrument):
    """Two motors, x across and y up, in mm or µm of the sample."""

    x = Part(MotorAxis, kind="normal")
    y = Part(MotorAxis, kind="normal")

    def __init__(self, stage_facts: StageFacts | RasterStage, *, name: str, **kwargs: Any) -> None:
        self.facts = stage_facts
        super().__init__(stage_facts.x.address, name=name, label="sample stage", **kwargs)

    def facts_of(self, part: str) -> AxisFacts:
        """Return the table of facts of an axis."""
        return getattr(self.facts, part)


class TurningStage(SampleStage):
    """One that turns the sample, too."""

    omega = Part(MotorAxis, kind="normal")
