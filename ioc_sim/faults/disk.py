"""A disk that fails under the writer of a detector, at its next frame even in the middle of an acquisition."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from ioc_sim.area_detector.file_plugin import FilePlugin
from ioc_sim.faults import area_detector
from ioc_sim.faults.row import Argument, Arguments, Fault, Start, Undo
from ioc_sim.frame_writer import FrameWriter
from ioc_sim.groups.file_detector import FileDetectorGroup
from ioc_sim.groups.gate_unit import GateUnitGroup
from ioc_sim.groups.mapping import MappingGroup


class FailingWriter:
    """Writes like another writer until the disk fails.

    Parameters
    ----------
    writer : FrameWriter
        The other one.
    number : int
        The system's error number.
    frames : int
        So many frames still find their way.
    at_open : bool
        Whether a new file fails at once.
    """

    def __init__(self, writer: FrameWriter, number: int, frames: int, at_open: bool) -> None:
        self._writer, self._number, self._frames, self._at_open = writer, number, frames, at_open

    def open(self, path: Path, exposure_s: float) -> None:
        """Create the file."""
        if self._at_open:
            raise OSError(self._number, os.strerror(self._number), str(path))
        self._writer.open(path, exposure_s)

    def write(self, number: int) -> None:
        """Append a frame."""
        if self._frames <= 0:
            raise OSError(self._number, os.strerror(self._number))
        self._frames -= 1
        self._writer.write(number)

    def close(self) -> None:
        """Close the file."""
        self._writer.close()


def _failing(number: int, *, at_open: bool) -> Start:
    async def start(detector: FileDetectorGroup | GateUnitGroup | MappingGroup, given: Arguments) -> Undo:
        file = detector if isinstance(detector, FileDetectorGroup) else detector.file
        writer = file.writer
        file.writer = FailingWriter(writer, number, int(given.get("frames", 0)), at_open)

        async def undo() -> None:
            file.writer = writer

        return undo

    return start


_full_disk = _failing(errno.ENOSPC, at_open=False)


async def _full(target: FileDetectorGroup | GateUnitGroup | MappingGroup | FilePlugin, given: Arguments) -> Undo:
    if isinstance(target, FilePlugin):
        return await area_detector.full(target, given)
    undo = await _full_disk(target, given)
    assert callable(undo)
    return undo


_SEEN = "WriteStatus Error with severity MAJOR, {} in WriteMessage, Acquire back to Done; its put succeeds"


async def _slow(unit: GateUnitGroup | MappingGroup, given: Arguments) -> Undo:
    file = unit.file
    before, file.rows_per_s = file.rows_per_s, float(given["rows_per_s"])

    async def undo() -> None:
        file.rows_per_s = before

    return undo


FAULTS = (
    Fault(
        "slow_store",
        "gate unit, spectrometer's mapping",
        (GateUnitGroup, MappingGroup),
        "rows are stored more slowly than gates make them: RowsWaiting grows; where the buffer is full, Overflow and "
        "ExecuteStatus Failure; of spectra, BufferOverrun",
        _slow,
        "store",
        (Argument("rows_per_s", 100.0, "rows stored in a second", 0, 1e9),),
    ),
    Fault(
        "disk_full",
        "file detector, file plugin, gate unit, spectrometer's mapping",
        (FileDetectorGroup, FilePlugin, GateUnitGroup, MappingGroup),
        f"the file is there, but frames find no room: {_SEEN.format('No space left on device')}; of an area detector's "
        "file plugin, Write error with severity MAJOR, and the acquisition itself ends well; of a gate unit, "
        "ExecuteStatus Failure besides; blocks of rows or spectra count as frames",
        _full,
        "disk",
        (Argument("frames", 0, "so many frames still fit", 0, 1e9),),
    ),
    Fault(
        "disk_read_only",
        "file detector",
        (FileDetectorGroup,),
        f"no file can be made or go on: {_SEEN.format('Read-only file system')}",
        _failing(errno.EROFS, at_open=True),
        "disk",
    ),
)
