"""Frames of an area detector: a round spot over a flat background, photon by photon."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from beam.noise import Stream

Frame: TypeAlias = npt.NDArray[np.uint16]

MOST = 65535
"""Full scale of a pixel; above it pixels saturate."""


class FrameSource:
    """Makes frames; each depends on seed, name, its number and its exposure time only.

    Parameters
    ----------
    seed
        Seed of all noise.
    name
        Whose frames these are.
    height_px, width_px
        Shape of a frame.
    peak_rate_hz
        Mean counts per second in the pixel at the centre of the spot, whose standard deviation is an eighth of the
        frame's shorter side.
    background_rate_hz
        Mean counts per second in every pixel besides.
    """

    def __init__(
        self, seed: int, name: str, height_px: int, width_px: int, peak_rate_hz: float, background_rate_hz: float
    ) -> None:
        self.shape = height_px, width_px
        sigma = min(height_px, width_px) / 8
        down = (np.arange(height_px) - (height_px - 1) / 2) / sigma
        across = (np.arange(width_px) - (width_px - 1) / 2) / sigma
        spot = np.exp(-0.5 * down[:, None] ** 2) * np.exp(-0.5 * across[None, :] ** 2)
        self._rates_hz = background_rate_hz + peak_rate_hz * spot
        self._stream = Stream(seed, name)

    def frame(self, number: int, exposure_s: float) -> Frame:
        """Return frame `number`, exposed for `exposure_s` seconds. For one thread at a time."""
        counts = self._stream.at(number).poisson(self._rates_hz * exposure_s)
        return np.minimum(counts, MOST).astype(np.uint16)
