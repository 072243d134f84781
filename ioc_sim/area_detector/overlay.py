"""The overlay plugin: crosses, rectangles, ellipses and texts drawn into a copy of each array."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ioc_sim.area_detector.array import NDArray, Pixels
from ioc_sim.area_detector.plugin import Plugin
from ioc_sim.area_detector.readout import converted
from ioc_sim.area_detector.table import rows

OVERLAYS = 8


@dataclass(frozen=True)
class Shape:
    """One overlay."""

    kind: str
    x: int
    y: int
    width: int
    height: int
    line_x: int
    line_y: int
    xor: bool
    level: int
    text: str = ""

    def mask(self, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """Return which pixels it covers."""
        from PIL import Image as Picture  # late: few clients ever draw
        from PIL import ImageDraw

        picture = Picture.new("1", (shape[1], shape[0]), 0)
        draw = ImageDraw.Draw(picture)
        right, bottom = self.x + self.width - 1, self.y + self.height - 1
        line = max(self.line_x, self.line_y, 1)
        if right < self.x or bottom < self.y:
            return np.zeros(shape, np.bool_)
        if self.kind == "Cross":
            middle = self.x + self.width // 2, self.y + self.height // 2
            draw.line((self.x, middle[1], right, middle[1]), 1, max(self.line_y, 1))
            draw.line((middle[0], self.y, middle[0], bottom), 1, max(self.line_x, 1))
        elif self.kind == "Rectangle":
            draw.rectangle((self.x, self.y, right, bottom), outline=1, width=line)
        elif self.kind == "Ellipse":
            draw.ellipse((self.x, self.y, right, bottom), outline=1, width=line)
        else:
            draw.text((self.x, self.y), self.text, 1)
        return np.asarray(picture, np.bool_)


class Overlay(Plugin):
    """NDPluginOverlay with eight overlays, at `1:` … `8:`."""

    kind = "NDPluginOverlay"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        for n in range(1, OVERLAYS + 1):
            self.add(rows("overlay_one"), f"{n}:")
            self.start_with(**{f"{n}:Name": f"Overlay{n}", f"{n}:Shape": "Rectangle"})
            for axis in "XY":
                self.on(f"{n}:Position{axis}", self._placing(n, axis, centre=False))
                self.on(f"{n}:Center{axis}", self._placing(n, axis, centre=True))
                self.on(f"{n}:Size{axis}", self._sizing(n, axis))

    def _placing(self, n: int, axis: str, *, centre: bool) -> Any:
        async def put(value: int) -> None:
            half = self[f"{n}:Size{axis}"] // 2
            corner = value - half if centre else value
            self.put_back(f"{n}:Position{axis}", corner)
            self.put_back(f"{n}:Center{axis}", corner + half)

        return put

    def _sizing(self, n: int, axis: str) -> Any:
        async def put(size: int) -> None:
            self.set(f"{n}:Size{axis}", size)
            self.put_back(f"{n}:Center{axis}", self[f"{n}:Position{axis}"] + size // 2)

        return put

    async def work(self, array: NDArray) -> NDArray | None:
        """Return the array with all overlays in use; one in colours passes as it is."""
        if array.data.ndim != 2:
            return array
        for n in range(1, OVERLAYS + 1):
            for axis, size in zip("XY", array.data.shape[::-1], strict=True):
                self.set(f"{n}:MaxSize{axis}", size)
        shapes = [self._shape(n, array) for n in range(1, OVERLAYS + 1) if self[f"{n}:Use"] == "Yes"]
        if not shapes:
            return array
        return replace(array, data=await self.in_thread(drawn, array.data, shapes))

    def _shape(self, n: int, array: NDArray) -> Shape:
        def of(name: str) -> Any:
            return self[f"{n}:{name}"]

        stamp = time.strftime(of("TimeStampFormat").split(".")[0], time.localtime(array.posix_ns / 1e9))
        return Shape(
            of("Shape"),
            of("PositionX"),
            of("PositionY"),
            min(of("SizeX"), 2 * array.data.shape[1]),
            min(of("SizeY"), 2 * array.data.shape[0]),
            min(of("WidthX"), 1000),
            min(of("WidthY"), 1000),
            of("DrawMode") == "XOR",
            of("Green"),
            " ".join(part for part in (of("DisplayText"), stamp) if part),
        )


def drawn(data: Pixels, shapes: list[Shape]) -> Pixels:
    """Return a copy of a picture with these shapes; XOR is for whole numbers only."""
    out = data.copy()
    for shape in shapes:
        mask = shape.mask((data.shape[0], data.shape[1]))
        level = converted(np.array([shape.level]), data.dtype)[0]
        if shape.xor and data.dtype.kind in "iu":
            out[mask] ^= level
        else:
            out[mask] = level
    return out
