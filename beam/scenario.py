"""Scenarios: what goes wrong in a simulation, and when (`config/scenarios/*.toml`).

Which faults there are, and what they can befall, the simulated servers know: they check that when they start.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from beam import facts, overlay
from beam.facts import Facts

Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class Entry(Facts):
    """One fault: when it begins, what it befalls, when it is cleared."""

    at_s: Seconds | None = Field(default=None, description="time of the servers' clock (SIM:Time) at which it begins")
    after_exposures: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="it begins when so many exposures have been made, before the last of them completes"
    )
    fault: str = Field(description="as `terasu fault list` shows them")
    target: str = Field(description="as `terasu fault list` shows them")
    args: dict[str, float | bool] = Field(default_factory=dict, description="as for `terasu fault set`")
    clear_after_s: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)] | None = Field(
        default=None, description="how long it lasts; left out: to the end"
    )

    @model_validator(mode="after")
    def _one_beginning(self) -> Entry:
        if (self.at_s is None) == (self.after_exposures is None):
            raise ValueError("at_s or after_exposures must be given, and only one of them")
        return self


class Scenario(Facts):
    """A timeline of faults."""

    schema_version: Literal[1]
    title: Annotated[str, Field(max_length=80)]
    faults: Annotated[list[Entry], Field(min_length=1)]


def load(path: str | os.PathLike[str]) -> Scenario:
    """Read a scenario.

    Raises
    ------
    ConfigError
        If the file is not there or malformed; the message names file, key, value and what is allowed.
    """
    return facts.validate(Scenario, overlay.parse(Path(path)), Path(path))
