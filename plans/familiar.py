"""Counts and scans as users of SPEC and Sardana ask for them: intervals rather than points, counting time last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import bluesky.plans
from bluesky.protocols import Movable
from bluesky.utils import MsgGenerator

from plans.energy_scan import BadScan
from plans.lean import lean_step
from plans.roles import Role
from plans.spectrum import preset

_untyped: Any = bluesky.plans
Metadata = Mapping[str, Any] | None
Detectors = Annotated[Sequence[Any], Role("detectors")]


def ct(dwell_s: float = 1.0, *, detectors: Detectors, md: Metadata = None) -> MsgGenerator[str]:
    """Count once for `dwell_s` seconds, with the shutters as they are."""
    return (yield from _run(_untyped.count(detectors, 1, md=_named("ct", md)), detectors, dwell_s))


def ascan(
    motor: Movable[Any],
    start: float,
    stop: float,
    intervals: int,
    dwell_s: float = 1.0,
    *,
    detectors: Detectors,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan `motor` from `start` to `stop`, both included, in `intervals` steps: one point more than that."""
    plan = _untyped.scan(
        detectors, motor, start, stop, num=_points(intervals), per_step=lean_step, md=_named("ascan", md)
    )
    return (yield from _run(plan, detectors, dwell_s))


def dscan(
    motor: Movable[Any],
    start: float,
    stop: float,
    intervals: int,
    dwell_s: float = 1.0,
    *,
    detectors: Detectors,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan as `ascan` does, relative to where `motor` is, and go back there."""
    plan = _untyped.rel_scan(
        detectors, motor, start, stop, num=_points(intervals), per_step=lean_step, md=_named("dscan", md)
    )
    return (yield from _run(plan, detectors, dwell_s))


def a2scan(
    motor1: Movable[Any],
    start1: float,
    stop1: float,
    motor2: Movable[Any],
    start2: float,
    stop2: float,
    intervals: int,
    dwell_s: float = 1.0,
    *,
    detectors: Detectors,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan two motors together, on a straight line."""
    plan = _untyped.scan(
        detectors,
        *(motor1, start1, stop1),
        *(motor2, start2, stop2),
        num=_points(intervals),
        per_step=lean_step,
        md=_named("a2scan", md),
    )
    return (yield from _run(plan, detectors, dwell_s))


def mesh(
    motor1: Movable[Any],
    start1: float,
    stop1: float,
    intervals1: int,
    motor2: Movable[Any],
    start2: float,
    stop2: float,
    intervals2: int,
    dwell_s: float = 1.0,
    *,
    detectors: Detectors,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan `motor1` at each position of `motor2`."""
    plan = _untyped.grid_scan(
        detectors,
        *(motor2, start2, stop2, _points(intervals2)),
        *(motor1, start1, stop1, _points(intervals1)),
        per_step=lean_step,
        md=_named("mesh", md),
    )
    return (yield from _run(plan, detectors, dwell_s))


def _run(plan: MsgGenerator[str], detectors: Sequence[Any], dwell_s: float) -> MsgGenerator[str]:
    if dwell_s <= 0:
        raise BadScan(f"counting time {dwell_s:g} s: must be more than 0")
    yield from preset(detectors, dwell_s)
    return (yield from plan)


def _points(intervals: int) -> int:
    if intervals < 1:
        raise BadScan(f"{intervals} intervals: must be 1 or more")
    return intervals + 1


def _named(name: str, md: Metadata) -> dict[str, Any]:
    return {"plan_name": name, **(md or {})}
