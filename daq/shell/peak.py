"""Where the peak of a scan is, or its dip; refused where there is none."""

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
    at, counted = np.asarray(x, float), np.asarray(y, float)
    good = np.isfinite(at) & np.isfinite(counted)
    order = np.argsort(at[good], kind="stable")
    at, counted = at[good][order], counted[good][order]
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
    noise = float(np.median(np.abs(np.diff(counted, 2)))) * 1.4826 / np.sqrt(6)
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
