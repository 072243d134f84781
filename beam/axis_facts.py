"""What tables of the configuration have in common, and the motorised axes: with sources, units and limits."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field, model_validator

from beam.address import Addressed

Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]


class Facts(BaseModel):
    """A table of the configuration: unknown keys are refused, values cannot change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sourced(Facts):
    """A table whose figures each say where they come from.

    `source` maps a key of the table to a citation, or to ``assumed`` (a plausible simulation default) or
    ``recalled`` (from publications, not re-read); ``default`` covers every key that is not named.
    """

    source: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sources_name_keys(self) -> Sourced:
        known = {field.alias or name for name, field in type(self).model_fields.items()} | {"default"}
        generator = self.model_config.get("alias_generator")
        if isinstance(generator, AliasGenerator):
            known |= {generator.generate_aliases(name)[0] or name for name in type(self).model_fields}
        if strange := sorted(set(self.source) - known):
            raise ValueError(f"source names {strange[0]!r}, which is no key of this table")
        return self


def with_unit(unit: str) -> AliasGenerator:
    """Return how the keys of an axis are written in TOML: `low_mm`, `velocity_deg_per_s`."""
    names = {
        "low": f"low_{unit}",
        "high": f"high_{unit}",
        "start": f"start_{unit}",
        "resolution": f"resolution_{unit}",
        "tolerance": f"tolerance_{unit}",
        "velocity": f"velocity_{unit}_per_s",
    }
    return AliasGenerator(validation_alias=lambda field: names.get(field, field))


class AxisNumbers(Sourced):
    """What an axis can do. In TOML each quantity carries the axis's unit: `low_mm`, `velocity_deg_per_s`."""

    unit: ClassVar[str]

    label: str
    low: float
    high: float
    start: float
    resolution: Positive
    tolerance: Positive
    velocity: Positive
    acceleration_s: NonNegative
    precision: Annotated[int, Field(ge=0, le=9)] = 4

    @model_validator(mode="after")
    def _limits_in_order(self) -> AxisNumbers:
        if not self.low <= self.start <= self.high:
            raise ValueError(
                f"low_{self.unit} <= start_{self.unit} <= high_{self.unit} must hold, "
                f"not {self.low} <= {self.start} <= {self.high}"
            )
        if self.tolerance < self.resolution:
            raise ValueError(
                f"tolerance_{self.unit} {self.tolerance} is finer than resolution_{self.unit} {self.resolution}"
            )
        return self


class AxisFacts(Addressed, AxisNumbers):
    """One motorised axis of a beamline."""


class LengthAxis(AxisFacts):
    """An axis in millimetres."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=with_unit("mm"))
    unit: ClassVar[str] = "mm"


class AngleAxis(AxisFacts):
    """An axis in degrees."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=with_unit("deg"))
    unit: ClassVar[str] = "deg"


class FineAngleAxis(AxisFacts):
    """An axis in microradians."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=with_unit("urad"))
    unit: ClassVar[str] = "urad"


class FineLengthAxis(AxisFacts):
    """An axis in micrometres."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=with_unit("um"))
    unit: ClassVar[str] = "um"


class UndulatorAxis(LengthAxis):
    """An axis of an undulator in millimetres: the ring's orbit follows it, and rests `feed_forward_s` after it does."""

    feed_forward_s: NonNegative = 0.0


class ShifterAxis(AngleAxis):
    """A phase shifter of an undulator in degrees; see `UndulatorAxis`."""

    feed_forward_s: NonNegative = 0.0
