"""What surrounds the sample: the stage that moves it, its temperature, its potential."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import ConfigDict, model_validator

from beam.axis_facts import AngleAxis, AxisFacts, LengthAxis, NonNegative, Positive, Sourced, with_unit

MOST_TURNED_DEG = 80.0
"""A sample that is turned further is no slab across the beam any more."""


class RampedAxis(AxisFacts):
    """What a controller ramps, up to `velocity`; it lags by `lag_s` and has settled after `settle_s` in `tolerance`.

    It has no acceleration.
    """

    acceleration_s: NonNegative = 0.0
    lag_s: NonNegative
    settle_s: NonNegative


class TemperatureStage(RampedAxis):
    """The sample's temperature in kelvin."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=with_unit("k"))
    unit: ClassVar[str] = "K"

    kind: Literal["temperature_stage"]


class Potentiostat(RampedAxis):
    """The potential of a cell's working electrode in volt; a current flows by `resistance_ohm` off `open_circuit_v`."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=with_unit("v"))
    unit: ClassVar[str] = "V"

    kind: Literal["potentiostat"]
    open_circuit_v: float
    resistance_ohm: Positive


class SampleStage(Sourced):
    """What moves the sample across the beam: its axes show the point of the sample that the beam meets.

    The sample reaches from `left_mm` to `right_mm` and from `bottom_mm` to `top_mm`; beside it the beam passes freely.
    The beam is a Gaussian of `beam_um` (FWHM, across and up). `omega` turns the sample about the vertical; at 0 the
    beam meets it at right angles.
    """

    kind: Literal["sample_stage"]
    x: LengthAxis
    y: LengthAxis
    omega: AngleAxis
    beam_um: tuple[Positive, Positive]
    left_mm: float
    right_mm: float
    bottom_mm: float
    top_mm: float

    @model_validator(mode="after")
    def _a_sample(self) -> SampleStage:
        if not (self.left_mm < self.right_mm and self.bottom_mm < self.top_mm):
            raise ValueError("left_mm < right_mm and bottom_mm < top_mm must hold")
        if not -MOST_TURNED_DEG <= self.omega.low <= self.omega.high <= MOST_TURNED_DEG:
            raise ValueError(f"omega.low_deg, omega.high_deg: -{MOST_TURNED_DEG:g} … {MOST_TURNED_DEG:g} is allowed")
        return self
