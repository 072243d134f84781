"""Ion chambers: from photons to current, volts and counts.

The current is that of xraydb.ionchamber_fluxes read backwards: photo-electrons and Compton electrons ionise the
gas, both carriers count. Recombination at high flux, windows and fluorescence of the gas are left out.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from beam import facts
from beam.absorber import TABLE_MAX_EV, TABLE_MIN_EV, gas_mu_per_cm
from beam.constants import ELEMENTARY_CHARGE
from beam.noise import Stream
from beam.tables import compton_electron_ev, ionization_potential_ev

Floats: TypeAlias = npt.NDArray[np.float64]

CARRIERS = 2
POINTS = 1501  # of the tables, equally spaced in the logarithm of the energy
MANY_PHOTONS = 1e6  # from here on a Poisson number is drawn as a Gaussian one


@functools.lru_cache(maxsize=16)
def _gas(shares: tuple[tuple[str, float], ...]) -> tuple[Floats, Floats, Floats, Floats]:
    """Return energies in eV and µ in 1/cm (total, photo-electric, Compton) of a mixture of gases."""
    gas = dict(shares)
    energies = np.geomspace(TABLE_MIN_EV, TABLE_MAX_EV, POINTS)
    photo, compton = gas_mu_per_cm(gas, energies, "photo"), gas_mu_per_cm(gas, energies, "incoh")
    return energies, photo + compton + gas_mu_per_cm(gas, energies, "coh"), photo, compton


class Response(NamedTuple):
    """What a chamber does to photons of one energy."""

    transmission: float
    """Share of photons that leave the chamber."""
    charge_c: float
    """Mean charge in coulomb per photon that enters."""
    ionising: float
    """Share of photons that ionise."""


class Reading(NamedTuple):
    """What an ion chamber gives for one exposure."""

    counts: int
    overloaded: bool


class IonChamber:
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
        self.name = name
        self.facts = chamber
        self._noise = Stream(seed, name)
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

    def read(
        self,
        fluxes_ph_per_s: Sequence[float],
        responses: Sequence[Response],
        *,
        gain_v_per_a: float,
        dwell_s: float,
        index: int,
    ) -> Reading:
        """Count for one exposure: photon noise, amplifier noise, dark voltage, full scale.

        What is drawn depends on nothing but the seed, the chamber's name and the exposure's index.

        Parameters
        ----------
        fluxes_ph_per_s, responses
            Light entering and the chamber's response to it, one item an energy.
        gain_v_per_a
            Gain of the amplifier.
        dwell_s
            Exposure time; 0 gives no counts.
        index
            Index of the exposure.
        """
        amplifier = self.facts
        if dwell_s <= 0:
            return Reading(0, False)
        random = self._noise.at(index)
        mean = variance = quanta = 0.0
        for flux, (_, charge, ionising) in zip(fluxes_ph_per_s, responses, strict=True):
            # flux·ionising·dwell photons ionise, with charge/ionising each
            mean += flux * charge
            variance += flux * charge * charge / (ionising * dwell_s)
            quanta += flux * ionising * dwell_s
        if quanta >= MANY_PHOTONS:
            mean += math.sqrt(variance) * random.standard_normal()
        elif quanta > 0:
            mean *= random.poisson(quanta) / quanta
        # white noise averaged over the dwell time: bandwidth 1/(2T)
        volts = mean * gain_v_per_a + amplifier.dark_v
        volts += amplifier.noise_v_per_rt_hz * math.sqrt(0.5 / dwell_s) * random.standard_normal()
        overloaded = volts >= amplifier.full_scale_v
        volts = min(max(volts, 0.0), amplifier.full_scale_v)
        return Reading(round(volts * amplifier.frequency_hz_per_v * dwell_s), overloaded)
