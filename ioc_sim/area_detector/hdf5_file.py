"""An HDF5 file of arrays, laid out as NDFileHDF5 does by default. All of it runs in a worker thread.

================================================  ==================================================================
`/entry/data/data`                                the arrays: (frames, height, width); (height, width) of a single one
`/entry/instrument/detector/data`                 the same dataset
`/entry/instrument/NDAttributes/NDArrayUniqueId`  of each frame, as `…/NDArrayTimeStamp`, `…/NDArrayEpicsTSSec`,
                                                  `…/NDArrayEpicsTSnSec` and all other attributes
================================================  ==================================================================

h5py holds the interpreter's lock while HDF5 writes, which would keep the server from answering. So where a chunk is a
whole frame that needs no filter, HDF5 is only asked for the chunk's place in the file (space is given out as soon as
the dataset grows, nothing is filled in), and the pixels are written there by the system, without that lock. A disk that
fills is then noticed by an ordinary error, with a file that can still be closed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np

from ioc_sim.area_detector.array import NDArray, Pixels, said_of
from ioc_sim.area_detector.disk import Disk
from ioc_sim.new_hdf5 import new_hdf5

_H5: Any = h5py
"""The library's lower level, which has no types."""
HELD = 64
"""Attributes of so many frames are written at once."""
_BLOSC = {"BloscLZ": "blosclz", "LZ4": "lz4", "LZ4HC": "lz4hc", "SNAPPY": "snappy", "ZLIB": "zlib", "ZSTD": "zstd"}
_SHUFFLE = {"None": 0, "Byte": 1, "Bit": 2}


