"""The transform plugin: turns and mirrors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ioc_sim.area_detector.array import NDArray, Pixels
from ioc_sim.area_detector.plugin import Plugin

TRANSFORMS: dict[str, Callable[[Pixels], Pixels]] = {
    "None": lambda data: data,
    "Rot90": lambda data: np.rot90(data, -1),
    "Rot180": lambda data: data[::-1, ::-1],
    "Rot270": lambda data: np.rot90(data),
    "Mirror": lambda data: data[:, ::-1],
    "Rot90Mirror": lambda data: np.rot90(data, -1)[:, ::-1],
    "Rot180Mirror": lambda data: data[::-1],
    "Rot270Mirror": lambda data: np.rot90(data)[:, ::-1],
}
"""Clockwise, on the screen where row 0 is at the top; a mirror after the turn."""


class Transform(Plugin):
    """NDPluginTransform; a picture in colours passes as it is."""

    kind = "NDPluginTransform"

    async def work(self, array: NDArray) -> NDArray | None:
        """Return the array turned."""
        if array.data.ndim != 2 or self["Type"] == "None":
            return array
        turn = TRANSFORMS[self["Type"]]
        return replace(array, data=await self.in_thread(lambda: np.ascontiguousarray(turn(array.data))))
