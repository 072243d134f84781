"""What a gate unit has been told to do: a table of points to go through, and the gates; checked as a whole.

Between two points all axes go straight. Gates are made on the trajectory's own time, or where an axis passes positions
(position compare): of each row of the gates' table, `number` gates of `step` from `start` on, in s or in the axis's
unit, a negative step where the axis passes downwards. Rows follow one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from beam.axis import LineAxis
from beam.gate_kinds import GateUnit
from ioc_sim.errors import Refused

Floats: TypeAlias = npt.NDArray[np.float64]

LONGEST_S = 1e5
MOST_GATES = 10_000_000
ROUNDING = 1e-6


@dataclass(frozen=True)
class Program:
    """A flight that can be made.

    Attributes
    ----------
    times
        Of the points (s), from 0 on.
    positions
        By axis that takes part.
    begin, end
        When each gate begins and ends (s).
    """

    times: Floats
    positions: Mapping[str, Floats]
    begin: Floats
    end: Floats

    @property
    def duration_s(self) -> float:
        """From the first point to the last."""
        return float(self.times[-1])

    def demanded(self, key: str, at: Floats | float) -> Floats:
        """Return where an axis is to be at a time, or at several."""
        found: Floats = np.asarray(np.interp(at, self.times, self.positions[key]))
        return found


def build(
    facts: GateUnit,
    axes: Mapping[str, LineAxis],
    times: Floats,
    positions: Mapping[str, Floats],
    rows: Sequence[tuple[float, float, int]],
    compare: str | None = None,
) -> Program:
    """Check what was put, and return it as a program.

    Parameters
    ----------
    facts
        Of the unit.
    axes
        All that are wired to it.
    times, positions
        The table of points.
    rows
        The table of gates: start, step, number.
    compare
        The axis whose positions make the gates; None for the trajectory's time.

    Raises
    ------
    Refused
        What cannot be done, and what could be.
    """
    if not positions:
        raise Refused(f"{facts.label}: no axis is used")
    if len(times) < 2 or not np.isfinite(times).all() or times[0] != 0 or not (np.diff(times) > 0).all():
        raise Refused(f"{facts.label}: Times must rise from 0, and be two or more; there are {len(times)}")
    if times[-1] > LONGEST_S:
        raise Refused(f"{facts.label}: the trajectory takes {times[-1]:g} s; {LONGEST_S:g} s is allowed")
    for key, one in positions.items():
        _check_axis(axes[key], times, one)
    total = sum(number for *_, number in rows)
    if not 0 < total <= MOST_GATES or any(number < 1 for *_, number in rows):
        raise Refused(f"{facts.label}: {total} gates; 1 … {MOST_GATES} are allowed")
    program = Program(times, positions, np.empty(0), np.empty(0))
    if compare is not None and compare not in positions:
        raise Refused(f"{facts.label}: {compare} is to make the gates, but takes no part")
    begin: list[Floats] = []
    end: list[Floats] = []
    now = 0.0
    for start, step, number in rows:
        edges: Floats = start + step * np.arange(number + 1, dtype=np.float64)
        if compare is not None:
            edges = _passing(facts, program, compare, edges, now)
        if not (np.diff(edges) >= facts.shortest_gate_s * (1 - ROUNDING)).all():
            shortest = float(np.min(np.diff(edges)))
            raise Refused(f"{facts.label}: a gate of {shortest:.4g} s; {facts.shortest_gate_s:g} s is the shortest")
        if edges[0] < now - ROUNDING * facts.shortest_gate_s or edges[-1] > times[-1] + ROUNDING:
            raise Refused(
                f"{facts.label}: gates from {edges[0]:.6g} to {edges[-1]:.6g} s; the trajectory, or what is left of it "
                f"behind the gates before, goes from {now:.6g} to {times[-1]:.6g} s"
            )
        begin.append(edges[:-1])
        end.append(edges[1:])
        now = float(edges[-1])
    return Program(times, positions, np.concatenate(begin), np.concatenate(end))


def _check_axis(axis: LineAxis, times: Floats, positions: Floats) -> None:
    facts = axis.facts
    if len(positions) != len(times) or not np.isfinite(positions).all():
        raise Refused(f"{axis.name}: {len(positions)} positions for {len(times)} times")
    low, high = float(np.min(positions)), float(np.max(positions))
    slack = facts.tolerance
    if low < facts.low - slack or high > facts.high + slack:
        raise Refused(
            f"{axis.name}: the trajectory goes from {low:.6g} to {high:.6g} {facts.unit}; "
            f"{facts.low:.6g} … {facts.high:.6g} {facts.unit} is allowed"
        )
    speed = float(np.max(np.abs(np.diff(positions) / np.diff(times))))
    if speed > facts.velocity * (1 + 1e-3):
        raise Refused(
            f"{axis.name}: the trajectory takes {speed:.4g} {facts.unit}/s; "
            f"{facts.velocity:.4g} {facts.unit}/s is allowed"
        )


def _passing(facts: GateUnit, program: Program, key: str, edges: Floats, after_s: float) -> Floats:
    """Return when an axis passes positions, in one go, after a time; it runs `lag_s` behind."""
    sign = 1.0 if edges[-1] > edges[0] else -1.0
    wanted = sign * edges
    times = program.times + facts.lag_s
    there = sign * program.positions[key]
    for first in np.flatnonzero((there[:-1] <= wanted[0]) & (wanted[0] < there[1:]) & (times[1:] > after_s)).tolist():
        falls = np.flatnonzero(np.diff(there[first:]) <= 0)
        last = first + (int(falls[0]) if len(falls) else len(there) - 1 - first)
        if there[last] >= wanted[-1]:
            found: Floats = np.interp(wanted, there[first : last + 1], times[first : last + 1])
            return found
    raise Refused(f"{facts.label}: {key} never passes from {edges[0]:.6g} to {edges[-1]:.6g} in one go")
