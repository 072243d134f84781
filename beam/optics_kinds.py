"""The kinds of optics between the source and the detectors: slits and what follows them in the beam."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from beam.axis_facts import LengthAxis, NonNegative, Positive, Sourced


class Slits(Sourced):
    """Four blades around the beam: x to the outside of the ring, y up, both 0 on the axis of the beamline.

    `distance_m` is that from the source; `least_mm` what stays between opposite blades: they are never sent nearer.
    """

    kind: Literal["slits"]
    label: str
    distance_m: Positive
    least_mm: NonNegative
    left: LengthAxis
    right: LengthAxis
    bottom: LengthAxis
    top: LengthAxis

    @model_validator(mode="after")
    def _apart_at_the_start(self) -> Slits:
        for low, high in (("left", "right"), ("bottom", "top")):
            between = getattr(self, high).start - getattr(self, low).start
            if between < self.least_mm:
                raise ValueError(f"{low} and {high} start {between:g} mm apart, least_mm = {self.least_mm:g}")
        return self
