"""A bench's server: its channels, built from the facts device by device."""

from __future__ import annotations

from beam.axis import LineAxis
from beam.bench import Bench, LinearMotors, RotaryMotors, Scalers
from ioc_sim.channels import Channels
from ioc_sim.faults.group import FaultGroup
from ioc_sim.groups.simulation import SimulationGroup
from ioc_sim.groups.steady_counter import SteadyCounterGroup
from ioc_sim.identity import Identity
from ioc_sim.records.motor import MotorRecord
from ioc_sim.timing import Timeline


class BenchGroup:
    """All channels of one bench: `records` by prefix, `simulation`, and `faults`."""

    def __init__(self, bench: Bench, identity: Identity, time: Timeline) -> None:
        self.records: dict[str, MotorRecord | SteadyCounterGroup] = {}
        for device in bench.devices.values():
            for number, prefix in enumerate(device.prefixes, 1):
                match device:
                    case Scalers():
                        self.records[prefix] = SteadyCounterGroup(prefix, device, identity.seed, time)
                    case LinearMotors() | RotaryMotors():
                        numbers = device.model_copy(update={"label": f"{device.label} {number}"})
                        self.records[prefix] = MotorRecord(prefix, LineAxis(numbers, name=prefix), time)
        self.simulation = SimulationGroup(bench.prefix, identity, time.clock)
        time.listeners.append(self.simulation.show)
        befallen = {
            prefix: one.record if isinstance(one, SteadyCounterGroup) else one for prefix, one in self.records.items()
        }
        self.faults = FaultGroup(self.simulation.prefix, befallen)
        self.channels: Channels = {**self.simulation.channels, **self.faults.channels}
        for record in self.records.values():
            self.channels.update(record.channels)
