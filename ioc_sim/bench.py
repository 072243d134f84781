"""A bench's server: its channels, built from the facts device by device."""

from __future__ import annotations

from beam.axis import LineAxis
from beam.bench import Bench, LinearMotors, RotaryMotors, Scalers
from ioc_sim import settings
from ioc_sim.channels import Channels
from ioc_sim.faults import targets
from ioc_sim.faults.group import FaultGroup
from ioc_sim.faults.timetable import Moments
from ioc_sim.groups.simulation import SimulationGroup
from ioc_sim.groups.steady_counter import SteadyCounterGroup
from ioc_sim.identity import Identity
from ioc_sim.memory import Memory
from ioc_sim.process import ServerProcess
from ioc_sim.records.motor import MotorRecord
from ioc_sim.timing import Timeline


class BenchGroup:
    """All channels of one bench: `records` by prefix, `simulation`, and `faults`.

    Parameters
    ----------
    bench : Bench
        The facts.
    identity : Identity
        What the server says about itself.
    time : Timeline
        Its time.
    process : ServerProcess, optional
        The server that they are served by, with what it knows of its life before.
    """

    def __init__(self, bench: Bench, identity: Identity, time: Timeline, process: ServerProcess | None = None) -> None:
        self._time = time
        self.records: dict[str, MotorRecord | SteadyCounterGroup] = {}
        for device in bench.devices.values():
            for number, prefix in enumerate(device.prefixes, 1):
                match device:
                    case Scalers():
                        self.records[prefix] = SteadyCounterGroup(prefix, device, identity.seed, time)
                    case LinearMotors() | RotaryMotors():
                        numbers = device.model_copy(update={"label": f"{device.label} {number}"})
                        self.records[prefix] = MotorRecord(prefix, LineAxis(numbers, name=prefix), time)
        self.simulation = SimulationGroup(bench.prefix, identity, time.clock, pause=time.pause)
        time.listeners.append(self.simulation.show)
        befallen = {
            prefix: one.record if isinstance(one, SteadyCounterGroup) else one for prefix, one in self.records.items()
        }
        served: Channels = {pv: channel for record in self.records.values() for pv, channel in record.channels.items()}
        self.faults = FaultGroup(
            self.simulation.prefix,
            befallen | targets.enums(served),
            Moments(time.clock, exposures=self._exposures, take=time.take),
            process,
        )
        time.due.append(self.faults.timetable.passed)
        self.channels: Channels = {**self.simulation.channels, **self.faults.channels, **served}

    def remember(self, memory: Memory) -> None:
        """Note what a server that takes this one's place has to know."""
        memory.note_clock(self._time.clock)
        memory.paused = self._time.pause.paused
        for name, record in self.records.items():
            kept = record.source.exposures if isinstance(record, SteadyCounterGroup) else record.axis.position
            memory.world[name] = kept
        memory.settings = settings.saved(self.records) if memory.autosave else {}
        self.faults.remember(memory)

    def restore(self, memory: Memory) -> None:
        """Let mechanics and records go on from what is known of them."""
        for name, record in self.records.items():
            if isinstance(record, SteadyCounterGroup):
                record.source.exposures = memory.world[name]
            else:
                record.axis.move_to(memory.world[name])
        settings.restore(self.records, memory)

    def _exposures(self) -> int:
        return sum(one.source.exposures for one in self.records.values() if isinstance(one, SteadyCounterGroup))
