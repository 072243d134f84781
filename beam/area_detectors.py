"""The facts of area detectors: what cameras and their plugins have in common, and those on a bench."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from beam.address import Prefix
from beam.axis_facts import NonNegative, Sourced

PLUGIN_KINDS = ("image", "ROI", "Stats", "Proc", "Over", "CB", "TIFF", "HDF", "JPEG", "netCDF", "CC", "Trans")
_NAME = re.compile(rf"({'|'.join(PLUGIN_KINDS)})([1-9])")


class CameraFigures(Sourced):
    """A camera with plugins, under the names of EPICS areaDetector.

    A frame takes `write_s` to be written to a file; with `queue_frames` others waiting, a plugin drops what comes. The
    circular buffer holds up to `buffer_frames`. `plugins` are their names: `HDF1`, `Stats2` …
    """

    label: Annotated[str, Field(min_length=1, max_length=39)]
    width_px: Annotated[int, Field(ge=1, le=8192)]
    height_px: Annotated[int, Field(ge=1, le=8192)]
    data_type: Literal["Int8", "UInt8", "Int16", "UInt16", "Int32", "UInt32", "Float32", "Float64"]
    background_rate_hz: NonNegative = 0.0
    write_s: NonNegative = 0.0
    queue_frames: Annotated[int, Field(ge=1, le=10_000)]
    buffer_frames: Annotated[int, Field(ge=1, le=10_000)]
    plugins: list[str]

    @model_validator(mode="after")
    def _plugins_that_there_are(self) -> CameraFigures:
        for number, name in enumerate(self.plugins):
            if not _NAME.fullmatch(name):
                raise ValueError(f"plugins.{number} = {name!r}: {', '.join(PLUGIN_KINDS)}, each with 1 … 9, are there")
            if self.plugins.index(name) < number:
                raise ValueError(f"plugins.{number} = {name!r} is already listed")
        return self


class AreaDetectors(CameraFigures):
    """Cameras with plugins, one at each prefix.

    `picture` says what they see: a `pattern`, made in advance, or a `spot`, photon by photon.
    """

    kind: Literal["area_detectors"]
    prefixes: Annotated[list[Prefix], Field(min_length=1)]
    picture: Literal["pattern", "spot"]
    peak_rate_hz: NonNegative = 0.0


def plugin_kind(name: str) -> str:
    """Return what kind of plugin has this name: `HDF1` is an `HDF`."""
    return name[:-1]
