"""The step of an absorption edge, broadened by the width of its core level."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]


def edge_step(energies_ev: Floats, edge_ev: float, fwhm_ev: float) -> Floats:
    """Return the step ½ + arctan(2 (E - E0)/Γ)/π, from 0 far below the edge to 1 far above."""
    values: Floats = 0.5 + np.arctan(2 * (energies_ev - edge_ev) / fwhm_ev) / np.pi
    return values
