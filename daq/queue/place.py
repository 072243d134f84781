"""Where a queue lives: one directory that keeps it, one that only its user reaches, a lock, an announcement.

==================================  ================================================================================
below the data directory            what was queued, the history, the schema of the plans; kept
  `queue/<station>/`
below the user's runtime directory  the sockets of the manager, which whoever can enter the directory may use (mode
  `terasu/q-<hash>/`                0700), and what its processes have to know
  `terasu/queue-<hash>.json`        by which commands find it
==================================  ================================================================================
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daq.errors import Refused, UsageError
from daq.queue.errors import NoQueue
from ioc_sim import announce

LONGEST_SOCKET = 107
"""Bytes that the address of a Unix socket may have."""
VARIABLE = "TERASU_QUEUE"
"""Names the file of `Place.setup` to the queue's processes."""


@dataclass(frozen=True)
class Place:
    """The queue of one station that keeps its data in one directory."""

    station: str
    data: Path

    @property
    def kept(self) -> Path:
        """The directory that outlives the queue's processes."""
        return self.data / "queue" / self.station

    @property
    def private(self) -> Path:
        """The directory that only the user may enter."""
        return announce.directory() / f"q-{self._hash}"

    @property
    def setup(self) -> Path:
        """The file that tells the queue's processes what to be."""
        return self.private / "setup.json"

    @property
    def control(self) -> str:
        """The address at which the manager takes requests."""
        return f"ipc://{self.private / 'control'}"

    @property
    def info(self) -> str:
        """The address at which the manager tells what goes on."""
        return f"ipc://{self.private / 'info'}"

    @property
    def _hash(self) -> str:
        return hashlib.sha256(f"{self.station} {self.data}".encode()).hexdigest()[:8]

    @property
    def _announcement(self) -> Path:
        return announce.directory() / f"queue-{self._hash}.json"

    def make(self) -> None:
        """Make the directories."""
        announce.made()
        self.private.mkdir(mode=0o700, exist_ok=True)
        self.private.chmod(0o700)
        self.kept.mkdir(parents=True, exist_ok=True)
        if len(address := os.fsencode(self.private / "control")) > LONGEST_SOCKET:
            raise Refused(
                f"{os.fsdecode(address)}: too long for a socket, {LONGEST_SOCKET} bytes are allowed: choose a shorter "
                "XDG_RUNTIME_DIR"
            )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the right to serve this queue; raise Refused if another process does."""
        handle = os.open(self.kept / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(handle, 32, 0).decode() or "?"
            os.close(handle)
            raise Refused(f"the queue of {self.station} runs already, process {pid}") from None
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(handle)

    def owner(self) -> int | None:
        """Return the process that serves this queue, or None."""
        try:
            handle = os.open(self.kept / "lock", os.O_RDWR)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except BlockingIOError:
            text = os.pread(handle, 32, 0)
            return int(text) if text.isdigit() else None
        finally:
            os.close(handle)

    @property
    def refusal(self) -> Path:
        """The file in which the worker says why it cannot begin; it is there as long as that is so."""
        return self.private / "refusal"

    @property
    def served(self) -> Path:
        """The file that is there as soon as the station's servers, where the queue starts them, can be reached."""
        return self.private / "served"

    def refused(self) -> str:
        """Return why the worker cannot begin; empty if it can, or has not tried."""
        try:
            return self.refusal.read_text()
        except OSError:
            return ""

    def processes(self) -> dict[str, int]:
        """Return the processes of this queue that run, by what they do."""
        files = {path.stem: path for path in (*self.private.glob("*.pid"), *self.kept.glob("*.pid"))}
        found = {name: pid for name, path in files.items() if (pid := _alive(path)) is not None}
        owner = self.owner()
        return found if owner is None else {"supervisor": owner, **found}

    def announce(self) -> None:
        """Let commands find this queue."""
        write_private(self._announcement, {"station": self.station, "data": str(self.data)})

    def withdraw(self) -> None:
        """Take the announcement back, and what its processes had to know."""
        for path in (self._announcement, self.setup, self.refusal, self.served):
            path.unlink(missing_ok=True)


def note_process(name: str) -> None:
    """Let others know which of the queue's processes this one is."""
    (Path(os.environ[VARIABLE]).parent / f"{name}.pid").write_text(str(os.getpid()))


def _alive(path: Path) -> int | None:
    try:
        pid = int(path.read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Write a file that only the user can read, and that is never seen half written."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file)
    part.replace(path)


def running() -> list[Place]:
    """Return the queues that this user runs."""
    found: list[Place] = []
    for path in sorted(announce.directory().glob("queue-*.json")):
        try:
            said = json.loads(path.read_text())
            place = Place(said["station"], Path(said["data"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if place.owner() is not None:
            found.append(place)
    return found


def find(station: str | None = None, data: Path | None = None) -> Place:
    """Return the one queue that is meant.

    Raises
    ------
    NoQueue
        None runs, or none that fits.
    UsageError
        Several do.
    """
    known = running()
    found = [
        one
        for one in known
        if station in (None, one.station) and (data is None or data.resolve() == one.data.resolve())
    ]
    if not found:
        others = ", ".join(f"{one.station} ({one.data})" for one in known)
        which = f" of {station}" if station else ""
        raise NoQueue(f"no queue{which} runs{f'; there is: {others}' if others else ''}: terasu queue up BEAMLINE")
    if len(found) > 1:
        raise UsageError(
            f"several queues run: {', '.join(f'{one.station} ({one.data})' for one in found)}: say which with "
            "--beamline and --data"
        )
    return found[0]
