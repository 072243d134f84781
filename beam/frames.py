"""Frames of an area detector, photon by photon: how bright each pixel is, and the counts of one exposure."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from beam.noise import Stream

Frame: TypeAlias = npt.NDArray[np.uint16]
Rates: TypeAlias = npt.NDArray[np.float64]

MOST = 65535
"""Full scale of a pixel; above it pixels saturate."""


class Scene(Protocol):
    """What stands before the detector."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of its picture in pixels."""
        ...

    def state(self) -> Hashable:
        """Return all that the picture depends on, as it is now; to be called where the state may change."""
        ...

    def rates_hz(self, state: Hashable, /) -> Rates:
        """Return the mean counts per second in each pixel, shape (height, width), in a state. May take long."""
        ...


class Spot:
    """A round spot over a flat background that never changes.

    Parameters
    ----------
    height_px, width_px
        Shape of its picture.
    peak_rate_hz
        Mean counts per second in the pixel at the centre of the spot, whose standard deviation is an eighth of the
        picture's shorter side.
    background_rate_hz
        Mean counts per second in every pixel besides.
    """

    def __init__(self, height_px: int, width_px: int, peak_rate_hz: float, background_rate_hz: float) -> None:
        self.shape = height_px, width_px
        self._peak_hz, self._background_hz = peak_rate_hz, background_rate_hz

    def state(self) -> Hashable:
        """Return nothing: it never changes."""
        return None

    def rates_hz(self, state: Hashable, /) -> Rates:
        """Return the mean counts per second in each pixel, shape (height, width)."""
        height, width = self.shape
        sigma = min(height, width) / 8
        down = (np.arange(height) - (height - 1) / 2) / sigma
        across = (np.arange(width) - (width - 1) / 2) / sigma
        spot = np.exp(-0.5 * down[:, None] ** 2) * np.exp(-0.5 * across[None, :] ** 2)
        return self._background_hz + self._peak_hz * spot


class SceneFrames:
    """Makes the frames of a scene; each depends on seed, name, its number, its exposure and the scene's state only.

    The picture is rendered anew only when the state is another one.

    Parameters
    ----------
    seed
        Seed of all noise.
    name
        Whose frames these are.
    scene
        What is seen.
    """

    def __init__(self, seed: int, name: str, scene: Scene) -> None:
        self.scene, self.shape = scene, scene.shape
        self._stream = Stream(seed, name)
        self._rates: tuple[Hashable, Rates] | None = None

    def frame(self, number: int, exposure_s: float, state: Hashable = None) -> Frame:
        """Return frame `number`, exposed for `exposure_s` seconds. For one thread at a time."""
        if self._rates is None or self._rates[0] != state:
            self._rates = state, self.scene.rates_hz(state)
        counts = self._stream.at(number).poisson(self._rates[1] * exposure_s)
        return np.minimum(counts, MOST).astype(np.uint16)


class FrameSource(SceneFrames):
    """Makes the frames of a `Spot`.

    Parameters
    ----------
    seed, name
        As of `SceneFrames`.
    height_px, width_px, peak_rate_hz, background_rate_hz
        As of `Spot`.
    """

    def __init__(
        self, seed: int, name: str, height_px: int, width_px: int, peak_rate_hz: float, background_rate_hz: float
    ) -> None:
        super().__init__(seed, name, Spot(height_px, width_px, peak_rate_hz, background_rate_hz))
