"""What a sample sends out under hard X-rays: fluorescence lines, elastic and Compton scattering, with self-absorption.

A slab stands at an angle α (between beam and surface); what leaves towards the detector makes the angle ψ with the
surface. Of each photon of energy E that meets it,

    a_s(E) [1 - exp(-(A + B))] / (A + B),   A = µt(E),   B = µt(E_line) sin α / sin ψ

ionise the shell s and could leave with the energy of its line: A and a_s count along the beam (as a sample's µ·t does),
B along the way out. That is the self-absorption of a homogeneous slab (J. Goulon, C. Goulon-Ginet, R. Cortes,
J. M. Dubois, J. Physique 43 (1982) 539); no secondary fluorescence. Times the shell's fluorescence yield and the line's
share (Elam), that is the line's intensity into the full sphere.

The absorption of a shell is its share (1 - 1/r), r the jump ratio, of the element's photo-electric absorption that
shells further in leave over. At the sample's own edge comes what its curve has beyond the tables: a spectrum in
fluorescence has the near-edge structure and the EXAFS of the sample. Scattering takes the tabulated
total cross sections as isotropic, times `scatter_share`, what the detector's place in the plane of polarisation leaves
of it; Compton's energy is that of a scattering by 90°, without Doppler broadening. Left out: Coster-Kronig transitions,
L vacancies after K lines, resonant Raman scattering, diffraction.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from beam.absorber import TABLE_MIN_EV, energy_grid
from beam.constants import ELECTRON_REST_GEV
from beam.sample_curve import Sample
from beam.tables import mass_fractions, mu_cm2_per_g, shells

Floats: TypeAlias = npt.NDArray[np.float64]

OWN_EDGE_EV = 200.0
"""From so far below a sample's edge on, its curve says what the edge absorbs."""


class Geometry(NamedTuple):
    """How sample and detector stand in the beam."""

    incidence_deg: float
    """Between beam and surface."""
    take_off_deg: float
    """Between surface and the way to the detector."""
    scatter_share: float
    """What the detector's place leaves of isotropic scattering."""


class Emitted(NamedTuple):
    """Photons of one energy, per photon that meets the sample, into the full sphere."""

    energy_ev: float
    per_photon: float


class _Shell(NamedTuple):
    edge_ev: float
    curve: Floats
    """µ·t of the shell alone, over the grid."""
    lines: tuple[tuple[float, float], ...]
    """Energy, and photons per vacancy."""
    own: bool
    """Whether its edge is the one that the sample's curve shows."""


class Emission:
    """What one sample sends out; the tables are read when it is made.

    Parameters
    ----------
    sample
        What stands in the beam.
    geometry
        How.
    """

    def __init__(self, sample: Sample, geometry: Geometry) -> None:
        self._sample = sample
        self._share = geometry.scatter_share
        self._way_out = math.sin(math.radians(geometry.incidence_deg)) / math.sin(math.radians(geometry.take_off_deg))
        self._shells: list[_Shell] = []
        self._scattering: list[Floats] = []
        if sample.formula is None or not sample.area_g_cm2 > 0:
            return
        self._grid = energy_grid(sample.formula)
        self._tabulated = sample.area_g_cm2 * mu_cm2_per_g(sample.formula, self._grid)
        self._scattering = [
            sample.area_g_cm2 * mu_cm2_per_g(sample.formula, self._grid, "coh"),
            sample.area_g_cm2 * mu_cm2_per_g(sample.formula, self._grid, "incoh"),
        ]
        for element, share in mass_fractions(sample.formula).items():
            self._shells += self._of_element(element, share * sample.area_g_cm2)

    def _of_element(self, element: str, area_g_cm2: float) -> list[_Shell]:
        photo = area_g_cm2 * mu_cm2_per_g(element, self._grid, "photo")
        left = np.ones_like(self._grid)
        found: list[_Shell] = []
        for one in shells(element):
            above = self._grid > one.edge_ev
            lines = tuple(
                (energy, one.fluorescence_yield * share) for energy, share in one.lines if energy > TABLE_MIN_EV
            )
            if lines:
                curve = np.where(above, photo * left * (1 - 1 / one.jump_ratio), 0.0)
                found.append(_Shell(one.edge_ev, curve, lines, self._sample.edge == f"{element} {one.name}"))
            left = np.where(above, left / one.jump_ratio, left)
        return found

    def of(self, energy_ev: float) -> list[Emitted]:
        """Return what photons of an energy in eV give, lines first."""
        if not self._scattering:
            return []
        meets = float(self._sample.mu_t(np.array([energy_ev]))[0])
        beyond_tables = meets - float(np.interp(energy_ev, self._grid, self._tabulated))
        found: list[Emitted] = []
        for shell in self._shells:
            absorbed = float(np.interp(energy_ev, self._grid, shell.curve))
            if shell.own and energy_ev > shell.edge_ev - OWN_EDGE_EV:
                absorbed += beyond_tables
            if absorbed > 0:
                found += [Emitted(line, rate * absorbed * self._escape(meets, line)) for line, rate in shell.lines]
        scattered = (energy_ev, compton_ev(energy_ev))
        for energy, curve in zip(scattered, self._scattering, strict=True):
            rate = self._share * float(np.interp(energy_ev, self._grid, curve))
            found.append(Emitted(energy, rate * self._escape(meets, energy)))
        return found

    def _escape(self, meets: float, energy_ev: float) -> float:
        """Return the mean of exp(-µz) over the slab, in and out."""
        total = meets + self._way_out * float(self._sample.mu_t(np.array([energy_ev]))[0])
        return -math.expm1(-total) / total if total > 0 else 1.0


def compton_ev(energy_ev: float) -> float:
    """Return the energy in eV of a photon after a Compton scattering by 90°."""
    return energy_ev / (1 + energy_ev / (1e9 * ELECTRON_REST_GEV))
