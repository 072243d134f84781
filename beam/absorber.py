"""What takes light away: filters, gases and samples of tabulated matter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from beam.errors import BadSample
from beam.tables import Kind, edges_ev, is_element, mass_fractions, material, mu_cm2_per_g

Floats: TypeAlias = npt.NDArray[np.float64]

TABLE_MIN_EV = 1000.0
TABLE_MAX_EV = 160_000.0


def mu_t(formula: str, density_g_cm3: float, thickness_cm: float, energies_ev: Floats) -> Floats:
    """Return µ·t of matter, dimensionless (Elam tables).

    Parameters
    ----------
    formula
        Chemical formula.
    density_g_cm3, thickness_cm
        Density and thickness.
    energies_ev
        Photon energies, any shape.

    Returns
    -------
    ndarray
        Shape of the energies; the transmission is exp(-µt).
    """
    return mu_cm2_per_g(formula, energies_ev) * (density_g_cm3 * thickness_cm)


def energy_grid(formulas: Mapping[str, float] | str, low_ev: float = TABLE_MIN_EV, points: int = 1200) -> Floats:
    """Return energies up to 160 keV, dense enough for linear interpolation, with both sides of each edge."""
    names = [formulas] if isinstance(formulas, str) else list(formulas)
    elements = {element for name in names for element in mass_fractions(name)}
    edges = [edge for one in elements for edge in edges_ev(one).values() if low_ev < edge < TABLE_MAX_EV]
    sides = [edge + side for edge in edges for side in (-0.05, 0.05)]
    grid: Floats = np.unique(np.concatenate([np.geomspace(low_ev, TABLE_MAX_EV, points), sides]))
    return grid


def gas_formula(name: str) -> tuple[str, float]:
    """Return formula and density in g/cm³ (1 atm, 20 °C) of a gas.

    Raises
    ------
    BadSample
        If the tables know no such gas.
    """
    known = material({"N2": "nitrogen", "O2": "oxygen"}.get(name, name))
    if known is None:
        raise BadSample(f"gas {name!r}: unknown; known are nitrogen, helium, argon, neon, krypton, xenon, air …")
    return known


def gas_mu_per_cm(gas: Mapping[str, float], energies_ev: Floats, kind: Kind = "total") -> Floats:
    """Return µ in 1/cm of a mixture of gases (1 atm, 20 °C), given their shares of volume."""
    total = math.fsum(gas.values())
    mu = np.zeros_like(energies_ev)
    for name, share in gas.items():
        formula, density = gas_formula(name)
        # diatomic or not, the density is what counts
        element = formula.rstrip("0123456789")
        mu += share / total * density * mu_cm2_per_g(element if is_element(element) else formula, energies_ev, kind)
    return mu
