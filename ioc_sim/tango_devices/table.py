"""Which simulated devices of a beamline can be Tango devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from beam import facts
from beam.address import Addressed
from beam.errors import ConfigError
from ioc_sim.tango_devices import undulator
from ioc_sim.tango_devices.face import Face

FACES: dict[type[facts.Facts], Callable[[Any, Any], Face]] = {
    facts.PlanarUndulator: undulator.face,
}
"""By the kind of device."""


def faces_of(beamline: facts.Beamline, groups: Mapping[str, Any]) -> list[Face]:
    """Return the faces of those devices that the configuration gives a Tango address.

    Raises
    ------
    ConfigError
        If one of them is of a kind that the simulator shows over Channel Access only.
    """
    found: list[Face] = []
    for name, device in beamline.devices.items():
        addressed = {key: one for key, one in ((name, device), *_parts(name, device)) if isinstance(one, Addressed)}
        if not (tango := [key for key, one in addressed.items() if one.tango]):
            continue
        if type(device) not in FACES:
            raise ConfigError(
                f"devices.{tango[0]}.tango: a {device.kind} is simulated over EPICS only; give its prefix"
            )
        found.append(FACES[type(device)](device, groups[name]))
    return found


def _parts(name: str, device: facts.Facts) -> list[tuple[str, Any]]:
    return [(f"{name}.{key}", getattr(device, key)) for key in type(device).model_fields]
