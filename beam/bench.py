"""The facts of a bench: records at given addresses with no beamline behind them, for suites and clients to be tried on.

`config/<name>.toml`, one table for devices that are alike; the facility lists its benches.
"""

from __future__ import annotations

import os
from typing import Annotated, Literal

from pydantic import Field, model_validator

from beam import facts, overlay
from beam.address import Prefix
from beam.bench_kinds import BenchDevice, Mcas, TwoStates
from beam.condition import Condition
from beam.errors import ConfigError, UnknownName
from beam.facts import Station


class Bench(Station):
    """One bench: its devices; `prefix` is that of the PVs by which its server says that it is simulated."""

    schema_version: Literal[1]
    bench: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    prefix: Prefix
    devices: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], BenchDevice]

    @property
    def name(self) -> str:
        """What it is called in commands and as a file."""
        return self.bench

    def named(self) -> dict[str, tuple[BenchDevice, str]]:
        """Return table and prefix of each device by its name: the table's, with a number where it has several."""
        return {
            f"{name}{number}" if len(device.prefixes) > 1 else name: (device, prefix)
            for name, device in self.devices.items()
            for number, prefix in enumerate(device.prefixes, 1)
        }

    @model_validator(mode="after")
    def _each_prefix_once(self) -> Bench:
        taken: dict[str, str] = {}
        for name, device in self.devices.items():
            for key in ("prefixes", "processors") if isinstance(device, Mcas) else ("prefixes",):
                prefixes: list[str] = getattr(device, key)
                for prefix in prefixes:
                    if prefix in taken:
                        raise ValueError(f"devices.{name}.{key}: {prefix} is already taken by devices.{taken[prefix]}")
                    taken[prefix] = name
        return self

    @model_validator(mode="after")
    def _each_name_once(self) -> Bench:
        names = [name for name, device in self.devices.items() if not device.prefixes[1:]]
        for table, device in self.devices.items():
            for number in range(1, len(device.prefixes) + 1) if device.prefixes[1:] else ():
                if (name := f"{table}{number}") in names:
                    raise ValueError(f"devices.{name}: one of devices.{table} is called so already")
                names.append(name)
        return self

    @model_validator(mode="after")
    def _needs_what_there_is(self) -> Bench:
        served = tuple(prefix for device in self.devices.values() for prefix in device.prefixes)
        for name, device in self.devices.items():
            for number, text in enumerate(device.needs if isinstance(device, TwoStates) else ()):
                if not (pv := Condition.parse(text).pv).startswith(served):
                    raise ValueError(f"devices.{name}.needs.{number}: no device of this bench has {pv}")
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
    file = f"{name}.toml"
    path = overlay.find(root, file)
    bench = facts.validate(Bench, overlay.read(root, file), path)
    if bench.bench != name:
        raise ConfigError(f"{path}: bench = {bench.bench!r}: must be {name!r}, as the file is called")
    return bench


def load_station(
    name: str, directory: str | os.PathLike[str] | None = None
) -> tuple[facts.Facility, facts.Beamline | Bench]:
    """Load the facility and one of its beamlines or benches: wherever plans can run.

    Raises
    ------
    UnknownName
        If the facility has neither; the message lists those it has.
    ConfigError
        If a file is malformed; the message names file, key, value and what is allowed.
    """
    root = facts.config_dir(directory)
    return facts.load_facility(root), load_served(name, root)


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