@dataclass(frozen=True)
class Layout:
    """The settings of a file.

    Attributes
    ----------
    chunk : tuple[int, int, int] or None
        Frames, rows and columns of a chunk; None: one frame.
    flush_every : int
        Frames between two flushes; 0: none but at the end, with `swmr` one for each frame.
    """

    compression: str = "None"
    level: int = 5
    shuffle: str = "Byte"
    compressor: str = "BloscLZ"
    szip_pixels: int = 16
    chunk: tuple[int, int, int] | None = None
    swmr: bool = False
    flush_every: int = 0
    attributes: bool = True
    attribute_chunk: int = 0
    fill: float = 0.0

    def filters(self) -> dict[str, Any]:
        """Return what h5py needs to create the dataset; raise ValueError for what cannot be written here."""
        import hdf5plugin  # late: it loads all filters there are

        match self.compression:
            case "None":
                return {}
            case "zlib":
                return {"compression": "gzip", "compression_opts": min(max(self.level, 0), 9)}
            case "szip":
                return {"compression": "szip", "compression_opts": ("nn", max(self.szip_pixels // 2 * 2, 2))}
            case "Blosc":
                return dict(
                    hdf5plugin.Blosc(
                        cname=cast(Any, _BLOSC[self.compressor]),
                        clevel=min(max(self.level, 0), 9),
                        shuffle=_SHUFFLE[self.shuffle],
                    )
                )
            case "BSLZ4":
                return dict(hdf5plugin.Bitshuffle(cname="lz4"))
            case "LZ4":
                return dict(hdf5plugin.LZ4())
            case other:
                raise ValueError(f"Compression {other} is not simulated")


class Hdf5File:
    """One file.

    Parameters
    ----------
    layout : Layout
        Its settings.
    disk : Disk
        Where it is.
    """

    def __init__(self, layout: Layout, disk: Disk) -> None:
        self.layout, self.disk = layout, disk
        self.chunk: tuple[int, int, int] = (0, 0, 0)
        self.flushes = 0
        """How often what was written became visible to others."""
        self._file: Any = None
        self._data: Any = None
        self._raw = -1
        self._many = False
        self._frames = 0
        self._directory = Path()
        self._attributes: dict[str, Any] = {}
        self._held: dict[str, list[Any]] = {}

    def open(self, path: Path, array: NDArray, many: bool) -> None:
        """Create the file for arrays like this one."""
        self._directory, self._many = path.parent, many
        self.disk.need(path.parent, array.data.nbytes)
        filters = self.layout.filters()
        path.unlink(missing_ok=True)
        self._file = file = new_hdf5(path, libver="latest" if self.layout.swmr else None)
        entry = _group(file, "entry", "NXentry")
        instrument = _group(entry, "instrument", "NXinstrument")
        detector = _group(instrument, "detector", "NXdetector")
        self._data = self._create(detector, array.data, filters)
        self._data.attrs["signal"] = 1
        _group(entry, "data", "NXdata")["data"] = self._data
        if self.layout.attributes:
            self._add_attributes(_group(instrument, "NDAttributes", "NXcollection"), array)
        if self.layout.swmr:
            file.swmr_mode = True
        if self._is_direct(filters):
            file.flush()
            self._raw = os.open(path, os.O_WRONLY)

    def write(self, array: NDArray) -> None:
        """Append an array."""
        data, number = array.data, self._frames
        self.disk.need(self._directory, data.nbytes)
        if not self._many:
            self._data[...] = data
        else:
            self._data.resize(number + 1, axis=0)
            try:
                self._put(number, data)
            except OSError:
                self._data.resize(number, axis=0)
                raise
        self._frames += 1
        if self.layout.attributes:
            self._hold(array)
        every = self.layout.flush_every or (1 if self.layout.swmr else 0)
        if every and self._frames % every == 0:
            self.flush()

    def flush(self) -> None:
        """Make all that was written visible to others who have the file open."""
        self._write_held()
        self._file.flush()
        self.flushes += 1

    def close(self) -> None:
        """Close the file with what is in it."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            self._write_held()
        finally:
            if self._raw >= 0:
                os.close(self._raw)
                self._raw = -1
            file.close()

    def _put(self, number: int, data: Pixels) -> None:
        """Write one frame to its place."""
        if self._raw < 0:
            self._data[number] = data
            return
        place = self._data.id.get_chunk_info_by_coord((number, *(0,) * data.ndim)).byte_offset
        view = data.data.cast("B")
        while view:
            written = os.pwrite(self._raw, view, place)
            view, place = view[written:], place + written

    def _is_direct(self, filters: dict[str, Any]) -> bool:
        return (
            self._many
            and not filters
            and tuple(self._data.chunks[1:]) == self._data.shape[1:]
            and self._data.chunks[0] == 1
        )

    def _create(self, parent: Any, data: Pixels, filters: dict[str, Any]) -> Any:
        if not self._many:
            chunks = data.shape if filters else None
            return parent.create_dataset("data", data.shape, data.dtype, chunks=chunks, **filters)
        frames, rows, columns = self.layout.chunk or (1, *data.shape[:2])
        chunk = (max(frames, 1), *(min(max(n, 1), most) for n, most in zip((rows, columns), data.shape, strict=False)))
        chunk += data.shape[len(chunk) - 1 :]
        self.chunk = (chunk[0], chunk[1], chunk[2] if len(chunk) > 2 else 1)
        whole = chunk == (1, *data.shape)
        if filters or not whole:
            return parent.create_dataset(
                "data", (0, *data.shape), data.dtype, maxshape=(None, *data.shape), chunks=chunk,
                fillvalue=self.layout.fill or None, **filters,
            )  # fmt: skip
        plan = _H5.h5p.create(_H5.h5p.DATASET_CREATE)
        plan.set_chunk(chunk)
        plan.set_alloc_time(_H5.h5d.ALLOC_TIME_EARLY)
        plan.set_fill_time(_H5.h5d.FILL_TIME_NEVER)
        space = _H5.h5s.create_simple((0, *data.shape), (_H5.h5s.UNLIMITED, *data.shape))
        return h5py.Dataset(_H5.h5d.create(parent.id, b"data", _H5.h5t.py_create(data.dtype), space, plan))

    # ---- attributes

    def _add_attributes(self, group: Any, array: NDArray) -> None:
        chunk = (self.layout.attribute_chunk or 16,)
        for name, attribute in said_of(array).items():
            kind = h5py.string_dtype("utf-8", 256) if isinstance(attribute.value, str) else _number(attribute.value)
            dataset = group.create_dataset(name, (0,), kind, maxshape=(None,), chunks=chunk)
            dataset.attrs["NDAttrName"] = name
            dataset.attrs["NDAttrDescription"] = attribute.description
            dataset.attrs["NDAttrSourceType"] = "NDAttrSourceDriver"
            dataset.attrs["NDAttrSource"] = attribute.source
            self._attributes[name] = dataset
            self._held[name] = []

    def _hold(self, array: NDArray) -> None:
        said = said_of(array)
        for name, held in self._held.items():
            held.append(said[name].value if name in said else 0)
        if len(next(iter(self._held.values()))) >= HELD:
            self._write_held()

    def _write_held(self) -> None:
        for name, held in self._held.items():
            if held:
                dataset = self._attributes[name]
                dataset.resize(len(dataset) + len(held), axis=0)
                dataset[-len(held) :] = held
                held.clear()


def _number(value: float | int) -> type[Any]:
    return np.float64 if isinstance(value, float) else np.int32


def _group(parent: Any, name: str, kind: str) -> Any:
    group = parent.create_group(name)
    group.attrs["NX_class"] = kind
    return group
