"""Magnetic domains of a film as a pattern in two dimensions: a labyrinth of stripes, the same for the same seed.

A random field whose waves all have nearly one length is cut at a level that the applied field moves; the wall's
width is what tanh smooths. The pattern repeats after its size in x and y. It is a picture of domains, no solution of
micromagnetics; without hysteresis.
"""

from __future__ import annotations

import functools
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from beam.constants import FWHM_PER_SIGMA
from beam.noise import Stream

Floats: TypeAlias = npt.NDArray[np.float64]

POINTS = 256  # on each side
STRIPES = 24  # on each side
BANDWIDTH = 0.12  # rms spread of the wave number, of itself


class DomainPattern:
    """The magnetisation along the beam, from -1 to 1, over position and applied field.

    Parameters
    ----------
    seed
        Seed of the pattern.
    period_um
        Period of the stripes.
    wall_um
        Width of the walls between domains.
    saturation_t
        Field at which the film is saturated.
    """

    def __init__(self, seed: int, *, period_um: float, wall_um: float, saturation_t: float) -> None:
        self.size_um = STRIPES * period_um
        self._saturation_t = saturation_t
        self._wave = self._draw(seed)
        # |dψ/dx| of a wave of rms 1 is about 2π√2/period at its zeros
        self._sharpness = period_um / (np.sqrt(2) * np.pi * wall_um)
        self._map = functools.lru_cache(maxsize=64)(self._mapped)

    def magnetisation(self, x_um: float, y_um: float, field_t: float, spot_um: float) -> float:
        """Return the mean magnetisation that a Gaussian spot of `spot_um` (FWHM) sees at a place and field in T."""
        if abs(field_t) >= self._saturation_t:
            return float(np.sign(field_t))
        table = self._map(field_t, spot_um)
        column, row = (place / self.size_um * POINTS for place in (x_um, y_um))
        i, j = int(np.floor(row)), int(np.floor(column))
        b, a = row - i, column - j
        here, right = table[i % POINTS, j % POINTS], table[i % POINTS, (j + 1) % POINTS]
        above, across = table[(i + 1) % POINTS, j % POINTS], table[(i + 1) % POINTS, (j + 1) % POINTS]
        return float((here * (1 - a) + right * a) * (1 - b) + (above * (1 - a) + across * a) * b)

    def _draw(self, seed: int) -> Floats:
        wave = np.fft.fftfreq(POINTS, 1 / POINTS)
        k = np.hypot(wave[:, np.newaxis], wave)
        random = Stream(seed, "domains").at(0).standard_normal((POINTS, POINTS))
        kept = np.fft.fft2(random) * np.exp(-0.5 * ((k / STRIPES - 1) / BANDWIDTH) ** 2)
        field: Floats = np.fft.ifft2(kept).real
        return field / field.std()

    def _mapped(self, field_t: float, spot_um: float) -> Floats:
        level = 3.0 * field_t / self._saturation_t  # three rms of the wave: hardly a domain is left
        magnetisation: Floats = np.tanh(self._sharpness * (self._wave + level))
        sigma = spot_um / FWHM_PER_SIGMA / self.size_um
        wave = np.fft.fftfreq(POINTS, 1 / POINTS)
        kernel = np.exp(-2 * (np.pi * sigma * wave) ** 2)
        smooth: Floats = np.fft.ifft2(np.fft.fft2(magnetisation) * kernel[:, np.newaxis] * kernel).real
        return smooth
