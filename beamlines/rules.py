"""From the interlocks of `config/` to rules over devices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ophyd import Device

from beam import interlock as rows
from beam.errors import ConfigError, UnknownName
from devices.axis import Axis
from devices.interlock import Interlocks, Need, Range, Rule
from devices.shutter import Shutter


def interlocks(station: str, table: Sequence[rows.Interlock], devices: Mapping[str, Device]) -> Interlocks:
    """Return the rules of a station, and tell its devices, which then hold to them however they are moved.

    Raises
    ------
    ConfigError
        A rule names a device that is not there, or asks of it what it cannot be; names the rule.
    """
    rules: list[Rule] = []
    for number, row in enumerate(table):
        where = f"{station}: interlock {number + 1}"
        moving = _find(where, row.moving, devices)
        if row.to is not None:
            restrained = _state(where, moving, row.to)
        else:
            restrained = _region(where, moving, row.above, row.below) if row.amounts else None
        rules.append(Rule(row.says, moving, restrained, tuple(_need(where, one, devices) for one in row.needs)))
    own = [rule for device in devices.values() for rule in getattr(device, "own_rules", ())]
    made = Interlocks(rules, own)
    for device in made.devices:
        device.interlocks = made
    return made


def _need(where: str, row: rows.Need, devices: Mapping[str, Device]) -> Need:
    device = _find(where, row.device, devices)
    if row.state is not None:
        return Need(device, _state(where, device, row.state))
    if row.at is None or row.within is None:
        return Need(device, _region(where, device, row.above, row.below))
    at, within = _number(where, device, row.at), _number(where, device, row.within)
    return Need(device, Range(f"at {at:g} ± {within:g} {device.unit}", None, at - within, at + within))


def _find(where: str, name: str, devices: Mapping[str, Device]) -> Any:
    head, *rest = name.split(".")
    if head not in devices:
        raise ConfigError(f"{where}: {UnknownName('device', head, devices)}")
    found: Any = devices[head]
    for attribute in rest:
        found = getattr(found, attribute, None)
    if not isinstance(found, Axis | Shutter):
        # what moves by other axes is moved past its rules when those are: they are what a rule must name
        raise ConfigError(f"{where}: {name} is neither an axis with a drive of its own nor a shutter or valve")
    return found


def _state(where: str, device: Any, state: str) -> Range:
    if not isinstance(device, Shutter):
        raise ConfigError(f"{where}: {device.name} is an axis; it is never {state}")
    return Range(state, state)


def _region(where: str, device: Any, above: rows.Amount | None, below: rows.Amount | None) -> Range:
    if above is not None:
        low = _number(where, device, above)
        return Range(f"above {low:g} {device.unit}", None, low, math.inf, ends_belong=False)
    assert below is not None
    high = _number(where, device, below)
    return Range(f"below {high:g} {device.unit}", None, -math.inf, high, ends_belong=False)


def _number(where: str, device: Any, amount: rows.Amount) -> float:
    if isinstance(device, Shutter) or amount.unit != device.unit:
        have = "opens and closes" if isinstance(device, Shutter) else f"is in {device.unit}"
        raise ConfigError(f"{where}: {device.name} {have}; {amount.value:g} {amount.unit} says nothing about it")
    return amount.value
