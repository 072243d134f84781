"""Which simulated devices of a beamline can be Tango devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from beam import facts
from beam.address import Addressed
from beam.errors import ConfigError
from ioc_sim.groups.amplifier import AmplifierGroup
from ioc_sim.groups.counter import CounterGroup
from ioc_sim.groups.gate_unit import GateUnitGroup
from ioc_sim.groups.motors import MotorsGroup
from ioc_sim.groups.shutter import ShutterGroup
from ioc_sim.groups.undulator import AppleUndulatorGroup, UndulatorGroup
from ioc_sim.tango_devices import amplifier, counter, gate_unit, motor, shutter, undulator
from ioc_sim.tango_devices.face import Face


def _undulator(device: facts.PlanarUndulator, group: UndulatorGroup) -> dict[str, Face]:
    return {"gap": undulator.face(device, group)}


def _apple(device: facts.AppleUndulator, group: AppleUndulatorGroup) -> dict[str, Face]:
    axes: dict[str, Any] = dict(facts.axes_of(device))
    rows = {key: undulator.axis_face(axes[key], one) for key, one in group.others.items()}
    return {"gap": undulator.face(device, group), **rows}


def _axes(device: facts.Facts, group: MotorsGroup) -> dict[str, Face]:
    return {key: motor.face(getattr(device, key), record) for key, record in group.motors.items()}


def _counter(device: facts.Scaler, group: CounterGroup) -> dict[str, Face]:
    return {"": counter.face(device, group)}


def _amplifier(device: facts.CurrentDetector, group: AmplifierGroup) -> dict[str, Face]:
    return {"": amplifier.face(device, group)}


def _shutter(device: facts.Shutter, group: ShutterGroup) -> dict[str, Face]:
    return {"": shutter.face(device, group)}


def _gate_unit(device: facts.GateUnit, group: GateUnitGroup) -> dict[str, Face]:
    return {"": gate_unit.face(device, group)}


FACES: dict[type[facts.Facts], Callable[[Any, Any], dict[str, Face]]] = {
    facts.PlanarUndulator: _undulator,
    facts.AppleUndulator: _apple,
    facts.DoubleCrystalMonochromator: _axes,
    facts.PlaneGratingMonochromator: _axes,
    facts.Slits: _axes,
    facts.Mirror: _axes,
    facts.Table: _axes,
    facts.BeamStop: _axes,
    facts.SampleStage: _axes,
    facts.RasterStage: _axes,
    facts.Scaler: _counter,
    facts.IonChamber: _amplifier,
    facts.Mesh: _amplifier,
    facts.DrainCurrent: _amplifier,
    facts.Photodiode: _amplifier,
    facts.Shutter: _shutter,
    facts.GateUnit: _gate_unit,
}
"""The faces that a kind of device can have, by the part of it whose address they stand for."""


def faces_of(beamline: facts.Beamline, groups: Mapping[str, Any]) -> list[Face]:
    """Return the faces of those devices that the configuration gives a Tango address.

    Raises
    ------
    ConfigError
        If one of them is of a kind that the simulator shows over Channel Access only.
    """
    found: list[Face] = []
    for name, device in beamline.devices.items():
        for part, addressed in _addressed(device).items():
            if not addressed.tango:
                continue
            if type(device) not in FACES:
                where = f"devices.{name}.{part}" if part else f"devices.{name}"
                raise ConfigError(f"{where}.tango: a {device.kind} is simulated over EPICS only; give its prefix")
            found.append(FACES[type(device)](device, groups[name])[part])
    return found


def _addressed(device: facts.Facts) -> dict[str, Addressed]:
    """Return what of a device has an address of its own, by part; the device itself is the part without a name."""
    parts = {"": device, **{key: getattr(device, key) for key in type(device).model_fields}, **facts.axes_of(device)}
    return {key: one for key, one in parts.items() if isinstance(one, Addressed)}
