"""Builds the devices that the facts of a beamline name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ophyd import Device

from beam import facts
from beam.errors import ConfigError
from devices.axis import Axis
from devices.chamber import IonChamber
from devices.counter import Counter
from devices.diffraction import DiffractionDetector
from devices.energy import EnergyAxis
from devices.filters import Filters
from devices.flyer import Flyer, counters_on
from devices.mirror import MirrorPair
from devices.monochromator import DoubleCrystal
from devices.ramped import Potentiostat, TemperatureStage
from devices.ring import RingStatus
from devices.sample_stage import SampleStage
from devices.shutter import Shutter
from devices.slits import Slits
from devices.spectrometer import Spectrometer
from devices.stand import BeamStop, DetectorTable
from devices.transport import Transport
from devices.undulator import Undulator
from devices.watched import StationInterlock, Valve

CLASSES: Mapping[type[facts.Facts], type[Device]] = {
    facts.PlanarUndulator: Undulator,
    facts.DoubleCrystalMonochromator: DoubleCrystal,
    facts.Shutter: Shutter,
    facts.IonChamber: IonChamber,
    facts.Scaler: Counter,
    facts.Slits: Slits,
    facts.Mirror: MirrorPair,
    facts.Filters: Filters,
    facts.Table: DetectorTable,
    facts.BeamStop: BeamStop,
    facts.Valve: Valve,
    facts.StationInterlock: StationInterlock,
    facts.FluorescenceSpectrometer: Spectrometer,
    facts.DiffractionCamera: DiffractionDetector,
    facts.SampleStage: SampleStage,
    facts.TemperatureStage: TemperatureStage,
    facts.Potentiostat: Potentiostat,
    facts.GateUnit: Flyer,
}
"""Which class serves which kind of device in `config/`."""


def build(beamline: facts.Beamline, facility: facts.Facility, transport: Transport | None = None) -> dict[str, Device]:
    """Return the devices of a beamline by their keys in its configuration, with ``ring`` and ``energy``.

    Parameters
    ----------
    beamline, facility
        The facts.
    transport
        Given by tests; otherwise each device's address decides.

    Returns
    -------
    dict
        In the order of the configuration. ``energy`` is there where there are an undulator and a monochromator.
    """
    made: dict[str, Device] = {"ring": RingStatus(facility.ring, name="ring", transport=transport)}
    chambers: dict[str, dict[str, IonChamber]] = {}
    for key, one in beamline.devices.items():
        if isinstance(one, facts.IonChamber):
            chamber = IonChamber(one, name=key, transport=transport)
            made[key] = chambers.setdefault(one.scaler, {})[key] = chamber
    for key, one in beamline.devices.items():
        match one:
            case facts.PlanarUndulator():
                made[key] = Undulator(one, facility.ring, name=key, transport=transport)
            case facts.DoubleCrystalMonochromator():
                made[key] = DoubleCrystal(one, name=key, transport=transport)
            case facts.Shutter():
                made[key] = Shutter(one, name=key, transport=transport)
            case facts.Slits():
                made[key] = Slits(one, name=key, transport=transport)
            case facts.Table():
                made[key] = DetectorTable(one, name=key, transport=transport)
            case facts.BeamStop():
                made[key] = BeamStop(one, name=key, transport=transport)
            case facts.Valve():
                made[key] = Valve(one, name=key, transport=transport)
            case facts.StationInterlock():
                made[key] = StationInterlock(one, name=key, transport=transport)
            case facts.Mirror():
                made[key] = MirrorPair(one, name=key, transport=transport)
            case facts.Scaler():
                made[key] = Counter.of(one, chambers.get(key, {}), name=key, transport=transport)
            case facts.FluorescenceSpectrometer():
                made[key] = Spectrometer.of(one, name=key, transport=transport)
            case facts.DiffractionCamera():
                made[key] = DiffractionDetector.of(one, name=key, transport=transport)
            case facts.SampleStage():
                made[key] = SampleStage(one, name=key, transport=transport)
            case facts.TemperatureStage():
                made[key] = TemperatureStage(one, name=key, transport=transport)
            case facts.Potentiostat():
                made[key] = Potentiostat(one, name=key, transport=transport)
            case facts.IonChamber() | facts.Filters() | facts.GateUnit():
                pass
    undulators = [one for one in made.values() if isinstance(one, Undulator)]
    monochromators = [one for one in made.values() if isinstance(one, DoubleCrystal)]
    if len(undulators) == len(monochromators) == 1:
        made["energy"] = EnergyAxis(beamline.beamline, beamline.energy, undulators[0], monochromators[0])
    for key, one in beamline.devices.items():
        if isinstance(one, facts.Filters):
            if "energy" not in made:
                raise ConfigError(
                    f"{beamline.beamline}.{key}: what filters let through depends on an energy; it has none"
                )
            made[key] = Filters.of(one, made["energy"], name=key, transport=transport)
    for key, one in beamline.devices.items():
        if isinstance(one, facts.GateUnit):
            wired = {axis: _axis(made, axis) for axis in one.axes}
            counters = counters_on(beamline.devices, one.scaler)
            energy = made["energy"] if one.energy_axis is not None and "energy" in made else None
            made[key] = Flyer.of(one, wired, name=key, counters=counters, energy=energy, transport=transport)
    order = ["energy", *beamline.devices, "ring"]
    return {key: made[key] for key in order if key in made}


def _axis(made: Mapping[str, Any], key: str) -> Axis:
    owner, _, part = key.partition(".")
    axis: Axis = getattr(made[owner], part)
    return axis
