"""The statistics plugin."""

from __future__ import annotations

from typing import Any

import numpy as np

from ioc_sim.area_detector.array import NDArray, Pixels
from ioc_sim.area_detector.moments import centroid, histogram, profiles, statistics
from ioc_sim.area_detector.plugin import Plugin

MOST_BINS = 256


class Stats(Plugin):
    """NDPluginStats: what is asked for is computed of each array, in the plugin's thread; the array is handed on."""

    kind = "NDPluginStats"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.on("Reset", self._reset)

    async def work(self, array: NDArray) -> NDArray | None:
        """Publish the statistics; a picture in colours has none but extremes and mean."""
        numbers, arrays = await self.in_thread(self._computed, array.data)
        for name, value in numbers.items():
            self._show(name, value)
        for name, value in arrays.items():
            self.records[f"{name}_RBV"].post(value)
        return array

    def _show(self, name: str, value: float) -> None:
        self.set(name, value)
        setpoint = "SigmaValue" if name == "Sigma" else name
        if setpoint in self.records:
            self.records[setpoint].update(value)

    def _computed(self, data: Pixels) -> tuple[dict[str, float], dict[str, Any]]:
        numbers: dict[str, float] = {}
        arrays: dict[str, Any] = {}
        if not data.size:
            return numbers, arrays
        if self["ComputeStatistics"] == "Yes":
            numbers |= statistics(data, self["BgdWidth"])
        if data.ndim == 2:
            threshold = self["CentroidThreshold"]
            if self["ComputeCentroid"] == "Yes":
                numbers |= centroid(data, threshold)
            if self["ComputeProfiles"] == "Yes":
                known = {axis: self[axis] for axis in ("CentroidX", "CentroidY")} | numbers
                centre, cursor = (known["CentroidX"], known["CentroidY"]), (self["CursorX"], self["CursorY"])
                arrays |= profiles(data, threshold, centre, cursor)
                numbers |= {"ProfileSizeX": data.shape[1], "ProfileSizeY": data.shape[0]}
                if cursor[1] < data.shape[0] and cursor[0] < data.shape[1]:
                    numbers["CursorVal"] = float(data[cursor[1], cursor[0]])
        if self["ComputeHistogram"] == "Yes" and self["HistMax"] > self["HistMin"]:
            bins = min(max(self["HistSize"], 1), MOST_BINS)
            arrays["Histogram"], found = histogram(data, bins, self["HistMin"], self["HistMax"])
            arrays["HistogramX"] = np.linspace(self["HistMin"], self["HistMax"], bins, endpoint=False)
            numbers |= found
        return numbers, arrays

    async def _reset(self, _: Any) -> None:
        for name in ("MinValue", "MaxValue", "MeanValue", "Sigma", "Total", "Net", "CentroidX", "CentroidY"):
            self._show(name, 0.0)
