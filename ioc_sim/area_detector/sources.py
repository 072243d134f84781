"""Where a camera's pictures come from: a pattern, made in advance, for rate; or photons of a scene, for truth."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from beam.frames import SceneFrames
from ioc_sim.area_detector.array import DATA_TYPES, Pixels

PATTERNS = 8
"""Different frames of a pattern; they come again and again."""


@dataclass(frozen=True)
class PatternSettings:
    """What a pattern depends on: the `Sim…` settings of the camera."""

    mode: str = "LinearRamp"
    data_type: str = "UInt16"
    gain_x: float = 1.0
    gain_y: float = 1.0
    start: tuple[int, int] = (1, 1)
    number: tuple[int, int] = (1, 1)
    step: tuple[int, int] = (1, 1)
    width: tuple[int, int] = (10, 20)
    offset: float = 0.0
    noise: float = 0.0


class Source(Protocol):
    """Makes a sensor's pictures."""

    repeats: int
    """After how many exposures the pictures come again; 0: never."""

    def state(self, settings: PatternSettings, /) -> Hashable:
        """Return all that the picture depends on besides number and exposure time; called on the event loop."""
        ...

    def picture(self, state: Hashable, number: int, exposure_s: float, /) -> Pixels:
        """Return the picture of exposure `number`; called in the camera's thread. It must not be changed."""
        ...


class Pattern:
    """A pattern: made anew when its settings change, otherwise at no cost.

    Parameters
    ----------
    height, width : int
        Of the sensor.
    """

    repeats = PATTERNS

    def __init__(self, height: int, width: int) -> None:
        self._shape = height, width
        self._made: tuple[Hashable, list[Pixels]] | None = None

    def state(self, settings: PatternSettings, /) -> Hashable:
        """Return the settings."""
        return settings

    def picture(self, state: Hashable, number: int, exposure_s: float, /) -> Pixels:
        """Return one of the pattern's frames."""
        assert isinstance(state, PatternSettings)
        if self._made is None or self._made[0] != state:
            self._made = state, [self._make(state, n) for n in range(PATTERNS)]
        return self._made[1][number % PATTERNS]

    def _make(self, settings: PatternSettings, number: int) -> Pixels:
        down, across = np.ogrid[: self._shape[0], : self._shape[1]]
        match settings.mode:
            case "Peaks":
                values = _peaks(down, across, settings)
            case "Sine":
                values = 100.0 * (
                    2
                    + np.sin(2 * np.pi * (across / self._shape[1] + number / PATTERNS))
                    + np.sin(2 * np.pi * down / self._shape[0])
                )
            case "Offset&Noise":
                values = np.zeros(self._shape)
            case _:
                values = settings.gain_x * across + settings.gain_y * down + number
        if settings.noise:
            values = values + settings.noise * np.random.default_rng(number).random(self._shape)
        values, dtype = np.asarray(values + settings.offset), DATA_TYPES[settings.data_type]
        # whole numbers wrap, as the driver's do
        return values.astype(dtype) if dtype.kind == "f" else values.astype(np.int64).astype(dtype)


def _peaks(down: Pixels, across: Pixels, settings: PatternSettings) -> Pixels:
    """Return a grid of Gaussian peaks of 1000 counts."""
    values = np.zeros((down.shape[0], across.shape[1]))
    for row in range(settings.number[1]):
        for column in range(settings.number[0]):
            y = (down - settings.start[1] - row * settings.step[1]) / max(settings.width[1], 1)
            x = (across - settings.start[0] - column * settings.step[0]) / max(settings.width[0], 1)
            values += 1000.0 * np.exp(-0.5 * x**2) * np.exp(-0.5 * y**2)
    return values


class Photons:
    """Pictures of a scene, with Poisson noise of their own.

    Parameters
    ----------
    frames : SceneFrames
        Makes them.
    """

    repeats = 0

    def __init__(self, frames: SceneFrames) -> None:
        self._frames = frames

    def state(self, settings: PatternSettings, /) -> Hashable:
        """Return the scene's state; there are no settings."""
        return self._frames.scene.state()

    def picture(self, state: Hashable, number: int, exposure_s: float, /) -> Pixels:
        """Return the counts of exposure `number`."""
        return self._frames.frame(number, exposure_s, state)
