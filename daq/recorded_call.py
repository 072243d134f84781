"""What made a plan, as its runs record it (``call`` in the start document), and the plan made of it again."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from beam.errors import TerasuError
from beamlines import DeviceTree
from daq import plan_call
from daq.errors import Refused
from plans.regions import Region


class NotRecordable(TerasuError):
    """An argument that cannot be written down."""


def record(plan: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a call as JSON can say it, devices by name; None if that cannot be made again."""
    name = getattr(inspect.unwrap(plan), "__name__", "")
    if name not in plan_call.known_plans():
        return None
    try:
        return {"plan": name, "args": _said(list(args)), "kwargs": {key: _said(one) for key, one in kwargs.items()}}
    except NotRecordable:
        return None


def _said(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_said(one) for one in value]
    if isinstance(value, Mapping):
        return {"mapping": {str(key): _said(one) for key, one in value.items()}}
    if isinstance(value, Region):
        return {"region": asdict(value)}
    if hasattr(value, "read") and hasattr(value, "name"):
        return {"device": str(value.name)}
    raise NotRecordable(f"{value!r} cannot be written down")


def restore(call: Mapping[str, Any], tree: DeviceTree) -> tuple[Callable[..., Any], list[Any], dict[str, Any]]:
    """Return the plan that a record names, and its arguments at this station.

    Raises
    ------
    UnknownName
        There is no such plan any more.
    Refused
        The station has not the device that was used.
    """
    plan = plan_call.find(str(call["plan"]))
    args = [_meant(one, tree) for one in call["args"]]
    return plan, args, {key: _meant(one, tree) for key, one in call["kwargs"].items()}


def _meant(said: Any, tree: DeviceTree) -> Any:
    if isinstance(said, list):
        return [_meant(one, tree) for one in said]
    if not isinstance(said, dict):
        return said
    if "mapping" in said:
        return {key: _meant(one, tree) for key, one in said["mapping"].items()}
    if "region" in said:
        return Region(**said["region"])
    device = tree.find(said["device"])
    if device is None:
        raise Refused(f"{said['device']}, which the plan used, is not at {tree.name} any more")
    return device
