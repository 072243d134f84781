"""What turns a detector's current into counts: amplifier, voltage-to-frequency converter, their noise and full scale.

Common to ion chambers, meshes, drain currents and photodiodes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from beam.noise import Stream

MANY_PHOTONS = 1e6  # from here on a Poisson number is drawn as a Gaussian one


class Response(NamedTuple):
    """What a detector does to photons of one energy."""

    transmission: float
    """Share of photons that leave the detector."""
    charge_c: float
    """Mean charge in coulomb per photon that enters."""
    ionising: float
    """Share of photons that give charge."""


class Reading(NamedTuple):
    """What a detector gives for one exposure."""

    counts: int
    overloaded: bool


class Amplifier(Protocol):
    """The figures of amplifier and converter."""

    @property
    def dark_v(self) -> float:
        """Voltage without light."""
        ...

    @property
    def noise_v_per_rt_hz(self) -> float:
        """Density of the white noise."""
        ...

    @property
    def full_scale_v(self) -> float:
        """Voltage at which the output is clipped."""
        ...

    @property
    def frequency_hz_per_v(self) -> float:
        """Counts per second and volt."""
        ...


class CurrentInput:
    """An amplifier with voltage-to-frequency converter behind a detector.

    Parameters
    ----------
    name
        Name by which its noise is drawn.
    amplifier
        Its figures.
    seed
        Seed of the simulation.
    """

    def __init__(self, name: str, amplifier: Amplifier, seed: int = 0) -> None:
        self.name = name
        self._amplifier = amplifier
        self._noise = Stream(seed, name)

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

        What is drawn depends on nothing but the seed, the detector's name and the exposure's index.

        Parameters
        ----------
        fluxes_ph_per_s, responses
            Light entering and the detector's response to it, one item an energy.
        gain_v_per_a
            Gain of the amplifier.
        dwell_s
            Exposure time; 0 gives no counts.
        index
            Index of the exposure.
        """
        amplifier = self._amplifier
        if dwell_s <= 0:
            return Reading(0, False)
        random = self._noise.at(index)
        mean = variance = quanta = 0.0
        for flux, (_, charge, ionising) in zip(fluxes_ph_per_s, responses, strict=True):
            if not ionising:
                continue
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
