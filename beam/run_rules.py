"""What has to hold while a run goes on, as tables of the configuration: `[[suspend]]`, `[flux]` and `[readings]`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Seconds = Annotated[float, Field(ge=0)]
DAY_S = 86_400.0

Policy = Literal["fail", "mark", "allow"]
"""What becomes of a reading that is invalid, not a number or not there: the run fails, the reading is recorded with
its severity beside it, or it is recorded as it is."""


class Rule(BaseModel):
    """A table of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Suspension(Rule):
    """What all rules for suspensions say."""

    because: str
    """What people call it, such as ``no beam``."""
    settle_s: Seconds = 0.0
    """Time to let pass after all is well again, before the point is repeated; in seconds of the devices' clock."""
    give_up_s: Annotated[float, Field(gt=0)] = DAY_S
    """The run fails when it has been suspended for as long as this."""
    close_shutter: bool = False
    """Whether the station's shutter is closed for the time of the suspension."""


class HoldSignal(Suspension):
    """Points count only while a signal is as it has to be."""

    signal: str
    """Device and attribute, such as ``ring.current``."""
    equals: str | None = None
    above: float | None = None
    below: float | None = None
    resume_above: float | None = None
    resume_below: float | None = None
    unit: str = ""
    """Of the numbers; compared with what the signal says."""

    @model_validator(mode="after")
    def _one_condition(self) -> HoldSignal:
        numbers = [self.above, self.below]
        if (self.equals is None) == (numbers == [None, None]):
            raise ValueError("give either equals, or above or below (or both)")
        if self.equals is not None and self.unit:
            raise ValueError("unit belongs to above and below")
        for resume, limit, name in (
            (self.resume_above, self.above, "above"),
            (self.resume_below, self.below, "below"),
        ):
            if resume is not None and limit is None:
                raise ValueError(f"resume_{name} needs {name}")
        if self.above is not None and self.resume_above is not None and self.resume_above < self.above:
            raise ValueError(f"resume_above {self.resume_above:g} is below above {self.above:g}")
        if self.below is not None and self.resume_below is not None and self.resume_below > self.below:
            raise ValueError(f"resume_below {self.resume_below:g} is above below {self.below:g}")
        return self


class HoldShutter(Suspension):
    """Points count only while a shutter that was opened is open."""

    shutter: str
    reopen: bool = False
    """Whether the run opens it again as soon as that is permitted; otherwise somebody has to."""


class FluxCheck(Rule):
    """After a suspension, a repeated point counts only if there is light again."""

    signal: str
    """Name of a reading that is proportional to the flux, such as ``i0``."""
    per: str = ""
    """Name of the reading that it is divided by first, such as ``count_time``."""
    minimum_rel: Annotated[float, Field(gt=0, lt=1)]
    """Of what it was at the last good point of the run: low enough for two points of a scan that lie far apart."""
