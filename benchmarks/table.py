"""Measures rows in turn, round after round, and prints them as ratios to the reference of the same round."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil


@dataclass
class Row:
    """One thing that is measured.

    Parameters
    ----------
    name
        What the reader of the table sees.
    measure
        Runs it once and returns seconds, or what `unit` says.
    goal
        Upper bound aimed at: a ratio to the reference, or a number of `unit` where `absolute`.
    against
        The row that the ratio is taken to, if not the reference.
    unit
        Of what is measured.
    """

    name: str
    measure: Callable[[], float]
    goal: float | None = None
    absolute: bool = False
    against: Row | None = None
    unit: str = "s"
    measured: list[float] = field(default_factory=list)


def interleave(rows: list[Row], rounds: int, *, warm_up: bool = True) -> None:
    """Measure every row once a round, so that a machine that slows down slows all rows alike.

    The first round warms up and is not counted, unless `warm_up` is false.
    """
    for number in range(rounds + warm_up):
        for row in rows:
            taken = row.measure()
            if number >= warm_up:
                row.measured.append(taken)


def ratio_of(row: Row, reference: Row) -> float:
    """Return the ratio to the row's own reference, the median of those of each round."""
    base = (row.against or reference).measured
    return statistics.median(a / b for a, b in zip(row.measured, base, strict=True))


def show(rows: list[Row], reference: Row) -> str:
    """Return the table: median, spread, ratio to the reference round by round, goal."""
    lines = [
        f"{platform.python_implementation()} {platform.python_version()}, {psutil.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}; load {psutil.getloadavg()[0]:.1f}; "
        f"n = {len(reference.measured)} rounds, interleaved",
        f"{'row':<72} {'median':>9} {'min':>8} {'max':>8}    {'ratio':>6} {'goal':>8}",
    ]
    for row in rows:
        median = statistics.median(row.measured)
        if row.absolute:
            ratio, met = "", row.goal is None or median <= row.goal
            goal = "" if row.goal is None else f"{row.goal:g} {row.unit}"
        else:
            value = ratio_of(row, reference)
            ratio, met = f"{value:.2f}", row.goal is None or value <= row.goal
            goal = "" if row.goal is None else f"{row.goal:g} x"
        mark = "" if row.goal is None else " met" if met else " MISSED"
        spread = f"{median:9.3f} {min(row.measured):8.3f} {max(row.measured):8.3f} {row.unit:<2}"
        lines.append(f"{row.name:<72} {spread} {ratio:>6} {goal:>8}{mark}")
    return "\n".join(lines)
