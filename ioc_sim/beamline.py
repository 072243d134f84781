"""A beamline's server: its channels, built from the facts device by device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from beam import facts
from ioc_sim.channels import Channels
from ioc_sim.faults import targets
from ioc_sim.faults.group import FaultGroup
from ioc_sim.groups.amplifier import AmplifierGroup
from ioc_sim.groups.counter import CounterGroup
from ioc_sim.groups.dcm import MonochromatorGroup
from ioc_sim.groups.shutter import ShutterGroup
from ioc_sim.groups.station import LoadSample, StationGroup
from ioc_sim.groups.undulator import UndulatorGroup
from ioc_sim.identity import Identity
from ioc_sim.station import Station
from ioc_sim.tango_devices.table import faces_of


class Group(Protocol):
    """The channels of one device."""

    channels: Channels


GROUPS: dict[type[facts.Facts], Callable[[str, Any, Station], Group]] = {
    facts.PlanarUndulator: UndulatorGroup,
    facts.DoubleCrystalMonochromator: MonochromatorGroup,
    facts.Shutter: ShutterGroup.on_line,
    facts.Scaler: CounterGroup,
    facts.IonChamber: AmplifierGroup,
}
"""What serves a device of a kind."""


class BeamlineGroup:
    """All channels of one beamline: `groups` by device name, `simulation`, `faults`; `faces` are for Tango."""

    def __init__(self, identity: Identity, station: Station, sample: str, load_sample: LoadSample) -> None:
        self.groups = {
            name: GROUPS[type(device)](name, device, station) for name, device in station.facts.devices.items()
        }
        self.simulation = StationGroup(identity, station, sample, load_sample)
        self.faults = FaultGroup(self.simulation.simulation.prefix, targets.of_beamline(self.groups))
        self.faces = faces_of(station.facts, self.groups)
        self.channels: Channels = {**self.simulation.channels, **self.faults.channels}
        for group in self.groups.values():
            self.channels.update(group.channels)
        for group in self.groups.values():
            if isinstance(group, ShutterGroup):
                group.connect(self.channels)
