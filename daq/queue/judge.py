"""Holds what somebody asks for against what the group may: allowed, refused, or to be approved first; says why.

=================  =================================================  ================================================
looked at          by the manager, when an item comes                 by the worker, before the plan's first message
=================  =================================================  ================================================
plan               its name                                           its name, and that of a run that it resumes
parameters         as they were submitted                             as they are bound
devices            -                                                  those in the arguments, as the station knows them
where they go      -                                                  each move that was foreseen
=================  =================================================  ================================================

The manager has no devices: what only the worker can see, the worker refuses, whatever client it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from beam.access import Group, Limit, matches


@dataclass(frozen=True)
class Asked:
    """What would be done.

    Attributes
    ----------
    plans
        Names: of the plan, and of what it stands for.
    parameters
        Arguments by the names of the plan's parameters.
    devices
        Those in the arguments, by the names that users have for them (``dcm.bragg``).
    moves
        Where devices go, by the same names: lowest and highest.
    unforeseen
        Devices that a plan has which could not be seen to its end.
    """

    plans: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    moves: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    unforeseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """Why something is refused, and why it has to be approved; neither where it may just be done."""

    refused: tuple[str, ...]
    approval: tuple[str, ...]


def judge(group: Group, asked: Asked) -> Verdict:
    """Return what a group's rules say of it."""
    refused: list[str] = []
    approval: list[str] = []
    for plan in asked.plans:
        if not matches(plan, group.plans) or matches(plan, group.not_plans):
            refused.append(f"the plan {plan}")
        if matches(plan, group.approval_plans):
            approval.append(f"the plan {plan}")
    for device in asked.devices:
        if not covers(device, group.devices) or covers(device, group.not_devices):
            refused.append(f"the device {device}")
        if covers(device, group.approval_devices):
            approval.append(f"the device {device}")
    for limit in group.limit:
        (refused if limit.beyond == "refused" else approval).extend(_beyond(limit, asked))
    return Verdict(tuple(dict.fromkeys(refused)), tuple(dict.fromkeys(approval)))


def covers(device: str, patterns: Iterable[str]) -> bool:
    """Return whether a pattern names a device, or what it is a part of."""
    parts = device.split(".")
    return any(matches(".".join(parts[: n + 1]), list(patterns)) for n in range(len(parts)))


def _beyond(limit: Limit, asked: Asked) -> Iterator[str]:
    if limit.parameter is not None:
        if limit.parameter in asked.parameters and any(matches(one, limit.plans) for one in asked.plans):
            for value in _numbers(asked.parameters[limit.parameter]):
                if not _within(limit, value):
                    yield f"{limit.parameter} = {value:g} ({_range(limit)})"
        return
    assert limit.device is not None
    for device, ends in asked.moves.items():
        if covers(device, [limit.device]):
            for value in _numbers(ends):
                if not _within(limit, value):
                    yield f"{device} at {value:g} ({_range(limit)})"
    if any(covers(one, [limit.device]) for one in asked.unforeseen):
        yield f"{limit.device}, which moves by what is measured ({_range(limit)})"


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _numbers(one)
    elif isinstance(value, Real) and not isinstance(value, bool):
        yield float(value)


def _within(limit: Limit, value: float) -> bool:
    # what is no number lies within nothing
    return (limit.low is None or value >= limit.low) and (limit.high is None or value <= limit.high)


def _range(limit: Limit) -> str:
    low = "" if limit.low is None else f"{limit.low:g} "
    high = "" if limit.high is None else f" {limit.high:g}"
    return f"{low}…{high}"


def bound(description: Mapping[str, Any], args: Iterable[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return submitted arguments by the names of the parameters, as the manager's description of a plan has them."""
    args = list(args)
    in_order = [one for one in description.get("parameters", ()) if one["kind"]["name"].startswith("POSITIONAL")]
    if in_order and in_order[0]["name"] == "detectors" and not (args and isinstance(args[0], list)):
        in_order = in_order[1:]  # left out, as on the command line
    return {**dict(zip((one["name"] for one in in_order), args, strict=False)), **kwargs}
