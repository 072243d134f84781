"""What of a device tree is exported, and under which names.

A device has the ``name`` of its configuration (``bl09u/dcm/bragg``) where that belongs to the beamline's own
``tango_domain`` and the device does not speak Tango itself: such a name is taken. Every other device is
``<domain>/<kind>/<device>``, a part of one ``<domain>/<device>/<part>``. A part that has the same name as its whole,
as the gap of an undulator, is one device with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from beam.errors import ConfigError
from beamlines import DeviceTree
from devices.commands import Commands

ENGINE = "daq/engine"


class Named(NamedTuple):
    """One Tango device: its name, the device behind it, and whose signals it shows."""

    name: str
    device: Any
    members: tuple[Any, ...]

    @property
    def tango_class(self) -> str:
        """The name of its Tango class: attributes of one class share their units and limits, so each has its own."""
        return f"{type(self.device).__name__}_{self.device.name}"


def domain_of(tree: DeviceTree) -> str:
    """Return the first field of the names."""
    return str(getattr(tree.facts, "tango_domain", tree.name)).lower()


def engine_name(tree: DeviceTree) -> str:
    """Return the name of the run engine's device."""
    return f"{domain_of(tree)}/{ENGINE}"


def named(tree: DeviceTree) -> list[Named]:
    """Return all that is exported of a tree, wholes before their parts.

    Raises
    ------
    ConfigError
        Two devices would have one name.
    """
    domain = domain_of(tree)
    stated = [one for one in tree.devices.values() if isinstance(one, Commands)]
    found: dict[str, Named] = {engine_name(tree): Named(engine_name(tree), None, ())}
    for one in (one for device in stated for one in _with_parts(device, domain)):
        if one.name in found:
            other = getattr(found[one.name].device, "name", "the engine")
            raise ConfigError(f"{tree.name}: {other} and {one.device.name} would both be {one.name} on Tango")
        found[one.name] = one
    return list(found.values())[1:]


def engine_class(tree: DeviceTree) -> str:
    """Return the class of that device."""
    return f"RunEngine_{tree.name}"


def classes(tree: DeviceTree) -> dict[str, str]:
    """Return the Tango class of each device that is exported, by the device's name."""
    return {**{one.name: one.tango_class for one in named(tree)}, engine_name(tree): engine_class(tree)}


def _with_parts(device: Any, domain: str) -> Iterator[Named]:
    whole, configured = device.parent is None, _configured(device, domain)
    group = (getattr(device, "kind_of_device", "") or device.name) if whole else device.parent.name
    # a part that its device made by itself has no attribute's name
    own = device.name if whole else device.attr_name or device.name.removeprefix(f"{device.parent.name}_")
    default = f"{domain}/{group}/{own}".lower()
    # an energy has axes for parts that are devices of their own
    parts = [one for one in device.parts.values() if getattr(one, "parent", None) is device]
    same = [one for one in parts if configured and _configured(one, domain) == configured]
    yield Named(configured or default, device, (device, *same))
    for part in parts:
        if part not in same:
            yield from _with_parts(part, domain)


def _configured(device: Any, domain: str) -> str:
    name = str(getattr(device, "tango_name", "")).lower()
    speaks_tango = "/" in str(getattr(device, "address", ""))
    return name if name.startswith(f"{domain}/") and not speaks_tango else ""
