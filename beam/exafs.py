"""The fine structure χ(k) of an absorption edge from a list of shells of neighbours.

The EXAFS equation of single scattering (Sayers, Stern, Lytle, Phys. Rev. Lett. 27 (1971) 1204):

χ(k) = S0² Σ N F(k) / (k R²) sin(2kR + φ(k)) exp(-2σ²k²) exp(-2R/λ(k))

with the parameterisations of Teo, Lee, Simons, Eisenberger, Kincaid, J. Am. Chem. Soc. 99 (1977) 3854 and 3856:
F(k) = A / (1 + B²(k - C)²) and φ(k) = p0 + p1 k + p2 k² + p3/k³; λ(k) = k/η. Multiple scattering is left out
except as far as an effective number of neighbours of a shell stands for it. Below k ≈ 3 1/Å the equation does
not hold: χ fades in as 1 - exp(-(k/3)⁴).
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field

from beam.facts import Facts, NonNegative, Positive, Sourced

Floats: TypeAlias = npt.NDArray[np.float64]

ONSET_PER_ANGSTROM = 3.0


class Shell(Facts):
    """Neighbours at one distance."""

    neighbours: Positive
    distance_angstrom: Positive
    sigma2_angstrom2: NonNegative


class Exafs(Sourced):
    """Everything of the EXAFS equation."""

    s02: Positive
    amplitude_angstrom: Positive
    amplitude_width_angstrom: NonNegative
    amplitude_centre_per_angstrom: float
    phase: Annotated[list[float], Field(min_length=4, max_length=4)]
    eta_per_angstrom2: Positive
    shells: Annotated[list[Shell], Field(min_length=1)]


def chi(k: Floats, model: Exafs) -> Floats:
    """Return χ at photoelectron wave numbers.

    Parameters
    ----------
    k
        Wave numbers in 1/Å, positive, shape (n,).
    model
        Shells, amplitude, phase.

    Returns
    -------
    ndarray, shape (n,)
        Dimensionless, relative to the edge's smooth absorption.
    """
    k = np.maximum(k, 1e-3)
    onset = -np.expm1(-((k / ONSET_PER_ANGSTROM) ** 4))
    width, centre = model.amplitude_width_angstrom, model.amplitude_centre_per_angstrom
    amplitude = model.amplitude_angstrom / (1 + (width * (k - centre)) ** 2)
    p0, p1, p2, p3 = model.phase
    # p3/k³ grows without bounds where the onset has faded χ out
    phase = p0 + p1 * k + p2 * k * k + p3 / np.maximum(k, 1.0) ** 3
    total = np.zeros_like(k)
    for shell in model.shells:
        distance = shell.distance_angstrom
        damping = np.exp(-2 * shell.sigma2_angstrom2 * k * k - 2 * distance * model.eta_per_angstrom2 / k)
        total += shell.neighbours / (k * distance**2) * damping * np.sin(2 * k * distance + phase)
    result: Floats = model.s02 * amplitude * onset * total
    return result
