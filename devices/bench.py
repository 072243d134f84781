"""Builds the devices of a bench: motors, scalers, shutters, valves, detectors with files; others have no device yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ophyd import Device

from beam import bench_kinds as kinds
from beam import facts
from beam.area_detectors import AreaDetectors
from beam.bench import Bench
from devices.area_detector import AreaDetector
from devices.file_detector import FileDetector
from devices.motor import MotorAxis
from devices.scaler import ScalerCounter
from devices.shutter import Shutter
from devices.transport import Transport

AXIS_NUMBERS = tuple(facts.AxisNumbers.model_fields)


def _motor(table: Any, address: dict[str, Any], **kwargs: Any) -> MotorAxis:
    axis = facts.LengthAxis if isinstance(table, kinds.LinearMotors) else facts.AngleAxis
    numbers = {field: getattr(table, field) for field in AXIS_NUMBERS}
    # checked when the table was read; what it is called there has the unit in it
    return MotorAxis(axis.model_construct(**numbers, **address), **kwargs)


def _scaler(table: kinds.Scalers, address: dict[str, Any], **kwargs: Any) -> ScalerCounter:
    numbers = {"kind": "scaler", "channels": table.channels, "clock_hz": table.clock_hz}
    inputs = {one.label: one.channel for one in table.inputs if one.label.isidentifier()}
    return ScalerCounter.with_inputs(facts.Scaler(**numbers, **address), inputs, **kwargs)  # pyright: ignore


def _shutter(table: kinds.TwoStates, address: dict[str, Any], **kwargs: Any) -> Shutter:
    numbers = {"kind": "shutter", "label": table.label, "travel_s": table.travel_s, "needs": table.needs}
    return Shutter(facts.Shutter(**numbers, **address), **kwargs)  # pyright: ignore


def _file_detector(table: kinds.FileDetectors, address: dict[str, Any], **kwargs: Any) -> FileDetector:
    return FileDetector(address["prefix"], label=table.label, tango_name=address["name"], **kwargs)


def _area_detector(table: AreaDetectors, address: dict[str, Any], **kwargs: Any) -> AreaDetector | None:
    if "HDF1" not in table.plugins:
        return None  # without a writer it has nothing that a run could keep
    given = {"label": table.label, "tango_name": address["name"], **kwargs}
    return AreaDetector.with_plugins(address["prefix"], table.plugins, **given)


MAKERS: dict[type[Any], Callable[..., Device | None]] = {
    kinds.LinearMotors: _motor,
    kinds.RotaryMotors: _motor,
    kinds.Scalers: _scaler,
    kinds.Shutters: _shutter,
    kinds.Valves: _shutter,
    kinds.FileDetectors: _file_detector,
    AreaDetectors: _area_detector,
}
"""What makes the device of a kind from its table, its address and its name."""


def build_bench(bench: Bench, transport: Transport | None = None) -> dict[str, Device]:
    """Return the devices of a bench by name: that of its table, with a number where the table has several.

    Those on Tango are left out: `devices.tango_device` makes them once their server runs.

    Parameters
    ----------
    bench
        The facts.
    transport
        Given by tests; otherwise each device's address decides.
    """
    made: dict[str, Device] = {}
    for name, (table, prefix) in bench.named().items():
        if isinstance(table, kinds.Placed) and table.tango:
            continue
        if (make := MAKERS.get(type(table))) is not None:
            address = {"name": f"bench/{bench.bench}/{name}".replace("_", "-"), "prefix": prefix}
            if (device := make(table, address, name=name, transport=transport)) is not None:
                made[name] = device
    return made
