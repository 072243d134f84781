"""How several axes are moved along a path in time, gate by gate, within the speed and acceleration of each.

A path is given as stretches: gates one after the other without a gap, each with the positions of the axes at its
edges. Before the first and behind the last, and between two stretches, the axes go on straight at the speed of the
neighbouring gate for long enough to be up to speed (run-up, run-down), and from there straight to the next stretch.
That polyline P(t) is then averaged over a window τ,

    S(t) = 1/τ ∫ P dt from t - τ/2 to t + τ/2,

which leaves straight parts as they are and turns each corner into a stretch of constant acceleration Δv/τ: τ is
the shortest window in which no axis exceeds its acceleration. Gates are made by time, so where speeds change between
two gates only the positions differ from the polyline's, by at most Δv τ/8, and positions are read back anyway.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from beam.errors import OutOfReach

Floats: TypeAlias = npt.NDArray[np.float64]

SHORTEST_S = 0.002
"""A window is at least as long: no drive follows faster."""
TRAVEL_SHARE = 0.9
"""Of its full speed, that an axis takes between stretches."""
MARGIN = 0.98
"""Of its acceleration, that an axis takes."""
PARTS = 8
"""Into which each corner is divided."""
MOST_EDGES = 4000
"""A curved stretch of more gates is followed through as many points."""
STRAIGHT_REL = 1e-9
"""How far off a straight line a stretch may be, of its length, to count as one."""


class Pace(NamedTuple):
    """What an axis can do: limits, full speed, seconds to reach it; `name` and `unit` are for messages."""

    name: str
    unit: str
    low: float
    high: float
    velocity: float
    acceleration_s: float

    @property
    def acceleration(self) -> float:
        """In units/s²; infinite where it is at full speed at once."""
        return self.velocity / self.acceleration_s if self.acceleration_s > 0 else math.inf


@dataclass(frozen=True)
class Stretch:
    """Gates one after the other.

    Attributes
    ----------
    positions
        By axis, where it is at the edges of the gates, shape (n + 1,).
    gate_s
        How long each gate lasts, shape (n,).
    """

    positions: Mapping[str, Floats]
    gate_s: Floats

    def __len__(self) -> int:
        return len(self.gate_s)

    @property
    def edges_s(self) -> Floats:
        """When the gates begin and end, the first at 0, shape (n + 1,)."""
        edges: Floats = np.concatenate(([0.0], np.cumsum(self.gate_s)))
        if len(self) and np.ptp(self.gate_s) == 0:
            edges = np.arange(len(self) + 1) * self.gate_s[0]  # no sum of a million roundings
        return edges

    def reversed(self) -> Stretch:
        """Return it from its end to its beginning."""
        return Stretch({key: one[::-1] for key, one in self.positions.items()}, self.gate_s[::-1])

    def after(self, gates: int) -> Stretch:
        """Return it without its first `gates`."""
        return Stretch({key: one[gates:] for key, one in self.positions.items()}, self.gate_s[gates:])


class GateRow(NamedTuple):
    """Gates of equal length one after the other: when the first begins, how long each lasts (s), how many."""

    start_s: float
    step_s: float
    number: int


@dataclass(frozen=True)
class Trajectory:
    """What a controller needs: a table of points to go through, straight from one to the next, and the gates.

    Attributes
    ----------
    times
        Of the points in s, from 0, shape (k,).
    positions
        By axis, shape (k,).
    gates
        On the same time.
    window_s
        The window of the average: how long a change of speed takes.
    """

    times: Floats
    positions: Mapping[str, Floats]
    gates: Sequence[GateRow]
    window_s: float

    @property
    def duration_s(self) -> float:
        """From the first point to the last."""
        return float(self.times[-1])

    @property
    def number(self) -> int:
        """How many gates there are."""
        return sum(row.number for row in self.gates)


def after(stretches: Sequence[Stretch], gates: int) -> list[Stretch]:
    """Return what is left of a path without its first `gates`."""
    rest: list[Stretch] = []
    for one in stretches:
        if gates < len(one):
            rest.append(one.after(gates) if gates else one)
        gates = max(gates - len(one), 0)
    return rest


def plan(stretches: Sequence[Stretch], paces: Mapping[str, Pace], settle_s: float = 0.01) -> Trajectory:
    """Return the trajectory that makes all gates.

    Parameters
    ----------
    stretches
        At least one, each of one gate or more, all with the same axes.
    paces
        What each axis can do.
    settle_s
        How long the axes run steadily before the first gate of a stretch and behind its last.

    Raises
    ------
    OutOfReach
        A gate that is too fast for an axis, or a point, run-up and run-down included, that is beyond its limits;
        says what would do.
    """
    for number, one in enumerate(stretches, 1):
        check_speed(one, paces, f"stretch {number}" if len(stretches) > 1 else "")
    axes = list(stretches[0].positions)
    limits = np.array([paces[key].acceleration for key in axes])
    window = SHORTEST_S
    thinned = [_thinned(one, axes) for one in stretches]  # once: a stretch may have millions of gates
    for _ in range(100):
        times, places, edges = _polyline(stretches, thinned, axes, paces, window, settle_s)
        needed = _most_needed(times, places, window, limits) / MARGIN
        if needed <= 1.0:
            break
        window *= min(max(needed, 1.02), 2.0)
    else:
        raise OutOfReach("no window was found in which all axes keep within their accelerations")
    knots = _knots(times, places, window)
    smooth = _averaged(times, places, knots, window)
    begin = knots[0]
    found = {key: smooth[:, n] for n, key in enumerate(axes)}
    for key, one in found.items():
        _check_limits(paces[key], one, knots - begin)
    rows = [row for start, one in zip(edges, stretches, strict=True) for row in _rows(one, start - begin)]
    return Trajectory(knots - begin, found, rows, window)


def check_speed(stretch: Stretch, paces: Mapping[str, Pace], where: str = "") -> None:
    """Refuse gates in which an axis would be faster than it can.

    Raises
    ------
    OutOfReach
        Says how long the gates must last.
    """
    for key, positions in stretch.positions.items():
        pace = paces[key]
        speed = np.abs(np.diff(positions)) / stretch.gate_s
        if not np.isfinite(speed).all():
            raise OutOfReach(f"{pace.name}: positions and gates must be numbers, and gates longer than 0 s")
        gate = int(np.argmax(speed))
        if speed[gate] > pace.velocity * (1 + 1e-9):
            longer = math.ceil(1e6 * stretch.gate_s[gate] * speed[gate] / pace.velocity - 1e-6) / 1e6
            raise OutOfReach(
                f"{pace.name}: gate {gate + 1}{where and f' of {where}'} would take {speed[gate]:.4g} {pace.unit}/s, "
                f"{pace.velocity:.4g} {pace.unit}/s is its limit: gates of {longer:.6g} s or longer would do"
            )


def _check_limits(pace: Pace, positions: Floats, times: Floats) -> None:
    slack = 1e-9 * max(abs(pace.low), abs(pace.high), 1.0)
    for worst, beyond in (
        (int(np.argmin(positions)), float(np.min(positions)) < pace.low - slack),
        (int(np.argmax(positions)), float(np.max(positions)) > pace.high + slack),
    ):
        if beyond:
            raise OutOfReach(
                f"{pace.name}: the trajectory goes to {positions[worst]:.6g} {pace.unit} at {times[worst]:.3f} s of "
                f"{times[-1]:.3f} s, run-up and run-down included; allowed {pace.low:.6g} … {pace.high:.6g} {pace.unit}"
            )


def _rows(stretch: Stretch, start_s: float) -> list[GateRow]:
    gates, edges = stretch.gate_s, stretch.edges_s
    changes = np.flatnonzero(np.diff(gates) != 0) + 1
    firsts = [0, *changes.tolist(), len(gates)]
    return [
        GateRow(float(start_s + edges[first]), float(gates[first]), last - first) for first, last in pairwise(firsts)
    ]


def _polyline(
    stretches: Sequence[Stretch],
    thinned: Sequence[tuple[Floats, Floats]],
    axes: Sequence[str],
    paces: Mapping[str, Pace],
    window: float,
    settle_s: float,
) -> tuple[Floats, Floats, list[float]]:
    """Return corners in time and place, shapes (k,) and (k, axes), and when each stretch begins; the first at 0."""
    run_s = window / 2 + settle_s
    fast = np.array([TRAVEL_SHARE * paces[key].velocity for key in axes])
    times: list[Floats] = []
    places: list[Floats] = []
    begins: list[float] = []
    now = 0.0
    for one, (edges, there) in zip(stretches, thinned, strict=True):
        gate_s, last_s = one.gate_s[0], one.gate_s[-1]
        ends = np.array([one.positions[key][[0, 1, -2, -1]] for key in axes]).T
        first = ends[0] - (ends[1] - ends[0]) / gate_s * run_s
        last = ends[3] + (ends[3] - ends[2]) / last_s * run_s
        if places:
            way = np.abs(first - places[-1][-1])
            now += max(window, float(np.max(way / fast)))
        begins.append(now + run_s)
        there_s = now + run_s + edges
        times.append(np.concatenate(([now], there_s, [there_s[-1] + run_s])))
        places.append(np.concatenate((first[np.newaxis], there, last[np.newaxis])))
        now = float(times[-1][-1])
    # before and behind, all stand
    wait = window
    t = np.concatenate(([times[0][0] - wait], *times, [now + wait]))
    p = np.concatenate((places[0][:1], *places, places[-1][-1:]))
    return t, p, begins


def _thinned(stretch: Stretch, axes: Sequence[str]) -> tuple[Floats, Floats]:
    """Return edges and positions of a stretch: two of a straight one, some of a long one, otherwise all."""
    edges = stretch.edges_s
    places = np.stack([stretch.positions[key] for key in axes], axis=1)
    way = places[-1] - places[0]
    straight = places[0] + np.outer(edges / edges[-1], way)
    size = np.maximum(np.max(np.abs(places), axis=0), 1.0)
    if np.all(np.abs(places - straight) <= STRAIGHT_REL * size):
        return edges[[0, -1]], places[[0, -1]]
    if len(stretch) > MOST_EDGES:
        some = np.unique(np.linspace(0, len(stretch), MOST_EDGES).round().astype(int))
        return edges[some], places[some]
    return edges, places


def _speeds(times: Floats, places: Floats) -> Floats:
    speeds: Floats = np.diff(places, axis=0) / np.diff(times)[:, np.newaxis]
    return speeds


def _most_needed(times: Floats, places: Floats, window: float, limits: Floats) -> float:
    """Return the highest acceleration that averaging over `window` leaves, as a share of what is allowed."""
    speeds = np.concatenate((np.zeros((1, places.shape[1])), _speeds(times, places), np.zeros((1, places.shape[1]))))
    at = np.concatenate((times - window / 2, times + window / 2))
    at = np.sort(np.concatenate((at, at + 1e-9 * window)))

    def speed(t: Floats) -> Floats:
        found: Floats = speeds[np.searchsorted(times, t, side="right")]
        return found

    needed = np.abs(speed(at + window / 2) - speed(at - window / 2)) / window
    return float(np.max(needed / limits))


def _knots(times: Floats, places: Floats, window: float) -> Floats:
    """Return the times of the table's points: all corners, and `PARTS` of each place where the speed changes much."""
    change = np.abs(np.diff(_speeds(times, places), axis=0))
    most = np.max(np.abs(_speeds(times, places)), axis=0)
    sharp = np.any(change > 0.01 * np.where(most > 0, most, np.inf), axis=1)
    around = window * np.linspace(-0.5, 0.5, PARTS + 1)
    corners = times[1:-1][sharp]
    knots = np.concatenate((times[1:-1], (corners[:, np.newaxis] + around).ravel()))
    knots = np.unique(knots)
    keep = np.concatenate(([True], np.diff(knots) > window / (8 * PARTS)))
    keep[-1] = True
    if not keep[-2] or knots[-1] - knots[keep][-2] <= 0:
        keep[-2] = False
    found: Floats = knots[keep]
    return found


def _averaged(times: Floats, places: Floats, at: Floats, window: float) -> Floats:
    """Return the polyline averaged over `window` around each time, shape (len(at), axes); exact."""
    steps = np.diff(times)
    sums = np.concatenate(
        (np.zeros((1, places.shape[1])), np.cumsum(0.5 * steps[:, np.newaxis] * (places[1:] + places[:-1]), axis=0))
    )
    speeds = _speeds(times, places)

    def integral(t: Floats) -> Floats:
        inside = np.clip(t, times[0], times[-1])
        row = np.clip(np.searchsorted(times, inside, side="right") - 1, 0, len(steps) - 1)
        since = (inside - times[row])[:, np.newaxis]
        found: Floats = sums[row] + places[row] * since + 0.5 * speeds[row] * since * since
        found += np.where((t < times[0])[:, np.newaxis], (t - times[0])[:, np.newaxis] * places[0], 0.0)
        found += np.where((t > times[-1])[:, np.newaxis], (t - times[-1])[:, np.newaxis] * places[-1], 0.0)
        return found

    averaged: Floats = (integral(at + window / 2) - integral(at - window / 2)) / window
    return averaged
