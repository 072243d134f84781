"""From the sensor's pixels to the array that the camera hands on: window, mirror, binning, gain, data type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ioc_sim.area_detector.array import DATA_TYPES, Pixels


@dataclass(frozen=True)
class Readout:
    """How the sensor is read.

    Attributes
    ----------
    left, top, width, height : int
        The window, in pixels of the sensor.
    bin_x, bin_y : int
        How many pixels are summed to one.
    gain : float
        Factor on all counts.
    """

    left: int
    top: int
    width: int
    height: int
    bin_x: int = 1
    bin_y: int = 1
    mirror_x: bool = False
    mirror_y: bool = False
    gain: float = 1.0
    data_type: str = "UInt16"
    color_mode: str = "Mono"

    def read(self, sensor: Pixels) -> Pixels:
        """Return what is read of the sensor's pixels; those themselves where nothing is to be done."""
        data = sensor[self.top : self.top + self.height, self.left : self.left + self.width]
        if self.mirror_y:
            data = data[::-1]
        if self.mirror_x:
            data = data[:, ::-1]
        if self.bin_x * self.bin_y > 1:
            data = binned(data, self.bin_y, self.bin_x)
        if self.gain != 1.0:
            data = data * self.gain
        return np.ascontiguousarray(coloured(converted(data, DATA_TYPES[self.data_type]), self.color_mode))


def binned(data: Pixels, down: int, across: int) -> Pixels:
    """Sum `down` × `across` pixels to one; what is left over at the end is not read."""
    height, width = data.shape[0] // down, data.shape[1] // across
    wide = data[: height * down, : width * across].astype(np.float64 if data.dtype.kind == "f" else np.int64)
    return wide.reshape(height, down, width, across).sum(axis=(1, 3))


def converted(data: Pixels, dtype: np.dtype[Any]) -> Pixels:
    """Return the data as another type; what that cannot hold saturates."""
    if data.dtype == dtype:
        return data
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if data.dtype.kind == "f":
            data = np.rint(data)
        elif np.can_cast(data.dtype, dtype):
            return data.astype(dtype)
        data = np.clip(data, limits.min, limits.max)
    return data.astype(dtype)


def coloured(data: Pixels, mode: str) -> Pixels:
    """Return a grey picture in a colour mode."""
    axis = {"RGB1": 2, "RGB2": 1, "RGB3": 0}.get(mode)
    return data if axis is None else np.stack([data] * 3, axis=axis)
