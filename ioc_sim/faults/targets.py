"""What faults can befall on a beamline, by the names of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ioc_sim.area_detector.group import AreaDetectorGroup
from ioc_sim.channels import Channel, Channels, LongText
from ioc_sim.groups.counter import CounterGroup
from ioc_sim.groups.mca import McaGroup
from ioc_sim.groups.motors import MotorsGroup
from ioc_sim.groups.spectrometer import SpectrometerGroup


def channels(served: Channels) -> dict[str, Channel]:
    """Return plain channels, no records' fields, by the names of their PVs; not those of the server about itself."""
    plain = {name: one for name, one in served.items() if isinstance(one, Channel) and not isinstance(one, LongText)}
    return {name: one for name, one in plain.items() if "SIM:" not in name}


def of_beamline(groups: Mapping[str, Any]) -> dict[str, Any]:
    """Return records and groups by name: `dcm.bragg`, `counter`, `shutter`, `undulator`."""
    found: dict[str, Any] = {}
    for name, group in groups.items():
        match group:
            case MotorsGroup():
                found |= {f"{name}.{key}": motor for key, motor in group.motors.items()}
            case AreaDetectorGroup():
                found |= group.targets
            case CounterGroup() | McaGroup():
                found[name] = group.record
                if isinstance(group, SpectrometerGroup) and group.mapping:
                    found[f"{name}.mapping"] = group.mapping
            case _:
                found[name] = group
    return found
