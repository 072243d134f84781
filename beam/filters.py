"""Filters: which share of light passes foils, and which foils to put in for a wanted share: an invertible pair.

exp(-Σ µt) with µ of Elam's tables (`beam.tables`); scattering into the beam is left out.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from beam.absorber import mu_t
from beam.optics_kinds import Foil


@functools.lru_cache(maxsize=4096)
def foil_mu_t(material: str, density_g_cm3: float, thickness_um: float, energy_ev: float) -> float:
    """Return µt of a foil at an energy in eV."""
    return float(mu_t(material, density_g_cm3, 1e-4 * thickness_um, np.array([energy_ev]))[0])


class FoilSet:
    """The foils of one set of filters, by name."""

    def __init__(self, foils: Mapping[str, Foil]) -> None:
        self.foils = dict(foils)

    def mu_t(self, foil: str, energy_ev: float) -> float:
        """Return µt of one foil at an energy in eV."""
        one = self.foils[foil]
        return foil_mu_t(one.material, one.density_g_cm3, one.thickness_um, energy_ev)

    def transmission(self, inserted: Collection[str], energy_ev: float) -> float:
        """Return the share of light of an energy in eV that passes the foils that are in."""
        return math.exp(-math.fsum(self.mu_t(foil, energy_ev) for foil in inserted))

    def passed(self, inserted: Collection[str], energies_ev: Sequence[float]) -> list[float]:
        """Return `transmission` for several energies."""
        return [self.transmission(inserted, energy) for energy in energies_ev]

    def lowest(self, energy_ev: float) -> float:
        """Return the transmission with all foils in."""
        return self.transmission(self.foils, energy_ev)

    def best(self, wanted: float, energy_ev: float) -> tuple[str, ...]:
        """Return the foils whose transmission at an energy comes nearest to the wanted one, by ratio.

        Parameters
        ----------
        wanted
            Transmission, above 0 and up to 1.
        energy_ev
            Photon energy.

        Returns
        -------
        tuple of str
            Names, in the order of the configuration; of two that are alike, the fewer.
        """
        absorbed = {foil: self.mu_t(foil, energy_ev) for foil in self.foils}
        target = -math.log(wanted)
        every = (chosen for number in range(len(absorbed) + 1) for chosen in itertools.combinations(absorbed, number))
        # fewer come first, and stay where more come no nearer than rounding
        return min(every, key=lambda chosen: round(abs(math.fsum(absorbed[one] for one in chosen) - target), 12))
