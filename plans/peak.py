"""Where the peak of a scan is, its dip, or its edge; refused where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beam.errors import TerasuError

FEWEST = 5
SIGNIFICANT = 5.0
"""How far a peak stands out of the noise, in standard deviations of a point."""
SHOULDER = 0.5
"""What of its height a peak stands above the higher of the scan's ends; a step stands above neither."""


class NoPeak(TerasuError):
    """A scan in which no peak and no dip can be told from the rest."""


class NoEdge(NoPeak):
    """A scan in which no edge can be told from the rest."""


SHARP = 0.4
"""Which part of a scan an edge takes at most from a quarter to three quarters of its height; a slope takes half."""


@dataclass(frozen=True)
class Edge:
    """A step between two levels.

    Attributes
    ----------
    cen
        Position of half height.
    width
        Distance of the positions of a quarter and three quarters of the height.
    height
        From the level at the lower end of the scan to that at its upper end; negative where it falls.
    """

    cen: float
    width: float
    height: float


@dataclass(frozen=True)
class Peak:
    """A peak over the straight line between the ends of the scan.

    Attributes
    ----------
    kind
        ``peak`` or ``dip``.
    peak
        Position of the highest (dip: lowest) point.
    cen
        Middle between the positions of half height.
    com
        Centre of mass of what lies above the line (dip: below).
    fwhm
        Distance of the positions of half height.
    height
        Of the highest point over the line; of a dip below it, as a positive number.
    """

    kind: str
    peak: float
    cen: float
    com: float
    fwhm: float
    height: float


def find_peak(x: Sequence[float], y: Sequence[float]) -> Peak:
    """Return the one peak or dip of a scan.

    The noise of a point is taken from the second differences (median of their absolutes, so that the peak itself
    counts for little); these have 6 times the variance of a point.

    Parameters
    ----------
    x, y
        Positions and what was measured there, in any order, in any units.

    Raises
    ------
    NoPeak
        Too few points; nothing that stands out; a maximum at the end of the scan; a step.
    """
    at, counted = _in_order(x, y)
    if len(at) < FEWEST or at[0] == at[-1]:
        raise NoPeak(f"no peak: {len(at)} points at different positions are too few, {FEWEST} are needed")
    few = max(1, len(at) // 8)
    ends = float(np.mean(counted[:few])), float(np.mean(counted[-few:]))
    places = float(np.mean(at[:few])), float(np.mean(at[-few:]))
    over = counted - (ends[0] + (ends[1] - ends[0]) * (at - places[0]) / (places[1] - places[0]))
    is_dip = -over.min() > over.max()
    if is_dip:
        over = -over
    top = int(np.argmax(over))
    height = float(over[top])
    above_shoulder = min(ends) - counted[top] if is_dip else counted[top] - max(ends)
    kind = "dip" if is_dip else "peak"
    noise = noise_of(counted)
    if height <= 0 or height < SIGNIFICANT * noise:
        raise NoPeak("no peak: nothing stands out of the noise")
    if top in (0, len(at) - 1):
        raise NoPeak(f"no peak: the {'lowest' if is_dip else 'highest'} point is the last at an end of the scan")
    if above_shoulder < SHOULDER * height:
        raise NoPeak("no peak: it is a step or a slope, higher at one end of the scan than at the other")
    left, right = _half(at, over, top, -1), _half(at, over, top, 1)
    if left is None or right is None:
        raise NoPeak(f"no peak: the {kind} does not come down to half its height within the scan")
    weight = np.clip(over, 0.0, None) * np.gradient(at)
    weight[(at < 2 * left - right) | (at > 2 * right - left)] = 0.0  # what lies further away is noise
    com = float(np.sum(weight * at) / np.sum(weight))
    return Peak(kind, float(at[top]), (left + right) / 2, com, right - left, height)


TIMES = 4
"""How often `find_centred_peak` looks again; each look leaves a fraction of the shift that is left."""


def find_centred_peak(x: Sequence[float], y: Sequence[float]) -> Peak:
    """Return the peak as `find_peak`, as a scan sees it that goes equally far to both sides of it.

    The tails of a peak that is not in the middle of its scan tilt the line between the scan's ends, and shift what is
    the middle above that line. So the longer side is cut to the length of the shorter, and the peak looked for anew.

    Raises
    ------
    NoPeak
        As `find_peak`.
    """
    at, counted = _in_order(x, y)
    found = find_peak(at.tolist(), counted.tolist())
    for _ in range(TIMES):
        reach = min(found.cen - at[0], at[-1] - found.cen)
        near = np.abs(at - found.cen) <= reach * (1 + 1e-9)
        try:
            found = find_peak(at[near].tolist(), counted[near].tolist())
        except NoPeak:  # too little is left on the shorter side
            break
    return found


def find_edge(x: Sequence[float], y: Sequence[float]) -> Edge:
    """Return the one edge of a scan: where it goes from the level at one end to that at the other.

    Parameters
    ----------
    x, y
        As of `find_peak`.

    Raises
    ------
    NoEdge
        Too few points; levels that differ by less than the noise (`SIGNIFICANT` standard deviations of a point); a
        slope; or more than one way through half the height.
    """
    at, counted = _in_order(x, y)
    if len(at) < FEWEST or at[0] == at[-1]:
        raise NoEdge(f"no edge: {len(at)} points at different positions are too few, {FEWEST} are needed")
    few = max(1, len(at) // 8)
    first, last = float(np.mean(counted[:few])), float(np.mean(counted[-few:]))
    height = last - first
    if height == 0 or abs(height) < SIGNIFICANT * noise_of(counted):
        raise NoEdge("no edge: the levels at both ends of the scan differ by no more than the noise")
    rise = (counted - first) / height
    quarter, half, three = (_crossings(at, rise, part) for part in (0.25, 0.5, 0.75))
    if len(half) != 1:
        raise NoEdge(f"no edge: it goes through half its height {len(half)} times")
    width = three[-1] - quarter[0]
    if width > SHARP * (at[-1] - at[0]):
        raise NoEdge("no edge: it is a slope, from one end of the scan to the other")
    return Edge(half[0], width, height)


def noise_of(counted: np.ndarray) -> float:
    """Return the standard deviation of a point, from the second differences of a scan."""
    return float(np.median(np.abs(np.diff(counted, 2)))) * 1.4826 / float(np.sqrt(6))


def _in_order(x: Sequence[float], y: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    at, counted = np.asarray(x, float), np.asarray(y, float)
    good = np.isfinite(at) & np.isfinite(counted)
    order = np.argsort(at[good], kind="stable")
    return at[good][order], counted[good][order]


def _crossings(at: np.ndarray, rise: np.ndarray, level: float) -> list[float]:
    """Return where straight lines between the points go through a level."""
    above = rise > level
    found: list[float] = []
    for n in np.flatnonzero(above[1:] != above[:-1]):
        part = (level - rise[n]) / (rise[n + 1] - rise[n])
        found.append(float(at[n] + part * (at[n + 1] - at[n])))
    return found


def _half(at: np.ndarray, over: np.ndarray, top: int, step: int) -> float | None:
    """Return the position of half height on one side; None if it is not reached."""
    half = over[top] / 2
    here = top
    while 0 <= here + step < len(at):
        there = here + step
        if over[there] <= half:
            part = (over[here] - half) / (over[here] - over[there])
            return float(at[here] + part * (at[there] - at[here]))
        here = there
    return None
