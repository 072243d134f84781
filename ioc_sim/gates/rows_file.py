"""Rows into one HDF5 file a capture. Everything here runs in a worker thread, never on the event loop.

The file: below `/entry/data` a column each, with its unit, all of the same length. It is written in SWMR mode: who
opens it so reads what there is at any time, also if the server is killed while it writes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import h5py
import numpy as np
import numpy.typing as npt

from ioc_sim.frame_writer import SPARE_BYTES
from ioc_sim.new_hdf5 import new_hdf5

Floats: TypeAlias = npt.NDArray[np.float64]

CHUNK_ROWS = 8192
CACHE_BYTES = 1 << 18
"""Of chunks of each column: nothing is read again, and by default each would keep megabytes."""
WHERE = "/entry/data"
PROBE_BYTES = 1 << 22


class RowsFile:
    """Writes the rows of one unit.

    Parameters
    ----------
    unit
        Whose they are.
    columns
        Name and unit of each column.
    """

    def __init__(self, unit: str, columns: Mapping[str, str]) -> None:
        self._unit, self._columns = unit, columns
        self._file: Any = None
        self._sets: list[Any] = []
        self._rows = 0

    def open(self, path: Path, _: float = 0.0) -> None:
        """Create the file, which must not exist."""
        self._room(path.parent, 0)
        self._file = file = new_hdf5(path, libver="latest", rdcc_nbytes=CACHE_BYTES)
        entry = file.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        file.attrs["default"], entry.attrs["default"] = "entry", "data"
        data = entry.create_group("data")
        data.attrs["NX_class"], data.attrs["unit_name"] = "NXdata", self._unit
        self._sets = []
        for name, unit in self._columns.items():
            made = data.create_dataset(name, (0,), np.float64, maxshape=(None,), chunks=(CHUNK_ROWS,))
            if unit:
                made.attrs["units"] = unit
            self._sets.append(made)
        self._also(data)
        self._rows = 0
        file.swmr_mode = True
        file.flush()

    def write(self, block: Floats) -> None:
        """Append rows, shape (columns, n), and hand them to the system."""
        self._room(Path(self._file.filename).parent, block.nbytes)
        rows = self._rows + block.shape[1]
        for column, values in zip(self._sets, block, strict=True):
            column.resize((rows,))
            column[self._rows : rows] = values
            column.flush()
        self._rows = rows

    def close(self) -> None:
        """Close the file, if one is open."""
        file, self._file, self._sets = self._file, None, []
        if file is not None:
            file.close()

    def _also(self, data: Any) -> None:
        """Make more datasets of the same length, before the file can be read."""

    @staticmethod
    def _room(directory: Path, bytes_more: int) -> None:
        if shutil.disk_usage(directory).free < SPARE_BYTES + bytes_more:
            raise OSError(28, os.strerror(28), str(directory))


def cut(path: Path, rows: int) -> None:
    """Keep so many rows of a file that is closed; raises OSError."""
    with h5py.File(path, "r+", libver="latest") as file:
        data: Any = file[WHERE]
        for column in data.values():
            column.resize(rows, axis=0)


def probe(directory: Path) -> float:
    """Return how many bytes a second this disk takes: a few are written, and brought to it."""
    path = directory / f".probe-{os.getpid()}"
    try:
        began = time.perf_counter()
        with open(path, "wb") as file:
            file.write(b"\0" * PROBE_BYTES)
            file.flush()
            os.fsync(file.fileno())
        return PROBE_BYTES / max(time.perf_counter() - began, 1e-6)
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
