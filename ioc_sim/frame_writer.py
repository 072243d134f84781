"""Frames into one HDF5 file an acquisition. Everything here runs in a worker thread, never on the event loop.

The file: `/entry/data/data`, one uint16 frame after the other, and `/entry/data/number`, the number of each frame in
the detector's life, so that a frame which is missing can be told from one that was never made.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from beam.frames import FrameSource
from ioc_sim.new_hdf5 import new_hdf5

SPARE_BYTES = 1 << 20
"""Left free on the disk: an HDF5 file that meets a full one cannot even be closed."""


class FrameWriter(Protocol):
    """What writes an acquisition; a simulated fault may wrap or replace it. All of it may raise OSError."""

    def open(self, path: Path, exposure_s: float) -> None:
        """Create the file."""
        ...

    def write(self, number: int) -> None:
        """Append frame `number`; returns when it is on disk."""
        ...

    def close(self) -> None:
        """Close the file, if one is open."""
        ...


class Hdf5Writer:
    """Writes a detector's frames.

    Parameters
    ----------
    root : Path
        No file is written outside this directory.
    source : FrameSource
        Makes the frames.
    detector : str
        Whose they are.
    """

    def __init__(self, root: Path, source: FrameSource, detector: str) -> None:
        self._root, self._source, self._detector = root, source, detector
        self._file: Any = None
        self._exposure_s = 0.0

    def open(self, path: Path, exposure_s: float) -> None:
        """Create the file, which must not exist, in a directory that does."""
        directory = path.parent.resolve()
        if not directory.is_relative_to(self._root.resolve()):
            raise PermissionError(errno.EACCES, f"is not below {self._root}", str(path.parent))
        self._room(directory)
        self._exposure_s = exposure_s
        self._file = file = new_hdf5(path)
        entry = _group(file, "entry", "NXentry")
        file.attrs["default"], entry.attrs["default"] = "entry", "data"
        entry.create_dataset("count_time", data=exposure_s).attrs["units"] = "s"
        data = _group(entry, "data", "NXdata")
        data.attrs["signal"], data.attrs["detector"] = "data", self._detector
        shape = self._source.shape
        data.create_dataset("data", (0, *shape), np.uint16, maxshape=(None, *shape), chunks=(1, *shape))
        data.create_dataset("number", (0,), np.int64, maxshape=(None,), chunks=(1024,))
        file.flush()

    def write(self, number: int) -> None:
        """Make frame `number`, append it and hand it to the system."""
        self._room(Path(self._file.filename).parent)
        frame = self._source.frame(number, self._exposure_s)
        frames, numbers = self._file["entry/data/data"], self._file["entry/data/number"]
        count = len(numbers)
        frames.resize(count + 1, axis=0)
        frames[count] = frame
        numbers.resize(count + 1, axis=0)
        numbers[count] = number
        self._file.flush()

    def close(self) -> None:
        """Close the file, if one is open."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _room(self, directory: Path) -> None:
        needed = SPARE_BYTES + 2 * self._source.shape[0] * self._source.shape[1]
        if shutil.disk_usage(directory).free < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(directory))


def free_path(directory: str, name: str, number: int) -> tuple[Path, int]:
    """Return the first path from this number on that does not exist, and its number."""
    while True:
        path = Path(directory) / f"{name}_{number:04d}.h5"
        if not path.exists():
            return path, number
        number += 1


def is_directory(path: str) -> bool:
    """Say whether there is such a directory."""
    with contextlib.suppress(OSError):
        return os.path.isdir(path)
    return False


def _group(parent: Any, name: str, kind: str) -> Any:
    group = parent.create_group(name)
    group.attrs["NX_class"] = kind
    return group
