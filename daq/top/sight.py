"""What there is to be seen of a station's devices, from what their servers sent last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from beam.errors import TerasuError
from beamlines import DeviceTree
from daq.shell.where import axes, position
from devices import IonChamber, RingStatus, Shutter, StationInterlock, Undulator, Valve
from devices.state import State

AWAY = "does not answer"
QUIET = frozenset({State.ON, State.STANDBY, State.OFF, State.OPEN, State.CLOSE, State.EXTRACT, State.INSERT})
"""States of an axis at rest."""


@dataclass(frozen=True)
class Seen:
    """One device: its name, its state, and a sentence."""

    name: str
    state: State
    text: str


@dataclass(frozen=True)
class Sight:
    """All devices, by what they are for; of the axes, what is not at rest comes first."""

    light: tuple[Seen, ...]
    gates: tuple[Seen, ...]
    optics: tuple[Seen, ...]
    detectors: tuple[Seen, ...]
    motion: tuple[Seen, ...]


def look(tree: DeviceTree) -> Sight:
    """Return what is to be seen now; asks no server."""
    moved = {id(one) for one in axes(tree)}
    light, gates, optics, detectors = list[Seen](), list[Seen](), list[Seen](), list[Seen]()
    for key, one in tree.devices.items():
        if isinstance(one, RingStatus | Undulator) or key == "energy":
            light.append(_axis(one) if id(one) in moved else _device(key, one))
        elif isinstance(one, Shutter | Valve | StationInterlock):
            gates.append(_device(key, one))
        elif id(one) not in moved and not _is_axes_only(one, moved) and hasattr(one, "stated"):
            detects = isinstance(one, IonChamber) or "detectors" in getattr(one, "_ophyd_labels_", ())
            (detectors if detects else optics).append(_device(key, one))
    motion = [_axis(one) for one in axes(tree) if one.name != "energy"]
    motion.sort(key=lambda one: one.state in QUIET)  # in their order otherwise
    light.sort(key=lambda one: one.name != "ring")
    return Sight(tuple(light), tuple(gates), tuple(optics), tuple(detectors), tuple(motion))


def _is_axes_only(device: Any, moved: set[int]) -> bool:
    """Return whether a device is nothing but its axes, which are shown by themselves."""
    parts = list(_parts(device))
    return bool(parts) and not hasattr(type(device), "preset_time") and all(id(one) in moved for one in parts)


def _parts(device: Any) -> Iterator[Any]:
    yield from dict(getattr(device, "parts", {})).values()


def _device(name: str, device: Any) -> Seen:
    """Return a device with its own sentence."""
    missing = getattr(device, "missing", None)
    if missing:
        return Seen(
            name, State.UNKNOWN, f"{AWAY}: {missing[0]}" + (f" and {len(missing) - 1} more" * bool(missing[1:]))
        )
    try:
        stated = device.stated()
    except TerasuError as error:
        return Seen(name, State.UNKNOWN, str(error))
    return Seen(name, stated.state, stated.text)


def _axis(device: Any) -> Seen:
    """Return an axis with where it is, and where it goes if it moves."""
    seen = _device(device.name, device)
    if seen.text.startswith(AWAY):
        return seen
    try:
        where = f"{position(device)} {device.unit}".rstrip()
        if seen.state is State.MOVING:
            where += f" → {position(device, float(device.locate()['setpoint']))}"
    except (TerasuError, TypeError, ValueError) as error:
        return Seen(seen.name, State.UNKNOWN, str(error))
    return Seen(seen.name, seen.state, where if seen.state in {*QUIET, State.MOVING} else f"{where}  {seen.text}")
