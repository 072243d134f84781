"""A double-crystal monochromator: three motor records on the line's axes."""

from __future__ import annotations

from beam.facts import DoubleCrystalMonochromator
from ioc_sim.channels import Channels
from ioc_sim.memory import Kept
from ioc_sim.records.motor import MotorRecord
from ioc_sim.station import Station


class MonochromatorGroup:
    """The channels of one monochromator."""

    def __init__(self, name: str, facts: DoubleCrystalMonochromator, station: Station) -> None:
        self.motors = {
            key: MotorRecord(axis.address, station.line.axes[f"{name}.{key}"], station.time)
            for key, axis in (("bragg", facts.bragg), ("perp", facts.perp), ("pitch", facts.pitch))
        }
        self.channels: Channels = {
            pvname: channel
            for key, motor in self.motors.items()
            for pvname, channel in motor.channels.items()
            if getattr(facts, key).prefix  # otherwise Tango shows it
        }

    def saved(self) -> Kept:
        """Return what survives a reboot."""
        return {key: motor.saved() for key, motor in self.motors.items()}

    def restore(self, kept: Kept | None) -> None:
        """Start after a reboot; None if nothing was saved."""
        for key, motor in self.motors.items():
            motor.restore(None if kept is None else kept[key])
