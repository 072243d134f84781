"""The journal: every document of a run on disk before the plan goes on.

One append-only file a run, `<directory>/<YYYY-MM-DD>/<uid>.jsonl`, one line a document (`daq.journal_line`).

**What survives.** Each line goes to the operating system in one unbuffered write before the callback returns: a
killed engine loses nothing that counted as taken. The file is synced to the disk itself with the start document
(the directory too), with the stop document, and in between by a thread of its own at most once a second: a power
cut loses at most the last second of points. A write that is refused (disk full, not writable) raises, so the run
fails; what was written of that line is taken back.

**Who is alive.** The writer holds an exclusive flock while the run is open. A file without a stop document whose
lock is free was left by an engine that died: the catalogue process closes it as failed.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daq import paths
from daq.errors import DataError
from daq.journal_append import append
from daq.journal_line import encode
from daq.sync_directory import sync_directory

SUFFIX = ".jsonl"


@dataclass
class _OpenRun:
    uid: str
    path: Path
    handle: int
    size: int = 0
    synced: int = 0
    failure: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)  # the handle is closed under it

    def write(self, line: bytes) -> None:
        """Append one line wholly, or take back what was written of it and raise."""
        if self.failure:
            raise DataError(self.failure)
        try:
            append(self.handle, line, self.size)
        except OSError as error:
            self.failure = f"journal {self.path}: cannot be written: {error.strerror or error}; the run cannot go on"
            raise DataError(self.failure) from error
        self.size += len(line)

    def sync(self) -> None:
        """Bring what was written to the disk itself."""
        with self.lock:
            if self.handle < 0 or self.synced == self.size:
                return
            size = self.size
            try:
                os.fsync(self.handle)
            except OSError as error:
                self.failure = f"journal {self.path}: the disk did not take it: {error.strerror or error}"
                return
            self.synced = size

    def close(self) -> None:
        """Let go of the file and its lock."""
        with self.lock:
            os.close(self.handle)
            self.handle = -1


class Journal:
    """Writes the documents of every run to disk; subscribe it to the run engine first of all.

    Parameters
    ----------
    directory
        Where the journals are kept.
    sync_interval_s
        How often an open journal is synced to the disk between start and stop.
    """

    def __init__(self, directory: Path, sync_interval_s: float = 1.0) -> None:
        self.directory = directory
        self.sync_interval_s = sync_interval_s
        self._runs: dict[str, _OpenRun] = {}
        self._owner: dict[str, _OpenRun] = {}  # uid of a descriptor or resource -> the run it belongs to
        self._active = threading.Event()  # set while a run is open
        self._syncer: threading.Thread | None = None

    @staticmethod
    def check(directory: Path, wanted_mb: float | None = None) -> None:
        """Refuse (`daq.errors.Refused`) unless `directory` can be written and has `wanted_mb` free."""
        paths.check_writable(directory, "journal directory", wanted_mb)

    def __call__(self, name: str, doc: dict[str, Any]) -> None:
        """Write one document; raise `daq.errors.DataError` if it could not be kept."""
        if name == "start":
            self._open(doc)
            return
        run = self._run_of(name, doc)
        if name == "stop":
            if doc.get("exit_status") != "success":
                run.failure = None  # after a refused write the stop may still find room: it says what happened
            self._finish(run, encode(name, doc))
        else:
            run.write(encode(name, doc))

    def path(self, uid: str) -> Path | None:
        """Return the file of a run that is open."""
        run = self._runs.get(uid)
        return run.path if run else None

    def _open(self, doc: dict[str, Any]) -> None:
        uid = str(doc["uid"])
        line = encode("start", doc)
        day = time.strftime("%Y-%m-%d", time.localtime(doc["time"]))
        path = self.directory / day / f"{uid}{SUFFIX}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o640)
        except OSError as error:
            raise DataError(f"journal {path}: cannot be opened: {error.strerror or error}") from error
        run = _OpenRun(uid, path, handle)
        try:
            # locked before its first byte: nobody takes a file that is being begun for one that was left behind
            fcntl.flock(handle, fcntl.LOCK_EX)
            run.write(line)
            run.sync()
            sync_directory(path.parent)
            if run.failure:
                raise DataError(run.failure)
        except BaseException:
            run.close()
            raise
        self._runs[uid] = run
        self._start_syncing()

    def _run_of(self, name: str, doc: dict[str, Any]) -> _OpenRun:
        """Find the run that a document belongs to; note what later documents will refer to."""
        if name in ("event", "event_page", "stream_datum"):
            run = self._owner.get(doc["descriptor"])
        elif name in ("datum", "datum_page"):
            run = self._owner.get(doc["resource"])
        elif "run_start" in doc:
            run = self._runs.get(doc["run_start"])
        else:  # a resource of old, which need not name its run
            run = next(iter(self._runs.values())) if len(self._runs) == 1 else None
        if run is None:
            raise DataError(f"journal: a {name!r} document belongs to no run that is open")
        if name in ("descriptor", "resource", "stream_resource"):
            self._owner[doc["uid"]] = run
        return run

    def _finish(self, run: _OpenRun, line: bytes) -> None:
        try:
            run.write(line)
            run.sync()
            if run.failure:
                raise DataError(run.failure)
        finally:
            # whatever happened, let go: the catalogue closes what could not be closed here
            del self._runs[run.uid]
            self._owner = {uid: owner for uid, owner in self._owner.items() if owner is not run}
            if not self._runs:
                self._active.clear()
            run.close()

    def _start_syncing(self) -> None:
        self._active.set()
        if self._syncer is None:
            self._syncer = threading.Thread(target=self._keep_synced, name="journal sync", daemon=True)
            self._syncer.start()

    def _keep_synced(self) -> None:
        """Sync what is open, at most once an interval, away from the thread that takes the points."""
        pause = threading.Event()
        while self._active.wait():
            pause.wait(self.sync_interval_s)
            for run in list(self._runs.values()):
                run.sync()
