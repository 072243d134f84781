"""Where everything is: what `wa` and `wm` print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from beam.errors import TerasuError
from beamlines import DeviceTree
from devices.filters import Transmission


def axes(tree: DeviceTree) -> list[Any]:
    """Return all that has a position, each once: the station's devices first, then what they consist of."""
    found: dict[int, Any] = {}
    for one in [*tree.devices.values(), *(part for device in tree.devices.values() for part in _parts(device))]:
        if is_axis(one):
            found.setdefault(id(one), one)
    return list(found.values())


def is_axis(device: Any) -> bool:
    """Return whether it has a position and can be moved, whether or not it answers now."""
    # words have no digits and no order, and a transmission is one at the present energy only
    other = getattr(device, "by_words", False) or isinstance(device, Transmission)
    return hasattr(type(device), "position") and hasattr(device, "set") and not other


def independent(tree: DeviceTree) -> list[Any]:
    """Return the axes without those that another one moves: these two, moved at once, would fight.

    Where two move the same ones, as centre and size of slits do, it is these that are returned.
    """
    drivers = Counter(id(part) for one in axes(tree) for part in getattr(one, "parts", {}).values())
    rivals = {
        id(one) for one in axes(tree) if any(drivers[id(part)] > 1 for part in getattr(one, "parts", {}).values())
    }
    return [one for one in axes(tree) if id(one) not in rivals and drivers[id(one)] != 1]


def _parts(device: Any) -> Iterator[Any]:
    for part in dict(getattr(device, "parts", {})).values():
        yield part
        yield from _parts(part)


def moving(tree: DeviceTree) -> list[str]:
    """Return in words what moves now, by whoever's command."""
    found: list[str] = []
    for one in axes(tree):
        try:
            if one.moving:
                found.append(f"{one.name} at {position(one)} {one.unit}".rstrip())
        except TerasuError:
            continue
    return found


def position(device: Any, value: float | None = None) -> str:
    """Return a position with the digits that the device has."""
    return f"{device.position if value is None else value:.{int(getattr(device, 'precision', 4))}f}"


def all_lines(tree: DeviceTree) -> list[str]:
    """Return a row for each axis, then one for every other device: shutters, detectors, the ring."""
    rows = [("", "position", "unit", "low", "high", "state")]
    rows += [_row(one) for one in axes(tree)]
    found = _table(rows)
    width = max(map(len, tree.devices), default=0)
    others = [(key, one) for key, one in tree.devices.items() if not is_axis(one) and hasattr(one, "stated")]
    return found + [""] + [f"  {key:<{width}}  {_state(one)}" for key, one in others]


def lines_of(devices: Iterable[Any]) -> list[str]:
    """Return all about some devices."""
    found: list[str] = []
    for one in devices:
        found.append(f"{one.name}  {_state(one)}" if hasattr(one, "stated") else str(one.name))
        if not is_axis(one):
            continue
        try:
            low, high = one.limits
            wanted = one.locate()["setpoint"]
            found.append(f"  at       {position(one)} {one.unit}".rstrip())
            found.append(f"  asked    {position(one, wanted)} {one.unit}".rstrip())
            found.append(f"  allowed  {low:.9g} … {high:.9g} {one.unit}".rstrip())
        except TerasuError as error:
            found.append(f"  {error}")
    return found


def _row(one: Any) -> tuple[str, ...]:
    try:
        low, high = one.limits
        return one.name, position(one), one.unit, f"{low:.6g}", f"{high:.6g}", one.stated().state.value
    except TerasuError:
        return one.name, "—", str(getattr(one, "unit", "")), "", "", "does not answer"


def _state(one: Any) -> str:
    try:
        stated = one.stated()
    except TerasuError as error:
        return str(error)
    return f"{stated.state.value:<8}  {stated.text}"


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(
            text.ljust(width) if n in (0, 2, 5) else text.rjust(width)
            for n, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
