"""How much light a coated mirror reflects: Fresnel's equations for a thick layer, as xraydb.mirror_reflectivity.

σ polarisation; at grazing angles π differs by less than tan²θ. Refractive indices are tabulated once a coating:
the tables behind them take milliseconds a look, and a monochromator asks anew wherever its mirror turns.
"""

from __future__ import annotations

import functools
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from beam.constants import HC
from beam.tables import delta_beta, edges_ev, element_density

Floats: TypeAlias = npt.NDArray[np.float64]

MIN_EV, MAX_EV = 30.0, 90_000.0
POINTS = 4637  # equally spaced in the logarithm of the energy; edges added


@functools.lru_cache(maxsize=16)
def _index(coating: str) -> tuple[Floats, Floats, Floats]:
    """Return energies in eV, δ and β of an element."""
    edges = [edge for edge in edges_ev(coating).values() if MIN_EV < edge < MAX_EV]
    sides = [edge + side for edge in edges for side in (-0.05, 0.05)]
    energies: Floats = np.unique(np.concatenate([np.geomspace(MIN_EV, MAX_EV, POINTS), sides]))
    return (energies, *delta_beta(coating, element_density(coating), energies))


def reflectivity(coating: str, grazing_deg: float, energies_ev: Floats, roughness_nm: float = 0.0) -> Floats:
    """Return the share of light that a mirror reflects, shape of the energies.

    Parameters
    ----------
    coating
        Symbol of an element, thick and of its bulk density.
    grazing_deg
        Grazing angle in degrees.
    energies_ev
        Photon energies, 30 eV … 90 keV.
    roughness_nm
        Rms roughness (Nevot and Croce).
    """
    table, delta, beta = _index(coating)
    index = 1 - np.interp(energies_ev, table, delta) - 1j * np.interp(energies_ev, table, beta)
    wave = 2 * np.pi * energies_ev / HC
    grazing = np.deg2rad(grazing_deg)
    outside = wave * np.sin(grazing)
    inside = wave * np.sqrt(index**2 - np.cos(grazing) ** 2)
    amplitude = (outside - inside) / (outside + inside)
    rough = np.exp(-2 * (10 * roughness_nm) ** 2 * outside * inside)
    values: Floats = np.abs(amplitude * rough) ** 2
    return values
