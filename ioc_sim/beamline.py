"""A beamline's server: its channels, built from the facts device by device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from beam import facts
from ioc_sim import settings
from ioc_sim.area_detector.group import AreaDetectorGroup
from ioc_sim.channels import Channels, Put
from ioc_sim.faults import targets
from ioc_sim.faults.group import FaultGroup
from ioc_sim.faults.timetable import Moments
from ioc_sim.groups.amplifier import AmplifierGroup
from ioc_sim.groups.counter import CounterGroup
from ioc_sim.groups.diffraction import DiffractionGroup
from ioc_sim.groups.filters import FiltersGroup
from ioc_sim.groups.gate_unit import GateUnitGroup
from ioc_sim.groups.hutch import HutchGroup
from ioc_sim.groups.motors import MotorsGroup
from ioc_sim.groups.pulses import PulsesGroup
from ioc_sim.groups.ramped import RampedGroup
from ioc_sim.groups.shutter import ShutterGroup
from ioc_sim.groups.spectrometer import SpectrometerGroup
from ioc_sim.groups.station import LoadSample, StationGroup
from ioc_sim.groups.undulator import AppleUndulatorGroup, UndulatorGroup
from ioc_sim.groups.valve import ValveGroup
from ioc_sim.identity import Identity
from ioc_sim.line_state import state_of
from ioc_sim.memory import Memory
from ioc_sim.process import ServerProcess
from ioc_sim.station import Station
from ioc_sim.tango_devices.table import faces_of


class Group(Protocol):
    """The channels of one device."""

    channels: Channels


GROUPS: dict[type[facts.Facts], Callable[[str, Any, Station], Group]] = {
    facts.PlanarUndulator: UndulatorGroup,
    facts.DoubleCrystalMonochromator: MotorsGroup,
    facts.Slits: MotorsGroup,
    facts.Mirror: MotorsGroup,
    facts.Filters: FiltersGroup,
    facts.Table: MotorsGroup,
    facts.BeamStop: MotorsGroup,
    facts.Valve: ValveGroup.on_line,
    facts.StationInterlock: HutchGroup,
    facts.Shutter: ShutterGroup.on_line,
    facts.Scaler: CounterGroup,
    facts.IonChamber: AmplifierGroup,
    facts.FluorescenceSpectrometer: SpectrometerGroup,
    facts.DiffractionCamera: DiffractionGroup,
    facts.SampleStage: MotorsGroup,
    facts.TemperatureStage: RampedGroup,
    facts.Potentiostat: RampedGroup,
    facts.AppleUndulator: AppleUndulatorGroup,
    facts.PlaneGratingMonochromator: MotorsGroup,
    facts.Mesh: AmplifierGroup,
    facts.DrainCurrent: AmplifierGroup,
    facts.Photodiode: AmplifierGroup,
    facts.FluorescenceDetector: PulsesGroup,
    facts.Magnet: RampedGroup,
    facts.RasterStage: MotorsGroup,
    facts.GateUnit: GateUnitGroup,
}
"""What serves a device of a kind."""


class BeamlineGroup:
    """All channels of one beamline: `groups` by device name, `simulation`, and `faults`; `faces` are for Tango.

    Parameters
    ----------
    identity : Identity
        What the server says about itself.
    station : Station
        Its line and time.
    sample : str
        What is in the beam at the start.
    load_sample : LoadSample
        Finds another.
    process : ServerProcess, optional
        The server that they are served by.
    on_pause : Put, optional
        Who else has to pause.
    """

    def __init__(
        self,
        identity: Identity,
        station: Station,
        sample: str,
        load_sample: LoadSample,
        *,
        process: ServerProcess | None = None,
        on_pause: Put | None = None,
    ) -> None:
        self._station = station
        self.groups = {
            name: GROUPS[type(device)](name, device, station) for name, device in station.facts.devices.items()
        }
        self.simulation = StationGroup(identity, station, sample, load_sample, on_pause)
        self.faces = faces_of(station.facts, self.groups)
        served: Channels = {pv: channel for group in self.groups.values() for pv, channel in group.channels.items()}
        time = station.time
        self.faults = FaultGroup(
            self.simulation.simulation.prefix,
            targets.of_beamline(self.groups) | targets.channels(served),
            Moments(time.clock, exposures=lambda: station.line.exposures, take=time.take),
            process,
        )
        time.due.append(self.faults.timetable.passed)
        self.channels: Channels = {**self.simulation.channels, **self.faults.channels, **served}
        for group in self.groups.values():
            if isinstance(group, ShutterGroup):
                group.connect(self.channels)
            if isinstance(group, GateUnitGroup):
                group.connect(self.groups)

    async def finish(self) -> None:
        """Close all files that are open: the server ends."""
        for group in self.groups.values():
            if isinstance(group, AreaDetectorGroup | GateUnitGroup | SpectrometerGroup):
                await group.finish()

    def remember(self, memory: Memory) -> None:
        """Note what a server that takes this one's place has to know."""
        line = self._station.line
        memory.note_clock(self._station.time.clock)
        memory.paused = self._station.time.pause.paused
        memory.world = {
            "line": state_of(line),
            "sample": self.simulation.in_beam,
            "devices": settings.world(self.groups),
        }
        memory.settings = settings.saved(self.groups) if memory.autosave else {}
        self.faults.remember(memory)

    def restore(self, memory: Memory) -> None:
        """Let the records go on from what is known of them."""
        settings.set_world(self.groups, memory.world["devices"])
        settings.restore(self.groups, memory)
