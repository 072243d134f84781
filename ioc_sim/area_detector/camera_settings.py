"""What a camera's records say about its readout and its pattern, as they are now."""

from __future__ import annotations

from ioc_sim.area_detector.port import Port
from ioc_sim.area_detector.readout import Readout
from ioc_sim.area_detector.sources import PatternSettings

MOST_PEAKS = 100
"""In a row or column of a pattern."""


def readout_of(camera: Port) -> Readout:
    """Return how the sensor is read."""
    return Readout(
        camera["MinX"],
        camera["MinY"],
        camera["SizeX"],
        camera["SizeY"],
        camera["BinX"],
        camera["BinY"],
        camera["ReverseX"] == "Yes",
        camera["ReverseY"] == "Yes",
        camera["Gain"],
        camera["DataType"],
        camera["ColorMode"],
    )


def pattern_of(camera: Port) -> PatternSettings:
    """Return what a pattern depends on."""

    def pair(name: str) -> tuple[int, int]:
        return camera[f"Peak{name}X"], camera[f"Peak{name}Y"]

    return PatternSettings(
        camera["SimMode"],
        camera["DataType"],
        camera["GainX"],
        camera["GainY"],
        pair("Start"),
        (min(camera["PeakNumX"], MOST_PEAKS), min(camera["PeakNumY"], MOST_PEAKS)),
        pair("Step"),
        pair("Width"),
        camera["Offset"],
        camera["Noise"],
    )
