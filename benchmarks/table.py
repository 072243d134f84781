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
        Runs it once and returns seconds.
    goal
        Upper bound aimed at: a ratio to the reference, or seconds where `absolute`.
    against
        The row that the ratio is taken to, if not the reference.
    """

    name: str
    measure: Callable[[], float]
    goal: float | None = None
    absolute: bool = False
    against: Row | None = None
    seconds: list[float] = field(default_factory=list)


def interleave(rows: list[Row], rounds: int) -> None:
    """Measure every row once a round, so that a machine that slows down slows all rows alike.

    The first round warms up and is not counted.
    """
    for number in range(rounds + 1):
        for row in rows:
            taken = row.measure()
            if number:
                row.seconds.append(taken)


def show(rows: list[Row], reference: Row) -> str:
    """Return the table: median, spread, ratio to the reference round by round, goal."""
    lines = [
        f"{platform.python_implementation()} {platform.python_version()}, {psutil.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}; n = {len(reference.seconds)} rounds, interleaved",
        f"{'row':<66} {'median s':>9} {'min':>8} {'max':>8} {'ratio':>6} {'goal':>8}",
    ]
    for row in rows:
        median = statistics.median(row.seconds)
        if row.absolute:
            ratio, met = "", row.goal is None or median <= row.goal
            goal = "" if row.goal is None else f"{row.goal:g} s"
        else:
            base = (row.against or reference).seconds
            value = statistics.median(a / b for a, b in zip(row.seconds, base, strict=True))
            ratio, met = f"{value:.2f}", row.goal is None or value <= row.goal
            goal = "" if row.goal is None else f"{row.goal:g} x"
        mark = "" if row.goal is None else " met" if met else " MISSED"
        lines.append(
            f"{row.name:<66} {median:9.3f} {min(row.seconds):8.3f} {max(row.seconds):8.3f} {ratio:>6} {goal:>8}{mark}"
        )
    return "\n".join(lines)
