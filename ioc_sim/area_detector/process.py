"""The process plugin: background, flat field, offset and scale, clipping, a recursive filter, data type.

The filter has a memory F of the arrays I that came, N of them, up to `NumFilter`. Each one gives

    out = OOffset + OScale · ((OC1 + OC2/N) · F + (OC3 + OC4/N) · I)
    F   = FOffset + FScale · ((FC1 + FC2/N) · F + (FC3 + FC4/N) · I)

after, at a reset, F = ROffset + RC1 · F + RC2 · I with N = 0. `FilterType` sets the coefficients of the usual filters.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ioc_sim.area_detector.array import DATA_TYPES, NDArray, Pixels
from ioc_sim.area_detector.plugin import Plugin
from ioc_sim.area_detector.readout import converted

COEFFICIENTS = ("OC1", "OC2", "OC3", "OC4", "FC1", "FC2", "FC3", "FC4", "RC1", "RC2")
FILTERS: dict[str, tuple[float | None, ...]] = {
    "RecursiveAve": (1, -1, 0, 1, 1, -1, 0, 1, 0, 1),
    "Average": (1, 0, None, 0, 1, 0, None, 0, 0, 0),
    "Sum": (1, 0, 1, 0, 1, 0, 1, 0, 0, 0),
    "Difference": (-1, 0, 1, 0, 0, 0, 1, 0, 0, 1),
    "RecursiveAveDiff": (-1, 0, 1, 0, 1, -1, 0, 1, 0, 1),
    "CopyToFilter": (0, 0, 1, 0, 0, 0, 1, 0, 0, 1),
}
"""The coefficients of a filter; None is 1 / `NumFilter`."""


class Process(Plugin):
    """NDPluginProcess."""

    kind = "NDPluginProcess"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._background: Pixels | None = None
        self._flat: Pixels | None = None
        self._filter: Pixels | None = None
        self._filtered = 0
        self.start_with(DataTypeOut="Automatic", ResetFilter="No", SaveBackground="No", SaveFlatField="No")
        self.on("SaveBackground", self._save_background)
        self.on("SaveFlatField", self._save_flat)
        self.on("FilterType", self._put_filter)
        self.on("NumFilter", self._put_number)
        self.on("AutoOffsetScale", self._put_auto)

    async def _save_background(self, value: str) -> None:
        if value == "Yes" and self.last is not None:
            self._background = self.last.data.astype(np.float64)
            self.set("ValidBackground", "Valid")
        self.put_back("SaveBackground", "No")

    async def _save_flat(self, value: str) -> None:
        if value == "Yes" and self.last is not None:
            self._flat = self.last.data.astype(np.float64)
            self.set("ValidFlatField", "Valid")
        self.put_back("SaveFlatField", "No")

    async def _put_number(self, number: int) -> None:
        self.set("NumFilter", max(number, 1))
        self.set("NumFilterRecip", 1 / max(number, 1))

    async def _put_filter(self, kind: str) -> None:
        for name, value in zip(COEFFICIENTS, FILTERS[kind], strict=True):
            self.put_back(name, 1 / self["NumFilter"] if value is None else float(value))

    async def _put_auto(self, value: str) -> None:
        """Choose offset and scale so that the last array fills the data type."""
        if value == "Calculating" and self.last is not None:
            low, high = float(self.last.data.min()), float(self.last.data.max())
            dtype = self._out(self.last)
            most = float(np.iinfo(dtype).max) if dtype.kind in "iu" else 1.0
            self.put_back("Offset", -low)
            self.put_back("Scale", most / (high - low) if high > low else 1.0)
            for name, setting in (("EnableLowClip", "Enable"), ("EnableHighClip", "Enable")):
                self.put_back(name, setting)
            for name, number in (
                ("LowClipThresh", 0.0),
                ("LowClipValue", 0.0),
                ("HighClipThresh", most),
                ("HighClipValue", most),
            ):
                self.put_back(name, number)
            self.put_back("EnableOffsetScale", "Enable")
        self.records["AutoOffsetScale"].post("Done")

    def _out(self, array: NDArray) -> np.dtype[Any]:
        kind = self["DataTypeOut"]
        return array.data.dtype if kind == "Automatic" else DATA_TYPES[kind]

    async def work(self, array: NDArray) -> NDArray | None:
        """Return the processed array; nothing while a filter wants more of them."""
        dtype = self._out(array)
        data, complete = await self.in_thread(self._processed, array.data)
        self.set("NumFiltered", self._filtered)
        if not complete and self["FilterCallbacks"] == "Array N only":
            return None
        return replace(array, data=await self.in_thread(converted, data, dtype))

    def _processed(self, data: Pixels) -> tuple[Pixels, bool]:
        """Return the data after all that is enabled, and whether the filter has all its arrays."""
        if self["EnableBackground"] == "Enable" and _fits(self._background, data):
            data = data - self._background
        if self["EnableFlatField"] == "Enable" and _fits(self._flat, data):
            assert self._flat is not None
            flat = np.where(self._flat == 0, self["ScaleFlatField"], self._flat)
            data = data * self["ScaleFlatField"] / flat
        if self["EnableOffsetScale"] == "Enable":
            data = (data + self["Offset"]) * self["Scale"]
        if self["EnableHighClip"] == "Enable":
            data = np.where(data > self["HighClipThresh"], self["HighClipValue"], data)
        if self["EnableLowClip"] == "Enable":
            data = np.where(data < self["LowClipThresh"], self["LowClipValue"], data)
        if self["EnableFilter"] != "Enable":
            return data, True
        return self._passed(data.astype(np.float64))

    def _passed(self, data: Pixels) -> tuple[Pixels, bool]:
        number = self["NumFilter"]
        reset = self["ResetFilter"] == "Yes" or not _fits(self._filter, data)
        if reset or (self._filtered >= number and self["AutoResetFilter"] == "Yes"):
            kept = self._filter if _fits(self._filter, data) and self._filter is not None else np.zeros_like(data)
            self._filter = self["ROffset"] + self["RC1"] * kept + self["RC2"] * data
            self._filtered = 0
        assert self._filter is not None
        self._filtered = n = min(self._filtered + 1, number)
        old = self._filter
        out = self["OOffset"] + self["OScale"] * (
            (self["OC1"] + self["OC2"] / n) * old + (self["OC3"] + self["OC4"] / n) * data
        )
        self._filter = self["FOffset"] + self["FScale"] * (
            (self["FC1"] + self["FC2"] / n) * old + (self["FC3"] + self["FC4"] / n) * data
        )
        return out, n == number


def _fits(kept: Pixels | None, data: Pixels) -> bool:
    return kept is not None and kept.shape == data.shape
