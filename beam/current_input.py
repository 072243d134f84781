"""What turns a detector's current into counts: amplifier, voltage-to-frequency converter, their noise and full scale.

Common to ion chambers, meshes, drain currents and photodiodes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from beam.noise import Stream
from beam.tables import poisson_quantile

Floats: TypeAlias = npt.NDArray[np.float64]

MANY_PHOTONS = 1e6  # from here on a Poisson number is drawn as a Gaussian one
FEW_PHOTONS = 50.0  # up to here a Poisson number is drawn for a gate, as one of many


class Response(NamedTuple):
    """What a detector does to photons of one energy."""

    transmission: float
    """Share of photons that leave the detector."""
    charge_c: float
    """Mean charge in coulomb per photon that enters."""
    ionising: float
    """Share of photons that give charge."""


class Moments(NamedTuple):
    """What light gives in a detector: what it reads in the mean, and how that scatters."""

    current_a: float
    """Mean current."""
    variance_a2_s: float
    """Of the current, times the counting time."""
    quanta_per_s: float
    """Photons that give charge."""


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
        mean, variance, rate = self.moments(fluxes_ph_per_s, responses)
        quanta = rate * dwell_s
        if quanta >= MANY_PHOTONS:
            mean += math.sqrt(variance / dwell_s) * random.standard_normal()
        elif quanta > 0:
            mean *= random.poisson(quanta) / quanta
        # white noise averaged over the dwell time: bandwidth 1/(2T)
        volts = mean * gain_v_per_a + amplifier.dark_v
        volts += amplifier.noise_v_per_rt_hz * math.sqrt(0.5 / dwell_s) * random.standard_normal()
        overloaded = volts >= amplifier.full_scale_v
        volts = min(max(volts, 0.0), amplifier.full_scale_v)
        return Reading(round(volts * amplifier.frequency_hz_per_v * dwell_s), overloaded)

    @staticmethod
    def moments(fluxes_ph_per_s: Sequence[float], responses: Sequence[Response]) -> Moments:
        """Return mean and scatter of the current that light gives, one item an energy."""
        mean = variance = quanta = 0.0
        for flux, (_, charge, ionising) in zip(fluxes_ph_per_s, responses, strict=True):
            if not ionising:
                continue
            # flux·ionising·dwell photons ionise, with charge/ionising each
            mean += flux * charge
            variance += flux * charge * charge / ionising
            quanta += flux * ionising
        return Moments(mean, variance, quanta)

    def read_many(
        self, moments: Floats, *, gain_v_per_a: float, gate_s: Floats, normal: Floats, uniform: Floats
    ) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Count for many gates at once, as `read` does for one exposure.

        Parameters
        ----------
        moments
            Of each gate's light, as `Moments`, shape (n, 3).
        gain_v_per_a
            Gain of the amplifier.
        gate_s
            How long each gate lasts, shape (n,).
        normal, uniform
            Random numbers, shapes (n, 2) and (n,).

        Returns
        -------
        tuple of ndarray, shape (n,)
            Counts, and whether the amplifier was overloaded.
        """
        amplifier = self._amplifier
        mean, variance, rate = moments.T
        quanta = rate * gate_s
        scattered = mean + np.sqrt(variance / gate_s) * normal[:, 0]
        if (few := (quanta > 0) & (quanta < FEW_PHOTONS)).any():
            expected = quanta[few]
            scattered[few] = mean[few] * poisson_quantile(uniform[few], expected) / expected
        volts = scattered * gain_v_per_a + amplifier.dark_v
        volts += amplifier.noise_v_per_rt_hz * np.sqrt(0.5 / gate_s) * normal[:, 1]
        clipped: Floats = np.minimum(np.maximum(volts, 0.0), amplifier.full_scale_v)
        counts: Floats = np.rint(clipped * amplifier.frequency_hz_per_v * gate_s)
        overloaded: npt.NDArray[np.bool_] = volts >= amplifier.full_scale_v
        return counts, overloaded
