"""Ion chambers: from photons to current, volts and counts.

The current is that of xraydb.ionchamber_fluxes read backwards: photo-electrons and Compton electrons ionise the
gas, both carriers count. Recombination at high flux, windows and fluorescence of the gas are left out.
"""

from __future__ import annotations

import functools
import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from beam import facts
from beam.absorber import TABLE_MAX_EV, TABLE_MIN_EV, gas_mu_per_cm
from beam.constants import ELEMENTARY_CHARGE
from beam.current_input import CurrentInput, Response
from beam.tables import compton_electron_ev, ionization_potential_ev

Floats: TypeAlias = npt.NDArray[np.float64]

CARRIERS = 2
POINTS = 1501  # of the tables, equally spaced in the logarithm of the energy


@functools.lru_cache(maxsize=16)
def _gas(shares: tuple[tuple[str, float], ...]) -> tuple[Floats, Floats, Floats, Floats]:
    """Return energies in eV and µ in 1/cm (total, photo-electric, Compton) of a mixture of gases."""
    gas = dict(shares)
    energies = np.geomspace(TABLE_MIN_EV, TABLE_MAX_EV, POINTS)
    photo, compton = gas_mu_per_cm(gas, energies, "photo"), gas_mu_per_cm(gas, energies, "incoh")
    return energies, photo + compton + gas_mu_per_cm(gas, energies, "coh"), photo, compton


class IonChamber(CurrentInput):
    """An ion chamber with amplifier and voltage-to-frequency converter.

    Parameters
    ----------
    name
        Name by which its noise is drawn.
    chamber
        Gas, length, amplifier.
    seed
        Seed of the simulation.
    """

    def __init__(self, name: str, chamber: facts.IonChamber, seed: int = 0) -> None:
        super().__init__(name, chamber, seed)
        self.facts = chamber
        self._log0 = math.log(TABLE_MIN_EV)
        self._per_log = (POINTS - 1) / (math.log(TABLE_MAX_EV) - self._log0)
        energies, total, photo, compton = _gas(tuple(sorted(chamber.gas.items())))
        lost = -np.expm1(-0.1 * chamber.length_mm * total)
        shares = math.fsum(chamber.gas.values())
        pair_ev = math.fsum(share / shares * ionization_potential_ev(gas) for gas, share in chamber.gas.items())
        deposited = lost / total * (energies * photo + compton_electron_ev(energies) * compton)
        charge = CARRIERS * ELEMENTARY_CHARGE / pair_ev * deposited
        ionising = lost / total * (photo + compton)
        self._table: list[tuple[float, float, float]] = list(
            zip((1.0 - lost).tolist(), charge.tolist(), ionising.tolist(), strict=True)
        )

    def response(self, energy_ev: float) -> Response:
        """Return what the chamber does to photons of an energy in eV."""
        place = max((math.log(energy_ev) - self._log0) * self._per_log, 0.0)
        row = min(int(place), POINTS - 2)
        share = place - row
        transmission, charge, ionising = self._table[row]
        after = self._table[row + 1]
        return Response(
            transmission + share * (after[0] - transmission),
            charge + share * (after[1] - charge),
            ionising + share * (after[2] - ionising),
        )
