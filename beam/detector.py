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
from beam.errors import OutOfReach
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

    def photons_per_s(self, counts: float, count_time_s: float, energy_ev: float, gain_v_per_a: float) -> float:
        """Return how many photons a second entered, of light of one energy: what the counts are read as.

        Parameters
        ----------
        counts, count_time_s
            As the scaler counted them.
        energy_ev
            Of the photons; light of other orders is counted as if it had this energy.
        gain_v_per_a
            Gain of the amplifier at that time.

        Raises
        ------
        OutOfReach
            If the time or the gain is not positive.
        """
        if not (count_time_s > 0 and gain_v_per_a > 0):
            raise OutOfReach(f"{self.name}: {count_time_s:g} s at {gain_v_per_a:g} V/A: both must be more than 0")
        volts = counts / (count_time_s * self.facts.frequency_hz_per_v) - self.facts.dark_v
        return volts / gain_v_per_a / self.response(energy_ev).charge_c
