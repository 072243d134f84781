"""Four steady currents as an electrometer reads them: shot noise, its own noise, steps of its converter, full scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from beam.constants import ELEMENTARY_CHARGE
from beam.noise import Stream


class CurrentReading(NamedTuple):
    """What an electrometer gives for one input: the mean of its samples."""

    mean_a: float
    sigma_a: float
    """Standard deviation of the samples."""
    saturated: bool


class Picoammeter:
    """Reads steady currents, one averaging after the other.

    Parameters
    ----------
    seed
        Seed of all noise.
    name
        Whose noise it is.
    currents_a
        What flows into each input.
    sample_s
        Time of one sample.
    noise_rel
        Standard deviation of one sample, as a share of the full scale.
    bits
        Of the converter, sign included.

    Attributes
    ----------
    readings
        How many were made; each depends on seed, name, its number, range and number of samples only.
    """

    def __init__(
        self, seed: int, name: str, currents_a: Sequence[float], sample_s: float, noise_rel: float, bits: int
    ) -> None:
        self.currents_a = list(currents_a)
        self.readings = 0
        self._sample_s, self._noise_rel, self._bits = sample_s, noise_rel, bits
        self._stream = Stream(seed, name)

    def read(self, full_scale_a: float, samples: int) -> list[CurrentReading]:
        """Return the next reading of all inputs, the mean of `samples` samples in a range up to `full_scale_a`."""
        random = self._stream.at(self.readings)
        self.readings += 1
        step = full_scale_a / 2 ** (self._bits - 1)
        found: list[CurrentReading] = []
        for current in self.currents_a:
            # shot noise of one sample's charge, the amplifier's own, and the converter's rounding
            shot = ELEMENTARY_CHARGE * abs(current) / self._sample_s
            sigma = math.sqrt(shot + (self._noise_rel * full_scale_a) ** 2 + step**2 / 12)
            mean = current + sigma / math.sqrt(samples) * float(random.standard_normal())
            spread = math.sqrt(float(random.chisquare(samples - 1)) / (samples - 1)) if samples > 1 else 0.0
            saturated = abs(mean) >= full_scale_a
            if saturated:
                found.append(CurrentReading(math.copysign(full_scale_a, mean), 0.0, True))
            else:
                found.append(CurrentReading(mean, sigma * spread, False))
        return found
