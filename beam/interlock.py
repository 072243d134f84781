"""Interlocks as they are written in `config/`: which moves need which conditions, one ``[[interlock]]`` a rule.

They stand above the safety system, never in its place: they refuse a move before it starts, and watch nothing while
it is under way.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")]
UNITS = ("mm", "deg", "urad")


class Row(BaseModel):
    """A table of the configuration: unknown keys are refused, values cannot change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Amount(Row):
    """A position or a distance with its unit: ``above.mm = 300.0``."""

    mm: FiniteFloat | None = None
    deg: FiniteFloat | None = None
    urad: FiniteFloat | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Amount:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError(f"give it in one unit: {', '.join(UNITS)}")
        return self

    @property
    def value(self) -> float:
        """The number."""
        (value,) = self.model_dump(exclude_none=True).values()
        return value

    @property
    def unit(self) -> str:
        """The unit, as axes say it."""
        (unit,) = self.model_dump(exclude_none=True)
        return unit


class Need(Row):
    """What must be the case: a shutter or valve in a `state`, an axis `at` a position, `above` or `below` one."""

    device: Name
    state: Literal["open", "closed"] | None = None
    at: Amount | None = None
    within: Amount | None = None
    above: Amount | None = None
    below: Amount | None = None

    @model_validator(mode="after")
    def _one_demand(self) -> Need:
        if (self.at is None) != (self.within is None):
            raise ValueError("at and within belong together: at.mm = 0.0, within.mm = 0.1")
        if self.within is not None and self.within.value <= 0:
            raise ValueError(f"within = {self.within.value:g}: must be more than 0")
        if sum(one is not None for one in (self.state, self.at, self.above, self.below)) != 1:
            raise ValueError("say what it needs: state, or at and within, or above or below")
        return self


class Interlock(Row):
    """One rule.

    `moving` is what is restrained: without more, each of its moves; with `above` or `below`, its moves to beyond that
    position; with `to`, its way to that state. All of `needs` must hold. `says` is the rule in words, for the message.
    """

    says: Annotated[str, Field(min_length=8, max_length=200)]
    moving: Name
    above: Amount | None = None
    below: Amount | None = None
    to: Literal["open", "closed"] | None = None
    needs: Annotated[list[Need], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_restraint(self) -> Interlock:
        if sum(one is not None for one in (self.above, self.below, self.to)) > 1:
            raise ValueError("one rule restrains above, or below, or to a state; write a second rule")
        for need in self.needs:
            if need.device == self.moving:
                raise ValueError(f"{self.moving} cannot need itself; its limits are where its device is")
        return self

    @property
    def amounts(self) -> list[Amount]:
        """Its numbers, for a look at their unit."""
        return [one for one in (self.above, self.below) if one is not None]
