"""The colour conversion plugin: grey to colours, colours to grey, and false colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ioc_sim.area_detector.array import NDArray, Pixels
from ioc_sim.area_detector.plugin import Plugin
from ioc_sim.area_detector.readout import converted

AXIS = {"RGB1": 2, "RGB2": 1, "RGB3": 0}
"""Where the colours are among the axes, rows first."""


class ColorConvert(Plugin):
    """NDPluginColorConvert: between Mono and the three RGB orders; anything else passes as it is."""

    kind = "NDPluginColorConvert"

    async def work(self, array: NDArray) -> NDArray | None:
        """Return the array in the colour mode that is set."""
        mode = self["ColorModeOut"]
        if mode == array.color_mode or mode not in ("Mono", *AXIS):
            return array
        if array.color_mode not in ("Mono", *AXIS):
            return array
        data = await self.in_thread(_changed, array.data, array.color_mode, mode, self["FalseColor"])
        return replace(array, data=data, color_mode=mode)


def _changed(data: Pixels, before: str, after: str, false_colour: str) -> Pixels:
    if before == "Mono":
        planes = _false(data) if false_colour != "None" and data.dtype == np.uint8 else np.stack([data] * 3)
    else:
        planes = np.moveaxis(data, AXIS[before], 0)
    if after == "Mono":
        return converted(planes.mean(axis=0), data.dtype)
    return np.ascontiguousarray(np.moveaxis(planes, 0, AXIS[after]))


def _false(data: Pixels) -> Pixels:
    """Return blue to red, as bright as the eye likes it, for 8-bit values."""
    steps = np.linspace(0, 1, 256)
    table = np.stack([np.clip(1.5 - np.abs(4 * steps - peak), 0, 1) for peak in (3, 2, 1)])
    return (255 * table).astype(np.uint8)[:, data]
