"""The image plugin: the last array as a waveform."""

from __future__ import annotations

import numpy as np

from ioc_sim.area_detector.array import NDArray
from ioc_sim.area_detector.plugin import Plugin
from ioc_sim.area_detector.readout import converted
from ioc_sim.area_detector.records import PIXELS
from ioc_sim.arrays import to_wire

ON_WIRE = {
    "Int8": "CHAR",
    "UInt8": "CHAR",
    "Int16": "SHORT",
    "UInt16": "LONG",
    "Int32": "LONG",
    "UInt32": "DOUBLE",
    "Float32": "FLOAT",
    "Float64": "DOUBLE",
}
"""As what the pixels of a data type are sent: Channel Access has no unsigned numbers of more than eight bits."""


class Image(Plugin):
    """NDPluginStdArrays. The waveform is published whenever a client may see it, converted in the plugin's thread."""

    kind = "NDPluginStdArrays"

    async def work(self, array: NDArray) -> None:
        """Publish the array."""
        pixel = np.dtype(PIXELS[self.pipeline.pixel])
        data = await self.in_thread(lambda: to_wire(converted(array.data, pixel)))
        self.records["ArrayData"].post(data, timestamp=array.posix_ns / 1e9)
