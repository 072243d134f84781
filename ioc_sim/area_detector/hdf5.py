"""The HDF5 plugin: NDFileHDF5."""

from __future__ import annotations

import time
from pathlib import Path

from ioc_sim.area_detector.array import NDArray
from ioc_sim.area_detector.file_plugin import FilePlugin
from ioc_sim.area_detector.hdf5_file import Hdf5File, Layout
from ioc_sim.area_detector.pipeline import Pipeline
from ioc_sim.area_detector.table import FILE


class Hdf5(FilePlugin):
    """Writes arrays to HDF5 files; `ioc_sim.area_detector.hdf5_file` says what is in them."""

    kind = "NDFileHDF5 ver1.10.1"

    def __init__(self, name: str, prefix: str, pipeline: Pipeline, source: str, queue: int, root: Path) -> None:
        super().__init__(name, prefix, pipeline, source, queue, (*FILE, "hdf5"), root)
        self._began = 0.0
        self._bytes = 0
        self.set("SWMRSupported", "Supported")
        self.set("XMLValid", "Yes")
        self.start_with(
            ChunkSizeAuto="Yes", NumFramesChunks=1, StoreAttr="Yes", StorePerform="No", BloscLevel=5, ZLevel=6,
            SZipNumPixels=16, NumDataBits=8, BloscShuffle="Byte",
        )  # fmt: skip
        self.only(XMLFileName="", NumExtraDims=0, PositionMode="Off", DimAttDatasets="No", StorePerform="No")
        self.on("FlushNow", self._put_flush)

    def new_writer(self) -> Hdf5File:
        """Return a file with the settings that stand now."""
        layout = Layout(
            compression=self["Compression"],
            level=self["BloscLevel"] if self["Compression"] == "Blosc" else self["ZLevel"],
            shuffle=self["BloscShuffle"],
            compressor=self["BloscCompressor"],
            szip_pixels=self["SZipNumPixels"],
            chunk=None
            if self["ChunkSizeAuto"] == "Yes"
            else (self["NumFramesChunks"], self["NumRowChunks"], self["NumColChunks"]),
            swmr=self["SWMRMode"] == "On",
            flush_every=self["NumFramesFlush"],
            attributes=self["StoreAttr"] == "Yes",
            attribute_chunk=self["NDAttributeChunk"],
            fill=self["FillValue"],
        )
        return Hdf5File(layout, self.disk)

    async def _put_flush(self, value: str) -> None:
        async with self._working:
            if value == "Flush" and isinstance(self._writer, Hdf5File):
                await self.in_thread(self._writer.flush)
                self._show_flushes()
        self.records["FlushNow"].post("Done")

    async def _open(self, array: NDArray, *, many: bool) -> bool:
        opened = await super()._open(array, many=many)
        self._began, self._bytes = time.perf_counter(), 0
        chunk = isinstance(self._writer, Hdf5File) and self._writer.chunk
        if opened and chunk:
            for name, size in zip(("NumFramesChunks", "NumRowChunks", "NumColChunks"), chunk, strict=True):
                self.set(name, size)
            self.set("SWMRActive", "Active" if self["SWMRMode"] == "On" else "Off")
        return opened

    async def _write(self, array: NDArray) -> bool:
        written = await super()._write(array)
        self._bytes += array.data.nbytes
        self._show_flushes()
        return written

    async def _close(self) -> None:
        if self._writer is None:
            return
        await super()._close()
        seconds = time.perf_counter() - self._began
        self.set("RunTime", round(seconds, 3))
        self.set("IOSpeed", round(8e-6 * self._bytes / seconds, 1))
        self.set("SWMRActive", "Off")

    def _show_flushes(self) -> None:
        if isinstance(self._writer, Hdf5File):
            self.set("SWMRCbCounter", self._writer.flushes)
