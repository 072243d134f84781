"""The stage that moves the sample: two motor records on the line's axes."""

from __future__ import annotations

from beam.environment_kinds import SampleStage
from ioc_sim.channels import Channels
from ioc_sim.memory import Kept
from ioc_sim.records.motor import MotorRecord
from ioc_sim.station import Station


class SampleStageGroup:
    """The channels of one stage."""

    def __init__(self, name: str, facts: SampleStage, station: Station) -> None:
        self.motors = {
            key: MotorRecord(axis.prefix, station.line.axes[f"{name}.{key}"], station.time)
            for key, axis in (("x", facts.x), ("y", facts.y))
        }
        self.channels: Channels = {
            pv: channel for motor in self.motors.values() for pv, channel in motor.channels.items()
        }

    def saved(self) -> Kept:
        """Return what survives a reboot."""
        return {key: motor.saved() for key, motor in self.motors.items()}

    def restore(self, kept: Kept | None) -> None:
        """Start after a reboot; None if nothing was saved."""
        for key, motor in self.motors.items():
            motor.restore(None if kept is None else kept[key])
