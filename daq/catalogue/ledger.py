"""Which journals are wholly in the catalogue: remembered beside it, so that a restart does not begin anew."""

from __future__ import annotations

import json
import os
from pathlib import Path


class Ledger:
    """Uids of the runs that were fed to their end, one a line.

    A line is written after the run's last document is in the catalogue: a process killed in between feeds the run
    again, which removes what there is of it first. Losing this file costs time, never data.
    """

    def __init__(self, path: Path) -> None:
        self.uids: set[str] = set()
        self._handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        size = os.fstat(self._handle).st_size
        lines = os.pread(self._handle, size, 0).split(b"\n")
        if lines[-1]:  # torn by a kill: the next line must not be glued to it
            os.write(self._handle, b"\n")
        for line in lines[:-1]:
            try:
                self.uids.add(json.loads(line)["uid"])
            except (ValueError, KeyError, TypeError):
                continue

    def add(self, uid: str, journal: Path, size: int) -> None:
        """Remember that a run is complete."""
        record = {"uid": uid, "journal": f"{journal.parent.name}/{journal.name}", "size": size}
        os.write(self._handle, json.dumps(record).encode() + b"\n")
        self.uids.add(uid)
