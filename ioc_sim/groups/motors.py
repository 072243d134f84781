"""A device that is nothing but motor axes, as a monochromator or slits: a motor record for each, on the line's axes."""

from __future__ import annotations

from beam.facts import Facts, axes_of
from ioc_sim.channels import Channels
from ioc_sim.memory import Kept
from ioc_sim.records.motor import MotorRecord
from ioc_sim.station import Station


class MotorsGroup:
    """The channels of one such device."""

    def __init__(self, name: str, facts: Facts, station: Station) -> None:
        axes = axes_of(facts)
        self.motors = {
            key: MotorRecord(axis.address, station.line.axes[f"{name}.{key}"], station.time)
            for key, axis in axes.items()
        }
        self.channels: Channels = {
            pvname: channel
            for key, motor in self.motors.items()
            for pvname, channel in motor.channels.items()
            if axes[key].prefix  # otherwise Tango shows it
        }

    def saved(self) -> Kept:
        """Return what survives a reboot."""
        return {key: motor.saved() for key, motor in self.motors.items()}

    def restore(self, kept: Kept | None) -> None:
        """Start after a reboot; None if nothing was saved."""
        for key, motor in self.motors.items():
            motor.restore(None if kept is None else kept[key])
