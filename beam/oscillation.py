"""A voltage that oscillates and is noisy, as a digitiser samples it."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from beam.noise import Stream

Floats: TypeAlias = npt.NDArray[np.float64]


class Oscillation:
    """Series of samples of ``mean + amplitude sin(2π f t)`` with white noise, t counted from each series' start.

    Parameters
    ----------
    seed
        Seed of all noise.
    name
        Whose noise it is.
    mean_v, amplitude_v, frequency_hz
        The voltage.
    noise_v
        Standard deviation of one sample.

    Attributes
    ----------
    series
        How many were made; each depends on seed, name and its number only.
    """

    def __init__(
        self, seed: int, name: str, mean_v: float, amplitude_v: float, frequency_hz: float, noise_v: float
    ) -> None:
        self.series = 0
        self._mean_v, self._amplitude_v, self._noise_v = mean_v, amplitude_v, noise_v
        self._frequency_hz = frequency_hz
        self._stream = Stream(seed, name)

    def samples(self, count: int, sample_s: float) -> Floats:
        """Return the next series: `count` samples (V), `sample_s` apart."""
        random = self._stream.at(self.series)
        self.series += 1
        phase = 2.0 * math.pi * self._frequency_hz * sample_s * np.arange(count)
        return self._mean_v + self._amplitude_v * np.sin(phase) + self._noise_v * random.standard_normal(count)
