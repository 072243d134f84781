"""A bench's server: its channels, built from the facts device by device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from beam import bench_kinds as kinds
from beam.axis import LineAxis
from beam.bench import Bench
from beam.facts import AxisNumbers
from ioc_sim.channels import Channels
from ioc_sim.faults.group import FaultGroup
from ioc_sim.groups.electrometer import ElectrometerGroup
from ioc_sim.groups.file_detector import FileDetectorGroup
from ioc_sim.groups.mca import McaGroup
from ioc_sim.groups.shutter import ShutterGroup
from ioc_sim.groups.simulation import SimulationGroup
from ioc_sim.groups.steady_counter import SteadyCounterGroup
from ioc_sim.groups.time_series import TimeSeriesGroup
from ioc_sim.groups.valve import ValveGroup
from ioc_sim.identity import Identity
from ioc_sim.records.busy import BusyRecord
from ioc_sim.records.motor import MotorRecord
from ioc_sim.tango_devices.bench_table import faces_of
from ioc_sim.timing import Timeline


class Group(Protocol):
    """The channels of one device."""

    @property
    def channels(self) -> Channels:
        """What a server serves."""
        ...


@dataclass(frozen=True)
class Surroundings:
    """What the devices of one bench share: seed of all noise, time, and where files are written."""

    seed: int
    time: Timeline
    files: Path


def _motors(facts: Any, around: Surroundings) -> Iterator[Group]:
    for number, prefix in enumerate(facts.prefixes, 1):
        numbers: AxisNumbers = facts.model_copy(update={"label": f"{facts.label} {number}"})
        yield MotorRecord(prefix, LineAxis(numbers, name=prefix), around.time)


def _mcas(facts: kinds.Mcas, around: Surroundings) -> Iterator[Group]:
    for prefix, processor in zip(facts.prefixes, facts.processors or [""] * len(facts.prefixes), strict=True):
        yield McaGroup(prefix, facts, around.seed, around.time, processor)


def _seeded(group: Callable[..., Group]) -> Callable[[Any, Surroundings], Iterator[Group]]:
    return lambda facts, around: (group(prefix, facts, around.seed, around.time) for prefix in facts.prefixes)


def _in_time(group: Callable[..., Group]) -> Callable[[Any, Surroundings], Iterator[Group]]:
    return lambda facts, around: (group(prefix, facts, around.time) for prefix in facts.prefixes)


def _busies(facts: kinds.Busies, around: Surroundings) -> Iterator[Group]:
    return (BusyRecord(prefix, around.time) for prefix in facts.prefixes)


def _file_detectors(facts: kinds.FileDetectors, around: Surroundings) -> Iterator[Group]:
    return (FileDetectorGroup(prefix, facts, around.seed, around.time, around.files) for prefix in facts.prefixes)


GROUPS: dict[type[Any], Callable[[Any, Surroundings], Iterator[Group]]] = {
    kinds.LinearMotors: _motors,
    kinds.RotaryMotors: _motors,
    kinds.Scalers: _seeded(SteadyCounterGroup),
    kinds.Mcas: _mcas,
    kinds.Electrometers: _seeded(ElectrometerGroup),
    kinds.Busies: _busies,
    kinds.Shutters: _in_time(ShutterGroup),
    kinds.Valves: _in_time(ValveGroup),
    kinds.Waveforms: _seeded(TimeSeriesGroup),
    kinds.FileDetectors: _file_detectors,
}
"""What serves the devices of a kind, one for each prefix."""


class BenchGroup:
    """All channels of one bench: `devices` by prefix, `simulation`, and `faults`; `faces` are for Tango.

    Parameters
    ----------
    bench : Bench
        What is on it.
    identity : Identity
        What the server says about itself.
    time : Timeline
        The server's time.
    files : Path
        The directory below which detectors write.
    """

    def __init__(self, bench: Bench, identity: Identity, time: Timeline, files: Path) -> None:
        around = Surroundings(identity.seed, time, files)
        self.devices: dict[str, Group] = {}
        for facts in bench.devices.values():
            self.devices.update(zip(facts.prefixes, GROUPS[type(facts)](facts, around), strict=True))
        self.simulation = SimulationGroup(bench.prefix, identity, time.clock)
        time.listeners.append(self.simulation.show)
        # faults befall records, where there is one, or else the whole device
        befallen = {prefix: getattr(one, "record", one) for prefix, one in self.devices.items()}
        self.faults = FaultGroup(self.simulation.prefix, befallen)
        self.faces = faces_of(bench, self.devices)
        self.channels: Channels = {**self.simulation.channels, **self.faults.channels}
        over_tango = {
            prefix for facts in bench.devices.values() if getattr(facts, "tango", []) for prefix in facts.prefixes
        }
        for prefix, device in self.devices.items():
            if prefix not in over_tango:
                self.channels.update(device.channels)
        for device in self.devices.values():
            if isinstance(device, ShutterGroup):
                device.connect(self.channels)
