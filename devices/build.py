"""Builds the devices that the facts of a beamline name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ophyd import Device

from beam import facts
from beam.errors import ConfigError
from devices.axis import Axis
from devices.chamber import CurrentDetector, DrainCurrent, IonChamber, Mesh, Photodiode, PulseDetector
from devices.counter import Counter
from devices.crystal_energy import CrystalEnergy
from devices.diffraction import DiffractionDetector
from devices.elliptical import EllipticalUndulator
from devices.filters import Filters
from devices.flyer import Flyer, counters_on
from devices.gated import Gated
from devices.gated_camera import GatedCamera
from devices.gated_spectrometer import GatedSpectrometer
from devices.grating import PlaneGrating
from devices.grating_energy import GratingEnergy
from devices.mirror import MirrorPair
from devices.monochromator import DoubleCrystal
from devices.polarisation import PolarisationAxis
from devices.ramped import Magnet, Potentiostat, TemperatureStage
from devices.ring import RingStatus
from devices.sample_stage import SampleStage, TurningStage
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
    facts.SampleStage: TurningStage,
    facts.TemperatureStage: TemperatureStage,
    facts.Potentiostat: Potentiostat,
    facts.AppleUndulator: EllipticalUndulator,
    facts.PlaneGratingMonochromator: PlaneGrating,
    facts.Mesh: Mesh,
    facts.DrainCurrent: DrainCurrent,
    facts.Photodiode: Photodiode,
    facts.FluorescenceDetector: PulseDetector,
    facts.Magnet: Magnet,
    facts.RasterStage: SampleStage,
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
        In the order of the configuration. ``energy`` is there where there are an undulator and a monochromator that fit
        each other, ``polarisation`` where the undulator is elliptical.
    """
    made: dict[str, Device] = {"ring": RingStatus(facility.ring, name="ring", transport=transport)}
    on_scaler: dict[str, dict[str, CurrentDetector | PulseDetector]] = {}
    for key, one in beamline.devices.items():
        if isinstance(one, facts.OnScaler):
            detector: Any = CLASSES[type(one)]
            made[key] = on_scaler.setdefault(one.scaler, {})[key] = detector(one, name=key, transport=transport)
    for key, one in beamline.devices.items():
        match one:
            case facts.PlanarUndulator():
                made[key] = Undulator(one, facility.ring, name=key, transport=transport)
            case facts.AppleUndulator():
                made[key] = EllipticalUndulator.of(one, facility.ring, name=key, transport=transport)
            case facts.Scaler():
                made[key] = Counter.of(one, on_scaler.get(key, {}), name=key, transport=transport)
            case facts.FluorescenceSpectrometer():
                made[key] = Spectrometer.of(one, name=key, transport=transport)
            case facts.DiffractionCamera():
                made[key] = DiffractionDetector.of(one, name=key, transport=transport)
            case facts.CurrentDetector() | facts.FluorescenceDetector() | facts.Filters() | facts.GateUnit():
                pass  # made before, or when there is an energy
            case _:
                simple: Any = CLASSES[type(one)]
                made[key] = simple(one, name=key, transport=transport)
    made |= _energy(beamline, list(made.values()))
    if isinstance(energy := made.get("energy"), CrystalEnergy):
        for counter in [one for one in made.values() if isinstance(one, Counter)]:
            counter.energy = partial(getattr, energy, "position")
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
            made[key] = flyer = Flyer.of(one, wired, name=key, counters=counters, energy=energy, transport=transport)
            flyer.detectors = {name: _gated(made[name]) for name in one.triggers}
    order = ["energy", "polarisation", *beamline.devices, "ring"]
    return {key: made[key] for key in order if key in made}


def _gated(detector: Device) -> Gated:
    """Return what a gate unit triggers of a detector."""
    match detector:
        case DiffractionDetector():
            return GatedCamera(detector)
        case Spectrometer():
            return GatedSpectrometer(detector)
        case _:
            raise ConfigError(f"{detector.name}: nothing there that a gate could trigger")


def _axis(made: Mapping[str, Any], key: str) -> Axis:
    owner, _, part = key.partition(".")
    axis: Axis = getattr(made[owner], part)
    return axis


def _energy(beamline: facts.Beamline, devices: list[Device]) -> dict[str, Device]:
    """Return the axes that one source and one monochromator make together; none where there are not two that fit."""
    sources = [one for one in devices if isinstance(one, Undulator | EllipticalUndulator)]
    monochromators = [one for one in devices if isinstance(one, DoubleCrystal | PlaneGrating)]
    match (*sources, *monochromators):
        case (Undulator() as undulator, DoubleCrystal() as dcm):
            return {"energy": CrystalEnergy(beamline.beamline, beamline.energy, undulator, dcm)}
        case (EllipticalUndulator() as undulator, PlaneGrating() as pgm):
            polarisation = PolarisationAxis(undulator)
            energy = GratingEnergy(beamline.beamline, beamline.energy, undulator, pgm, polarisation)
            return {"energy": energy, "polarisation": polarisation}
        case _:
            return {}
