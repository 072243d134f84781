"""A unit that moves several axes along a trajectory and latches counters and encoders gate by gate."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from beam.address import Addressed
from beam.axis_facts import NonNegative, Positive, Sourced

AxisKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]


Wired = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class GateUnit(Addressed, Sourced):
    """A trajectory controller with a gate generator, a latch and a store of its own.

    `axes` (``"dcm.bragg"``) are wired to it, `energy_axis` among them is the Bragg angle from which it computes
    energies, or the grating's with `energy_mirror`, the angle of the plane mirror before it; the detectors on
    `scaler` are latched. An axis runs `lag_s` behind what is demanded of it; where it is
    further off than it goes in `following_limit_s` at full speed, the flight is given up. A gate lasts at least
    `shortest_gate_s`. Rows wait in a buffer of `buffer_rows` to be stored, `stored_rows_per_s` at most. The detectors
    `triggers` are wired to its trigger outputs, one each.
    """

    kind: Literal["gate_unit"]
    label: Annotated[str, Field(min_length=1, max_length=39)]
    scaler: str
    axes: Annotated[list[AxisKey], Field(min_length=1, max_length=8)]
    energy_axis: AxisKey | None = None
    energy_mirror: AxisKey | None = None
    most_points: Annotated[int, Field(ge=16, le=200_000)]
    most_gate_rows: Annotated[int, Field(ge=1, le=10_000)]
    shortest_gate_s: Positive
    lag_s: NonNegative
    following_limit_s: Positive
    buffer_rows: Annotated[int, Field(ge=16, le=10_000_000)]
    stored_rows_per_s: Positive
    triggers: Annotated[list[Wired], Field(max_length=8)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _can_work(self) -> GateUnit:
        if len(set(self.axes)) != len(self.axes):
            raise ValueError("axes: each can be there once")
        if len(set(self.triggers)) != len(self.triggers):
            raise ValueError("triggers: each can be there once")
        if self.energy_axis is not None and self.energy_axis not in self.axes:
            raise ValueError(f"energy_axis = {self.energy_axis!r} is none of the axes")
        if self.energy_mirror is not None and (self.energy_axis is None or self.energy_mirror not in self.axes):
            raise ValueError(f"energy_mirror = {self.energy_mirror!r} needs energy_axis, and must be one of the axes")
        if self.lag_s >= self.following_limit_s:
            raise ValueError(f"lag_s < following_limit_s must hold, not {self.lag_s:g} < {self.following_limit_s:g}")
        return self
