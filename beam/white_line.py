"""Where the white line of a spectrum has its top: a parabola through the points near it."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

UPPER = 0.8
"""The parabola is fitted to the points above this part of the height."""
WITHIN_EV = 12.0


def white_line(energies_ev: Floats, mu: Floats, around_ev: float) -> float | None:
    """Return the energy in eV of the highest point near an energy; None if no line stands out there.

    Parameters
    ----------
    energies_ev, mu
        Ascending energies and absorption there (any scale), shape (k,).
    around_ev
        Points further away than 12 eV are not looked at.
    """
    near = np.flatnonzero(np.abs(energies_ev - around_ev) <= WITHIN_EV)
    if near.size < 3:
        return None
    top = near[np.argmax(mu[near])]
    floor = float(mu.min())
    high = mu > floor + UPPER * (mu[top] - floor)
    first = last = int(top)
    while first > near[0] and high[first - 1]:
        first -= 1
    while last < near[-1] and high[last + 1]:
        last += 1
    if first == near[0] or last == near[-1]:
        return None  # it still rises at the end: no line
    first, last = min(first, int(top) - 1), max(last, int(top) + 1)
    at = energies_ev[first : last + 1] - energies_ev[top]
    curve = np.polynomial.Polynomial.fit(at, mu[first : last + 1], 2).convert().coef
    return float(energies_ev[top] - 0.5 * curve[1] / curve[2]) if curve[2] < 0 else None
