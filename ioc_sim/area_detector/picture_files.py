"""The plugins that write one picture to a file: TIFF, JPEG, netCDF. All writing runs in the plugin's thread.

The libraries are imported when the first file is written: they would make up most of the server's start.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ioc_sim.area_detector.array import NDArray, said_of
from ioc_sim.area_detector.color_convert import AXIS
from ioc_sim.area_detector.disk import Disk
from ioc_sim.area_detector.file_plugin import FilePlugin
from ioc_sim.area_detector.pipeline import Pipeline
from ioc_sim.area_detector.table import FILE

Save = Callable[[Path, NDArray], None]
_ATTRIBUTE_TAG = 65000
"""The TIFF tag of the first attribute, a text `name:value`; time stamp, unique id and EPICS time come first."""


class PictureFile:
    """One file with one array.

    Parameters
    ----------
    save : Save
        Writes it.
    disk : Disk
        Where it is.
    """

    def __init__(self, save: Save, disk: Disk) -> None:
        self._save, self._disk = save, disk
        self._path = Path()

    def open(self, path: Path, array: NDArray, many: bool) -> None:
        """Create the file."""
        self._disk.need(path.parent, array.data.nbytes)
        path.unlink(missing_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        self._path = path

    def write(self, array: NDArray) -> None:
        """Write the array."""
        try:
            self._disk.need(self._path.parent, array.data.nbytes)
            self._save(self._path, array)
        except (OSError, ValueError):
            self._path.unlink()
            raise

    def close(self) -> None:
        """Do nothing: it is closed already."""


class PicturePlugin(FilePlugin):
    """What the plugins have in common that write one array to a file."""

    several = False
    table = ""
    """Of records of its own."""

    def __init__(self, name: str, prefix: str, pipeline: Pipeline, source: str, queue: int, root: Path) -> None:
        super().__init__(name, prefix, pipeline, source, queue, (*FILE, self.table), root)

    def new_writer(self) -> PictureFile:
        """Return what writes the next file."""
        return PictureFile(self.saved, self.disk)

    def saved(self, path: Path, array: NDArray) -> None:
        """Write an array to a file."""
        raise NotImplementedError


class Tiff(PicturePlugin):
    """NDFileTIFF: uncompressed; attributes as texts in private tags."""

    kind = "NDFileTIFF"
    table = "tiff"

    def saved(self, path: Path, array: NDArray) -> None:
        """Write the array."""
        from PIL import Image as Picture

        picture = Picture.fromarray(_pixels_last(array))
        tags: dict[int, Any] = {270: "Terasu", 305: "EPICS areaDetector"}
        for n, (name, attribute) in enumerate(said_of(array).items()):
            tags[_ATTRIBUTE_TAG + n] = f"{name}:{attribute.value}"
        picture.save(path, format="TIFF", tiffinfo=tags)


class Jpeg(PicturePlugin):
    """NDFileJPEG: 8 bits, grey or in colours."""

    kind = "NDFileJPEG"
    table = "jpeg"

    def saved(self, path: Path, array: NDArray) -> None:
        """Write the array; one of more than 8 bits cannot be."""
        from PIL import Image as Picture

        if array.data.dtype.itemsize != 1:
            raise ValueError(f"JPEG files hold 8 bits, not {array.data.dtype}")
        quality = min(max(self["JPEGQuality"], 1), 95)
        Picture.fromarray(_pixels_last(array).view(np.uint8)).save(path, format="JPEG", quality=quality)


class NetCdf(PicturePlugin):
    """NDFileNetCDF: the classic format; unsigned numbers as signed ones of the same bits, as there are no others."""

    kind = "NDFileNetCDF"
    table = "netcdf"

    def saved(self, path: Path, array: NDArray) -> None:
        """Write the array, and what is said about it."""
        from scipy.io import netcdf_file

        data = array.data.view(array.data.dtype.str.replace("u", "i"))
        with netcdf_file(path, "w") as file:
            file.createDimension("numArrays", None)
            for n, size in enumerate(data.shape):
                file.createDimension(f"dim{n}", size)
            dimensions = ("numArrays", *(f"dim{n}" for n in range(data.ndim)))
            file.createVariable("uniqueId", np.int32, ("numArrays",))[0] = array.unique_id
            file.createVariable("timeStamp", np.float64, ("numArrays",))[0] = array.timestamp
            file.createVariable("array_data", data.dtype, dimensions)[0] = data


def _pixels_last(array: NDArray) -> Any:
    """Return a picture as libraries want it: rows, columns, colours."""
    axis = AXIS.get(array.color_mode)
    return array.data if axis is None else np.ascontiguousarray(np.moveaxis(array.data, axis, -1))
