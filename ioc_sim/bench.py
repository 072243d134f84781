"""A bench's server: its channels, built from the facts device by device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from beam import bench_kinds as kinds
from beam.area_detectors import AreaDetectors
from beam.axis import LineAxis
from beam.bench import Bench
from beam.facts import AxisNumbers
from ioc_sim import settings
from ioc_sim.area_detector.group import AreaDetectorGroup
from ioc_sim.channels import Channels, Float
from ioc_sim.faults import targets
from ioc_sim.faults.group import FaultGroup
from ioc_sim.faults.timetable import Moments
from ioc_sim.groups.electrometer import ElectrometerGroup
from ioc_sim.groups.file_detector import FileDetectorGroup
from ioc_sim.groups.mca import McaGroup
from ioc_sim.groups.shutter import ShutterGroup
from ioc_sim.groups.simulation import SimulationGroup
from ioc_sim.groups.steady_counter import SteadyCounterGroup
from ioc_sim.groups.time_series import TimeSeriesGroup
from ioc_sim.groups.valve import ValveGroup
from ioc_sim.identity import Identity
from ioc_sim.memory import Memory
from ioc_sim.process import ServerProcess
from ioc_sim.records.busy import BusyRecord
from ioc_sim.records.motor import MotorRecord
from ioc_sim.tango_devices.bench_table import faces_of
from ioc_sim.timing import LONGEST_S, Timeline


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


def _area_detectors(facts: AreaDetectors, around: Surroundings) -> Iterator[Group]:
    return (AreaDetectorGroup(prefix, facts, around.seed, around.time, around.files) for prefix in facts.prefixes)


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
    AreaDetectors: _area_detectors,
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
    process : ServerProcess, optional
        The server that they are served by, with what it knows of its life before.
    """

    def __init__(
        self, bench: Bench, identity: Identity, time: Timeline, files: Path, process: ServerProcess | None = None
    ) -> None:
        self._time = time
        around = Surroundings(identity.seed, time, files)
        self.devices: dict[str, Group] = {}
        for facts in bench.devices.values():
            self.devices.update(zip(facts.prefixes, GROUPS[type(facts)](facts, around), strict=True))
        self.simulation = SimulationGroup(bench.prefix, identity, time.clock, pause=time.pause)
        time.listeners.append(self.simulation.show)
        self.faces = faces_of(bench, self.devices)
        over_tango = {
            prefix for facts in bench.devices.values() if getattr(facts, "tango", []) for prefix in facts.prefixes
        }
        served: Channels = {
            pv: channel
            for prefix, device in self.devices.items()
            if prefix not in over_tango
            for pv, channel in device.channels.items()
        }
        # faults befall records, where there is one, or else the whole device or its parts; and single channels
        befallen: dict[str, Any] = {}
        for prefix, one in self.devices.items():
            befallen |= one.targets if isinstance(one, AreaDetectorGroup) else {prefix: getattr(one, "record", one)}
        self.faults = FaultGroup(
            self.simulation.prefix,
            befallen | targets.channels(served),
            Moments(time.clock, exposures=self._exposures, take=time.take),
            process,
        )
        time.due.append(self.faults.timetable.passed)
        self.advance = Float(0.0, low=0.0, high=LONGEST_S, units="s", precision=3, on_put=time.advance)
        self.channels: Channels = {
            **self.simulation.channels,
            f"{self.simulation.prefix}Advance": self.advance,
            **self.faults.channels,
            **served,
        }
        for device in self.devices.values():
            if isinstance(device, ShutterGroup):
                device.connect(self.channels)

    def remember(self, memory: Memory) -> None:
        """Note what a server that takes this one's place has to know."""
        memory.note_clock(self._time.clock)
        memory.paused = self._time.pause.paused
        memory.world = settings.world(self.devices)
        memory.settings = settings.saved(self.devices) if memory.autosave else {}
        self.faults.remember(memory)

    def restore(self, memory: Memory) -> None:
        """Let mechanics and records go on from what is known of them."""
        settings.set_world(self.devices, memory.world)
        settings.restore(self.devices, memory)

    def _exposures(self) -> int:
        return sum(one.source.exposures for one in self.devices.values() if isinstance(one, SteadyCounterGroup))

    async def finish(self) -> None:
        """Close all files that are open: the server ends."""
        for device in self.devices.values():
            if isinstance(device, AreaDetectorGroup):
                await device.finish()
