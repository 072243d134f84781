"""The kinds of devices that a soft X-ray beamline has besides those of `beam.facts`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from beam.address import Addressed
from beam.axis_facts import (
    AngleAxis,
    FineLengthAxis,
    LengthAxis,
    NonNegative,
    Positive,
    ShifterAxis,
    Sourced,
    UndulatorAxis,
    with_unit,
)
from beam.detector_kinds import CurrentDetector
from beam.environment_kinds import RampedAxis

Share = Annotated[float, Field(gt=0, le=1)]
Order = Annotated[int, Field(ge=1, le=9)]
Chemical = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*$")]


class AppleUndulator(Sourced):
    """An APPLE-II undulator of one or more segments; `prefix` of the gap is the undulator's own.

    `phases` are the row phases of one group of neighbouring segments each (one for all, or one for each half);
    `shifters` the phase shifters between the segments, in degrees of the first harmonic.
    """

    kind: Literal["apple_undulator"]
    period_mm: Positive
    segments: Annotated[int, Field(ge=1, le=16)]
    periods_per_segment: Annotated[int, Field(gt=0)]
    harmonics: Annotated[list[Annotated[int, Field(ge=1, le=15)]], Field(min_length=1)]
    acceptance_urad: Positive
    gap: UndulatorAxis
    antiphase: UndulatorAxis
    phases: Annotated[list[UndulatorAxis], Field(min_length=1, max_length=2)]
    shifters: list[ShifterAxis] = Field(default_factory=list)

    @model_validator(mode="after")
    def _shifters_between_segments(self) -> AppleUndulator:
        if len(self.shifters) != self.segments - 1:
            raise ValueError(f"{self.segments} segments have {self.segments - 1} shifters, not {len(self.shifters)}")
        if self.segments % len(self.phases):
            raise ValueError(f"{self.segments} segments are not {len(self.phases)} equal groups, one for each phase")
        if 1 not in self.harmonics:
            raise ValueError("harmonics must hold 1, the only one of circular light")
        return self


class Grating(Sourced):
    """One grating: its grooves, where the exchange puts it into the beam, the energies it is meant for.

    `efficiency` is the share of light that it diffracts into each order.
    """

    lines_per_mm: Positive
    position_mm: float
    min_ev: Positive
    max_ev: Positive
    efficiency: dict[Order, Share]

    @model_validator(mode="after")
    def _first_order_and_a_range(self) -> Grating:
        if 1 not in self.efficiency:
            raise ValueError("efficiency must hold the first order")
        if not self.min_ev < self.max_ev:
            raise ValueError(f"min_ev < max_ev must hold, not {self.min_ev} < {self.max_ev}")
        return self


class Mirror(Sourced):
    """A mirror at a fixed angle: coating, grazing angle, roughness."""

    coating: Chemical
    grazing_deg: Annotated[float, Field(gt=0, le=10)]
    roughness_nm: NonNegative


class PlaneGratingMonochromator(Sourced):
    """A plane-grating monochromator: plane mirror, exchangeable gratings, exit slit; and the beamline's mirrors.

    `source_um` is the FWHM of the source in the plane of dispersion, `*_slope_urad` the rms slope errors,
    `stray_rel` the light that comes past the grating undispersed, against what the first order passes.
    """

    kind: Literal["pgm"]
    cff: Annotated[float, Field(ge=1.05, le=20)]
    cff_min: Annotated[float, Field(ge=1.05, le=20)]
    cff_max: Annotated[float, Field(ge=1.05, le=20)]
    source_distance_m: Positive
    exit_distance_m: Positive
    source_um: Positive
    mirror_slope_urad: NonNegative
    grating_slope_urad: NonNegative
    mirror_coating: Chemical
    stray_rel: NonNegative
    gratings: Annotated[dict[Annotated[str, Field(pattern=r"^[a-z0-9_]+$")], Grating], Field(min_length=1)]
    mirrors: list[Mirror] = Field(default_factory=list)
    mirror: AngleAxis
    grating: AngleAxis
    exchange: LengthAxis
    slit: FineLengthAxis

    @model_validator(mode="after")
    def _cff_in_range(self) -> PlaneGratingMonochromator:
        if not self.cff_min <= self.cff <= self.cff_max:
            raise ValueError(f"cff_min <= cff <= cff_max must hold, not {self.cff_min}, {self.cff}, {self.cff_max}")
        return self


class Mesh(CurrentDetector):
    """A metal mesh across the beam: it takes a share of the light and gives a current of photo-electrons.

    `yield_per_photon` electrons leave it per photon taken at `yield_energy_ev`; elsewhere it goes with the energy to
    the power `yield_power`.
    """

    kind: Literal["mesh"]
    metal: Chemical
    open_share: Annotated[float, Field(gt=0, lt=1)]
    yield_per_photon: Positive
    yield_energy_ev: Positive
    yield_power: float


class DrainCurrent(CurrentDetector):
    """The sample's drain current: total electron yield.

    `electrons_per_kev` leave per keV that is absorbed within their escape depth; of samples that do not know that
    depth it is `escape_rel` of their thickness.
    """

    kind: Literal["drain_current"]
    electrons_per_kev: Positive
    escape_rel: NonNegative = 0.0


class Photodiode(CurrentDetector):
    """A photodiode behind the sample: charge in proportion to the energy that it absorbs."""

    kind: Literal["photodiode"]
    efficiency: Share
    pair_ev: Positive


class FluorescenceDetector(Addressed, Sourced):
    """A pulse-counting detector of the sample's fluorescence, on a scaler channel of its own.

    `solid_angle_share` of the full sphere; `efficiency` for the line; `dead_time_us` after each pulse, in which others
    are lost but do not prolong it.
    """

    kind: Literal["fluorescence"]
    label: str
    scaler: str
    channel: Annotated[int, Field(ge=2, le=32)]
    solid_angle_share: Share
    efficiency: Share
    take_off_deg: Annotated[float, Field(gt=0, lt=90)]
    dead_time_us: NonNegative
    background_hz: NonNegative


class Magnet(RampedAxis):
    """A magnet whose field lies along the beam, in tesla; its supply ramps it, and through zero to either polarity."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=with_unit("t"))
    unit: ClassVar[str] = "T"

    kind: Literal["magnet"]


class RasterStage(Sourced):
    """The stage that moves the sample through a focused beam of Gaussian shape, `spot_um` wide (FWHM)."""

    kind: Literal["raster_stage"]
    spot_um: Positive
    x: FineLengthAxis
    y: FineLengthAxis
