"""Averages over a Gaussian."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]


def gaussian_nodes(points: int = 21, reach: float = 3.5) -> tuple[Floats, Floats]:
    """Return equally spaced nodes (in σ) and weights (sum 1) of a Gaussian average, shape (points,) each."""
    nodes: Floats = np.linspace(-reach, reach, points)
    weights: Floats = np.exp(-0.5 * nodes**2)
    return nodes, weights / weights.sum()
