"""What any undulator has from the ring: the energy of its light, how its lines broaden, what a square hole passes.

Reference: X-ray Data Booklet (LBNL, 2009) section 2.1 (K. J. Kim).
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from beam import facts
from beam.constants import ELECTRON_MASS, ELECTRON_REST_GEV, ELEMENTARY_CHARGE, HC, SPEED_OF_LIGHT, Constant
from beam.tables import erf

Floats: TypeAlias = npt.NDArray[np.float64]

RATIO_MIN, RATIO_MAX = 0.1, 1.0  # of gap to period: the validity of the field formulas (Elleaume et al.)
XDB = "X-ray Data Booklet (2009) 2.1"
FLUX_DENSITY = Constant(1.744e14, "photons/s/mrad²/0.1% BW per N² E²[GeV] I[A] F_n", XDB)
CENTRAL_CONE = Constant(1.431e14, "photons/s/0.1% BW per N I[A] Q_n", XDB)
POWER = Constant(0.633, "kW per E²[GeV] B0²[T] L[m] I[A]", XDB)


def k_per_tesla(period_mm: float) -> float:
    """Return the deflection parameter of a peak field of 1 T: e λu / (2π m c)."""
    return float(ELEMENTARY_CHARGE * period_mm * 1e-3 / (2 * math.pi * ELECTRON_MASS * SPEED_OF_LIGHT))


class ElectronBeam:
    """The electrons where an undulator stands.

    Parameters
    ----------
    ring
        Electron energy, energy spread, emittance, coupling, beta functions.

    Attributes
    ----------
    gamma
        Electron energy over rest energy.
    divergence, size_m
        Angles and sizes of the electrons, horizontal and vertical, rms in rad and m.
    """

    def __init__(self, ring: facts.Ring) -> None:
        self.facts = ring
        self.gamma = ring.energy_gev / ELECTRON_REST_GEV
        vertical = ring.coupling_rel / (1 + ring.coupling_rel) * ring.emittance_nm_rad * 1e-9
        horizontal = ring.emittance_nm_rad * 1e-9 / (1 + ring.coupling_rel)
        self.divergence = (math.sqrt(horizontal / ring.beta_x_m), math.sqrt(vertical / ring.beta_y_m))
        self.size_m = (math.sqrt(horizontal * ring.beta_x_m), math.sqrt(vertical * ring.beta_y_m))

    def energy_at_k0_ev(self, period_mm: float) -> float:
        """Return the first harmonic on axis at K = 0, 2 hc γ² / λu, in eV."""
        return float(2 * HC * 1e-10 * self.gamma**2 / (period_mm * 1e-3))

    def spread(self, k: float) -> float:
        """Return the rms relative width of a line at K (K² = Kx² + Ky²) by energy spread and divergence.

        ΔE/E = 2 σ_E; off axis E falls by γ²θ²/(1 + K²/2), whose rms over Gaussian divergences is
        γ² (2 σ_x'⁴ + 2 σ_y'⁴)^½ / (1 + K²/2).
        """
        x, y = self.divergence
        angular = self.gamma**2 * math.sqrt(2 * (x**4 + y**4)) / (1 + 0.5 * k * k)
        return math.hypot(2 * self.facts.energy_spread_rel, angular)

    def accepted(self, lines_ev: Floats, length_m: float, acceptance_urad: float) -> Floats:
        """Return the share of each central cone, of Gaussian size, that a square acceptance lets through."""
        half = 0.5 * acceptance_urad * 1e-6
        natural = HC * 1e-10 / lines_ev / length_m  # σ_r'² = λ/L (X-ray Data Booklet 2.1)
        x, y = (np.sqrt(natural + one * one) for one in self.divergence)
        share: Floats = erf(half / (math.sqrt(2) * x)) * erf(half / (math.sqrt(2) * y))
        return share

    def power_kw(self, field_t: float, length_m: float, current_ma: float) -> float:
        """Return the total radiated power 0.633 E² B² L I in kW; B² = Bx² + By² of the peak fields."""
        energy = self.facts.energy_gev
        return POWER * energy**2 * field_t**2 * length_m * current_ma * 1e-3


def gap_range_mm(low_mm: float, high_mm: float, period_mm: float) -> tuple[float, float]:
    """Return the gaps that give light: what the mechanics reach within 0.1 < g/λu < 1."""
    edge = 1e-9
    return max(low_mm, RATIO_MIN * period_mm * (1 + edge)), min(high_mm, RATIO_MAX * period_mm * (1 - edge))
