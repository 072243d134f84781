"""Which devices of a bench can be Tango devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from beam import bench_kinds as kinds
from beam.bench import Bench
from ioc_sim.tango_devices import area_detector, electrometer
from ioc_sim.tango_devices.face import Face

FACES: dict[type[Any], Callable[[str, Any, Any], Face]] = {
    kinds.Electrometers: electrometer.face,
    kinds.FileDetectors: area_detector.face,
}
"""By the kind of device; called with the device's Tango name, facts and group."""


def faces_of(bench: Bench, devices: Mapping[str, Any]) -> list[Face]:
    """Return the faces of those devices that have Tango names."""
    return [
        FACES[type(facts)](name, facts, devices[prefix])
        for facts in bench.devices.values()
        if isinstance(facts, kinds.Placed)
        for prefix, name in zip(facts.prefixes, facts.tango, strict=False)
    ]
