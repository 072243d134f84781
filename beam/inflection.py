"""Where an absorption edge is: its first inflection, found the same way in what goes in and in what comes out."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

BEFORE_EV, AFTER_EV = 20.0, 30.0
SMOOTHING_REL = 5e-5  # rms width of the smoothing over the energy: about the resolution of Si(111)
HIGH_ENOUGH = 0.5
DIP = 0.05
STEP_EV = 0.02


def first_inflection(energies_ev: Floats, mu: Floats, around_ev: float | None = None) -> float | None:
    """Return the energy of the first inflection of an absorption edge.

    Of the maxima of the smoothed slope (see `slope`) from 20 eV below to 30 eV above `around_ev`, the first counts
    that reaches half of the highest and is parted from any higher one by a dip of 5 % of the highest; its place is
    refined by a parabola. (Pre-edge peaks stay below half; the dip keeps noise from splitting one inflection into
    two.)

    Parameters
    ----------
    energies_ev, mu
        Ascending energies and absorption there (any linear scale), shape (k,).
    around_ev
        Tabulated energy of the edge; where none is given, the steepest rise of the whole curve.

    Returns
    -------
    float or None
        The energy in eV; None where no edge rises there.
    """
    if around_ev is None:
        around_ev = float(energies_ev[np.argmax(slope(energies_ev, mu))])
    low = max(around_ev - BEFORE_EV, float(energies_ev[0]))
    high = min(around_ev + AFTER_EV, float(energies_ev[-1]))
    if high - low < 10 * STEP_EV:
        return None
    grid = np.arange(low, high, STEP_EV)
    rise = _slope_on(grid, energies_ev, mu, around_ev)
    middle, highest = rise[1:-1], float(rise.max())
    peaks = np.flatnonzero((middle > rise[:-2]) & (middle >= rise[2:]) & (middle >= HIGH_ENOUGH * highest)) + 1
    if len(peaks) == 0 or highest <= 0:
        return None
    peak = next((int(one) for one in peaks if _stands_alone(rise, int(one), DIP * highest)), int(peaks[0]))
    before, top, after = (float(one) for one in rise[peak - 1 : peak + 2])
    return float(grid[peak]) + STEP_EV * 0.5 * (before - after) / (before - 2 * top + after)


def slope(energies_ev: Floats, mu: Floats) -> Floats:
    """Return the slope of a spectrum in 1/eV at its points, smoothed.

    The curve, linear between its points, is convolved with the derivative of a Gaussian of rms 5e-5 of its middle
    energy; before its first and after its last point it is taken as level.

    Parameters
    ----------
    energies_ev, mu
        Ascending energies and absorption there, shape (k,).

    Returns
    -------
    ndarray, shape (k,)
    """
    grid = np.arange(float(energies_ev[0]), float(energies_ev[-1]) + STEP_EV, STEP_EV)
    return np.interp(energies_ev, grid, _slope_on(grid, energies_ev, mu, float(np.mean(energies_ev))))


def _slope_on(grid: Floats, energies_ev: Floats, mu: Floats, around_ev: float) -> Floats:
    """Return the smoothed slope on a grid of STEP_EV."""
    sigma = SMOOTHING_REL * around_ev
    half = int(np.ceil(5 * sigma / STEP_EV))
    offsets = STEP_EV * np.arange(-half, half + 1)
    kernel = -offsets * np.exp(-0.5 * (offsets / sigma) ** 2)
    kernel /= float(np.sum(kernel * -offsets))
    wide = float(grid[0]) + STEP_EV * np.arange(-half, len(grid) + half)
    return np.convolve(np.interp(wide, energies_ev, mu), kernel, "valid")


def _stands_alone(rise: Floats, peak: int, dip: float) -> bool:
    """Tell whether the slope falls by `dip` after a peak before it rises above it."""
    higher = np.flatnonzero(rise[peak + 1 :] > rise[peak])
    if len(higher) == 0:
        return True
    return float(rise[peak] - rise[peak : peak + 1 + int(higher[0])].min()) >= dip
