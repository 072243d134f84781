"""The facts of a bench: records at given addresses with no beamline behind them, for suites and clients to be tried on.

`config/<name>.toml`, one table for devices that are alike; the facility lists its benches.
"""

from __future__ import annotations

import os
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from beam import facts
from beam.errors import ConfigError, UnknownName
from beam.facts import AxisNumbers, Facts, NonNegative, Positive, Prefix, Sourced, with_unit

Prefixes = Annotated[list[Prefix], Field(min_length=1)]


class LinearMotors(AxisNumbers):
    """Motors in millimetres, one at each prefix."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=with_unit("mm"))
    unit: ClassVar[str] = "mm"

    kind: Literal["linear_motors"]
    prefixes: Prefixes


class RotaryMotors(AxisNumbers):
    """Motors in degrees, one at each prefix."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=with_unit("deg"))
    unit: ClassVar[str] = "deg"

    kind: Literal["rotary_motors"]
    prefixes: Prefixes


class Input(Facts):
    """What is connected to a scaler's channel: pulses at a steady mean rate, at random."""

    channel: Annotated[int, Field(ge=2, le=32)]
    label: Annotated[str, Field(max_length=39)]
    rate_hz: NonNegative


class Scalers(Sourced):
    """Scalers whose channel 1 counts their own clock, one at each prefix."""

    kind: Literal["scalers"]
    prefixes: Prefixes
    channels: Annotated[int, Field(ge=2, le=32)]
    clock_hz: Positive
    inputs: list[Input] = Field(default_factory=list)

    @model_validator(mode="after")
    def _inputs_on_channels(self) -> Scalers:
        taken: set[int] = set()
        for number, one in enumerate(self.inputs):
            if one.channel > self.channels:
                raise ValueError(f"inputs.{number}.channel = {one.channel}: there are {self.channels}")
            if one.channel in taken:
                raise ValueError(f"inputs.{number}.channel = {one.channel} is already taken")
            taken.add(one.channel)
        return self


BenchDevice = Annotated[LinearMotors | RotaryMotors | Scalers, Field(discriminator="kind")]


class Bench(Facts):
    """One bench: its devices; `prefix` is that of the PVs by which its server says that it is simulated."""

    schema_version: Literal[1]
    bench: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    prefix: Prefix
    devices: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], BenchDevice]

    @model_validator(mode="after")
    def _each_prefix_once(self) -> Bench:
        taken: dict[str, str] = {}
        for name, device in self.devices.items():
            for prefix in device.prefixes:
                if prefix in taken:
                    raise ValueError(f"devices.{name}.prefixes: {prefix} is already taken by devices.{taken[prefix]}")
                taken[prefix] = name
        return self


def load(name: str, directory: str | os.PathLike[str] | None = None) -> Bench:
    """Load one of the facility's benches.

    Raises
    ------
    UnknownName
        If the facility has no such bench; the message lists those it has.
    ConfigError
        If a file is malformed; the message names file, key, value and what is allowed.
    """
    root = facts.config_dir(directory)
    facility = facts.load_facility(root)
    if name not in facility.benches:
        raise UnknownName("bench", name, facility.benches)
    path = root / f"{name}.toml"
    bench = facts.validate(Bench, facts.read_toml(path), path)
    if bench.bench != name:
        raise ConfigError(f"{path}: bench = {bench.bench!r}: must be {name!r}, as the file is called")
    return bench


def load_served(name: str, directory: str | os.PathLike[str] | None = None) -> facts.Beamline | Bench:
    """Load a beamline or a bench: whatever a server can simulate.

    Raises
    ------
    UnknownName
        If the facility has neither; the message lists those it has.
    ConfigError
        If a file is malformed; the message names file, key, value and what is allowed.
    """
    root = facts.config_dir(directory)
    facility = facts.load_facility(root)
    if name in facility.benches:
        return load(name, root)
    if name not in facility.beamlines:
        raise UnknownName("beamline or bench", name, [*facility.beamlines, *facility.benches])
    return facts.load(name, root)[1]
