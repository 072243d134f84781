"""Scan numbers: unique and increasing per beamline, surviving restarts."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class ScanNumber:
    """Allocates scan numbers from a file that processes share.

    Called by the run engine (as its `scan_id_source`) once for each run that it opens.
    """

    def __init__(self, data_dir: Path, beamline: str) -> None:
        self.path = data_dir / "journal" / f"{beamline}.scan_number"

    def __call__(self, _metadata: dict[str, object]) -> int:
        """Take the next number; it is on disk before it is used."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            number = int(os.read(handle, 32) or b"0") + 1
            os.pwrite(handle, str(number).encode(), 0)
            os.fsync(handle)
        finally:
            os.close(handle)
        return number
