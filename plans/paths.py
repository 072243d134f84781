"""Paths to fly along: lines, rasters, spirals, and what scanspec says; each as stretches of gates.

A point is the middle of its gate: the gates of a line from 0 to 1 with 11 points reach from -0.05 to 1.05.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from beam.errors import TerasuError
from beam.trajectory import Stretch

Floats: TypeAlias = npt.NDArray[np.float64]

MOST_POINTS = 5_000_000


class BadPath(TerasuError):
    """Arguments that make no path."""


def line(
    key: str, start: float, stop: float, num: int, gate_s: float, also: Mapping[str, float] | None = None
) -> Stretch:
    """Return `num` gates around equally distant points from `start` to `stop`, other axes standing at `also`."""
    _check(num, gate_s, start, stop)
    if num == 1:
        raise BadPath(f"{key}: num = 1: a line on the fly has 2 points or more")
    half = 0.5 * (stop - start) / (num - 1)
    edges: Floats = np.linspace(start - half, stop + half, num + 1)
    # views of one number each: a line may have millions of points
    still = {name: np.broadcast_to(float(at), num + 1) for name, at in (also or {}).items()}
    return Stretch({key: edges, **still}, np.broadcast_to(gate_s, num))


def raster(
    x: tuple[str, float, float, int], y: tuple[str, float, float, int], gate_s: float, *, snake: bool = True
) -> list[Stretch]:
    """Return lines along x, one for each y: each as key, start, stop and number of points."""
    key, start, stop, num = x
    up, low, high, rows = y
    _check(rows, gate_s, low, high)
    _check(num * rows, gate_s, 0.0, 0.0)
    found: list[Stretch] = []
    for number, at in enumerate(np.linspace(low, high, rows).tolist() if rows > 1 else [float(low)]):
        one = line(key, start, stop, num, gate_s, {up: at})
        found.append(one.reversed() if snake and number % 2 else one)
    return found


def spiral(x: tuple[str, float], y: tuple[str, float], radius: float, pitch: float, gate_s: float) -> Stretch:
    """Return gates of equal way along an Archimedean spiral from the middle (key and place of each axis) outwards.

    Parameters
    ----------
    x, y
        Key and middle of each axis.
    radius
        Of the last turn.
    pitch
        Distance of turns, and of points along the way.
    gate_s
        Of each gate.
    """
    _check(1, gate_s, radius, pitch)
    if not 0 < pitch <= radius:
        raise BadPath(f"spiral: pitch {pitch:g}, radius {radius:g}: pitch must be above 0, and radius no less")
    per_turn = pitch / (2 * math.pi)
    # of r = per_turn φ, the way is per_turn φ²/2 but for the first turn: there, points lie a little closer
    gates = int(0.5 * per_turn * (radius / per_turn) ** 2 / pitch)
    _check(max(gates, 1), gate_s, radius, pitch)
    way = (np.arange(gates + 1) + 0.5) * pitch
    angle: Floats = np.sqrt(2 * way / per_turn)
    positions = {
        x[0]: x[1] + per_turn * angle * np.cos(angle),
        y[0]: y[1] + per_turn * angle * np.sin(angle),
    }
    return Stretch(positions, np.full(gates, gate_s))


def of_spec(spec: Any, key_of: Callable[[Any], str], gate_s: float | None) -> list[Stretch]:
    """Return the path that a scanspec value says: ``Fly(0.01 @ (Linspace(y, …) * ~Linspace(x, …)))``.

    Parameters
    ----------
    spec
        A ``scanspec.specs.Spec``; its axes are devices, or their names.
    key_of
        Tells the flyer's key of such an axis.
    gate_s
        How long each gate lasts, where the spec does not say.

    Raises
    ------
    BadPath
        If it says no duration, and `gate_s` is not given, or has no bounds.
    """
    from scanspec.core import Path  # pyright: ignore[reportMissingTypeStubs]  # whoever has a spec has it

    core: Any = Path(spec.calculate(bounds=True)).consume()
    lower, upper = core.lower, core.upper
    keys = {axis: key_of(axis) for axis in core.axes()}
    count = len(core)
    if getattr(core, "duration", None) is not None and not np.isnan(core.duration).any():
        lasts: Floats = np.asarray(core.duration, dtype=np.float64)
    elif gate_s is None:
        raise BadPath("spec: says no duration of its points; write Fly(0.01 @ spec), or give gate_s")
    else:
        lasts = np.full(count, gate_s)
    _check(count, float(np.min(lasts)), 0.0, 0.0)
    breaks = [n for n in range(1, count) if core.gap[n]]
    found: list[Stretch] = []
    for first, last in zip([0, *breaks], [*breaks, count], strict=True):
        edges = {
            key: np.concatenate((lower[axis][first:last], upper[axis][last - 1 : last])) for axis, key in keys.items()
        }
        found.append(Stretch(edges, lasts[first:last]))
    return found


def _check(points: int, gate_s: float, *places: float) -> None:
    if not all(math.isfinite(one) for one in places):
        raise BadPath("positions must be numbers")
    if not 1 <= points <= MOST_POINTS:
        raise BadPath(f"{points} points: 1 … {MOST_POINTS} are allowed")
    if not (math.isfinite(gate_s) and gate_s > 0):
        raise BadPath(f"gate_s {gate_s:g} s: must be more than 0")


def key_finder(flyer: Any) -> Callable[[Any], str]:
    """Return what tells a flyer's key of an axis, given as a device, by its name or by its key."""

    def key_of(axis: Any) -> str:
        for key, one in flyer.axes.items():
            if axis in (one, one.name, key):
                return key
        return flyer.key_of(axis)

    return key_of


def count_of(stretches: Sequence[Stretch]) -> int:
    """Return how many gates there are."""
    return sum(len(one) for one in stretches)
