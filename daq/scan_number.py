"""Scan numbers: unique and increasing per beamline, allocated once each, surviving restarts.

=========================  ===========================================================================================
what happens               the next number
=========================  ===========================================================================================
a run is opened            one more; it is on disk before the run has it, so that no crash gives it out again
two engines ask at once    one after the other, by a lock
the file is not there      one more than the highest in the journals: it was lost, or nothing was measured yet
the file holds no number   none: a run is refused rather than given a number that another one has
=========================  ===========================================================================================
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from daq.errors import DataError
from daq.journal import SUFFIX
from daq.journal_line import decode
from daq.paths import journal_dir
from daq.sync_directory import sync_directory


class ScanNumber:
    """Allocates scan numbers from a file that processes share.

    Called by the run engine (as its `scan_id_source`) once for each run that it opens.
    """

    def __init__(self, data_dir: Path, beamline: str) -> None:
        self.beamline = beamline
        self.path = journal_dir(data_dir) / f"{beamline}.scan_number"

    def __call__(self, _metadata: dict[str, object]) -> int:
        """Take the next number; it is on disk before it is used.

        Raises
        ------
        DataError
            The file holds no number, or cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                return self._take(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise DataError(f"scan number {self.path}: cannot be taken: {error.strerror or error}") from error

    def _take(self, handle: int) -> int:
        text = os.read(handle, 64)
        if not text:
            sync_directory(self.path.parent)
            last = max(self._measured(), default=0)
        elif text.isdigit():
            last = int(text)
        else:
            raise DataError(f"scan number {self.path}: holds {text!r}, which is no number: put the last one there")
        os.pwrite(handle, str(last + 1).encode(), 0)
        os.fsync(handle)
        return last + 1

    def _measured(self) -> Iterator[int]:
        """Yield the scan numbers of the beamline's journals."""
        for journal in self.path.parent.glob(f"*/*{SUFFIX}"):
            with journal.open("rb") as file:
                line = file.readline()
            try:
                _, start = decode(line)
                if start.get("beamline") == self.beamline:
                    yield int(start["scan_id"])
            except (ValueError, KeyError, TypeError, DataError):
                continue  # its engine died before it had a number on disk
