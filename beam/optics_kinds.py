"""The kinds of optics between source and detectors: slits, mirrors, filters, valves, and what detectors stand on."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal

from pydantic import Field, model_validator

from beam.address import Addressed
from beam.axis_facts import FineAngleAxis, LengthAxis, NonNegative, Positive, Sourced
from beam.condition import ConditionText

PlaceName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
"""What people call a position: ``Rh``, ``out``."""
Coating = Annotated[str, Field(pattern=r"^[A-Z][a-z]?$")]


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


class Stripe(Sourced):
    """A coating of a mirror, or with coating ``none`` the way past it; the translation that brings it into the beam."""

    coating: Coating | Literal["none"]
    position_mm: float
    width_mm: Positive


class Mirror(Sourced):
    """Two parallel mirrors that turn together: the beam meets both at one angle and keeps its direction.

    Each has the same stripes; `x` moves both across the beam, `pitch` is the grazing angle. Between two stripes nothing
    reflects the beam.
    """

    kind: Literal["mirror"]
    label: str
    distance_m: Positive
    length_mm: Positive
    roughness_nm: NonNegative
    stripes: Annotated[dict[PlaceName, Stripe], Field(min_length=1)]
    x: LengthAxis
    pitch: FineAngleAxis

    @model_validator(mode="after")
    def _stripes_side_by_side(self) -> Mirror:
        ordered = sorted(self.stripes.items(), key=lambda one: one[1].position_mm)
        for (name, one), (other, after) in itertools.pairwise(ordered):
            if after.position_mm - one.position_mm < 0.5 * (one.width_mm + after.width_mm):
                raise ValueError(f"stripes {name} and {other} overlap")
        for name, one in ordered:
            if not self.x.low <= one.position_mm <= self.x.high:
                raise ValueError(
                    f"stripe {name} at {one.position_mm:g} mm: x reaches {self.x.low:g} … {self.x.high:g} mm"
                )
        return self

    def stripe_at(self, x_mm: float) -> Stripe | None:
        """Return the stripe in the beam at a translation; None between two of them."""
        return next((one for one in self.stripes.values() if abs(x_mm - one.position_mm) <= 0.5 * one.width_mm), None)


class Foil(Sourced):
    """A foil that can be put into the beam: its matter and thickness."""

    material: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9().]*$")]
    density_g_cm3: Positive
    thickness_um: Positive


class Filters(Addressed, Sourced):
    """Foils that are put into the beam one by one, each in `travel_s`."""

    kind: Literal["filters"]
    label: str
    travel_s: NonNegative
    foils: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Foil], Field(min_length=1, max_length=10)
    ]

    def foil_prefix(self, foil: str) -> str:
        """Return the address of a foil: foils are counted from 1, in their order here."""
        return f"{self.prefix}Foil{1 + list(self.foils).index(foil)}"


class Table(Sourced):
    """What detectors stand on: `y` is its height, `z` its distance behind the sample.

    Light reaches the detectors that it carries where it meets their windows, `window_mm` high, around its height.
    """

    kind: Literal["table"]
    label: str
    distance_m: Positive
    carries: list[str]
    window_mm: Positive
    y: LengthAxis
    z: LengthAxis


class BeamStop(Sourced):
    """What keeps the direct beam from a camera behind it: a disk of `size_mm` that `y` moves to `positions`."""

    kind: Literal["beam_stop"]
    label: str
    distance_m: Positive
    size_mm: Positive
    positions: Annotated[dict[PlaceName, float], Field(min_length=1)]
    y: LengthAxis


class Valve(Addressed, Sourced):
    """A vacuum valve that others operate: `needs` must hold for it to be open; where they do not, it trips."""

    kind: Literal["valve"]
    label: str
    travel_s: NonNegative
    needs: list[ConditionText] = Field(default_factory=list)


class StationInterlock(Addressed, Sourced):
    """The personnel safety system of a station, as far as it tells: nothing of it can be set from here."""

    kind: Literal["station_interlock"]
    label: str
