"""The region-of-interest plugin: a part of each array, binned, mirrored and scaled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ioc_sim.area_detector.array import DATA_TYPES, NAMES, NDArray, Pixels
from ioc_sim.area_detector.plugin import Plugin
from ioc_sim.area_detector.readout import Readout, converted

WHOLE = 1_000_000
"""A size that is cut to what there is."""


class Roi(Plugin):
    """NDPluginROI. The region is cut to the array; a dimension that is not enabled is left whole."""

    kind = "NDPluginROI"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.start_with(SizeX=WHOLE, SizeY=WHOLE, SizeZ=WHOLE)

    async def work(self, array: NDArray) -> NDArray | None:
        """Return the region; of a colour picture, all three colours of it."""
        if array.data.ndim != 2:
            return array
        readout, scale = self._region(array.data), self._scale()

        def cut() -> Pixels:
            data = readout.read(array.data)
            if scale is None:
                return data
            wide = array.data.dtype if self["DataTypeOut"] == "Automatic" else DATA_TYPES[self["DataTypeOut"]]
            return converted(data / scale, wide)

        data = await self.in_thread(cut)
        for axis, size in zip("XY", data.shape[::-1], strict=True):
            self.set(f"ArraySize{axis}", size)
        if self["CollapseDims"] == "Enable":
            data = data.reshape([size for size in data.shape if size > 1] or [1])
        return replace(array, data=data)

    def _scale(self) -> float | None:
        scale = self["Scale"]
        return scale if self["EnableScale"] == "Enable" and scale else None

    def _region(self, data: Pixels) -> Readout:
        """Return the region as it can be cut from this array, and show it."""
        place: dict[str, tuple[int, int, int, bool]] = {}
        for axis, most in zip("XY", data.shape[::-1], strict=True):
            self.set(f"MaxSize{axis}", most)
            self.set(f"Max{axis}", most)
            left = min(max(self.records[f"Min{axis}"].value, 0), most - 1)
            asked = most if self[f"AutoSize{axis}"] == "Yes" else self.records[f"Size{axis}"].value
            size = min(max(asked, 1), most - left)
            bins = min(max(self.records[f"Bin{axis}"].value, 1), size)
            self.set(f"Min{axis}", left)
            self.set(f"Size{axis}", size)
            self.set(f"Bin{axis}", bins)
            enabled = self[f"Enable{axis}"] == "Enable"
            mirror = self[f"Reverse{axis}"] == "Yes"
            place[axis] = (left, size, bins, mirror) if enabled else (0, most, 1, False)
        (left, width, across, mirror_x), (top, height, down, mirror_y) = place["X"], place["Y"]
        out = self["DataTypeOut"]
        if self._scale() is not None:  # what is scaled must not saturate before
            out = "Float64"
        elif out == "Automatic":
            out = NAMES[data.dtype]
        return Readout(left, top, width, height, across, down, mirror_x, mirror_y, 1.0, out)
