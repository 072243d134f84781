"""Reading journals: whole ones, ones that still grow, and ones whose engine died."""

from __future__ import annotations

import fcntl
import os
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daq.errors import DataError
from daq.journal import SUFFIX
from daq.journal_append import append
from daq.journal_line import decode, encode
from daq.timestamps import iso

Document = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Contents:
    """What a journal holds; `torn` counts the bytes of a last line that was never finished."""

    path: Path
    documents: list[Document]
    torn: int


def find(directory: Path, uid: str) -> Path:
    """Return the journal of the run with this whole uid; `daq.errors.DataError` if there is none."""
    for path in directory.glob(f"*/{uid}{SUFFIX}"):
        return path
    raise DataError(f"there is no journal of run {uid} in {directory}")


class Tail:
    """Reads a journal as it grows: each `poll` gives the documents that are complete since the last one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0  # behind the last complete line
        self.lines = 0
        self.size = 0
        self._handle = os.open(path, os.O_RDONLY)

    def poll(self) -> list[Document]:
        """Return the new documents; a line without its end waits for the next call."""
        size = os.fstat(self._handle).st_size
        if size == self.size:
            return []
        self.size = size
        data = _read_from(self._handle, self.offset, size)
        end = data.rfind(b"\n") + 1
        documents: list[Document] = []
        for line in data[:end].splitlines():
            self.lines += 1
            try:
                documents.append(decode(line))
            except ValueError as error:
                raise DataError(f"journal {self.path}, line {self.lines}: {error}") from error
        self.offset += end
        return documents

    @property
    def torn(self) -> int:
        """Return the number of bytes behind the last complete line."""
        return self.size - self.offset

    def writer_is_gone(self) -> bool:
        """Return whether nobody holds the writer's lock; a file that is still empty counts as being begun."""
        if os.fstat(self._handle).st_size == 0:
            return False
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        return True

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)


def _read_from(handle: int, offset: int, size: int) -> bytes:
    parts: list[bytes] = []
    while offset < size:
        part = os.pread(handle, size - offset, offset)
        if not part:  # the writer took back a line that it could not finish
            break
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def read(path: Path) -> Contents:
    """Read one journal, whole or torn.

    Raises
    ------
    DataError
        If it cannot be read, or if a line other than an unfinished last one is damaged; names file and line.
    """
    try:
        tail = Tail(path)
    except OSError as error:
        raise DataError(f"journal {path}: {error.strerror or error}") from error
    try:
        return Contents(path, tail.poll(), tail.torn)
    finally:
        tail.close()


def journals(directory: Path) -> Iterator[Path]:
    """Give the journals under `directory`, oldest day first."""
    if directory.is_dir():
        for day in sorted(one for one in directory.iterdir() if one.is_dir()):
            yield from sorted(day.glob(f"*{SUFFIX}"))


def close_abandoned(path: Path) -> bool:
    """Close the journal of an engine that died: drop an unfinished last line, append a stop document.

    Returns
    -------
    bool
        Whether the run was closed here: not if its writer lives, or had written a stop, or not even a start.

    Raises
    ------
    OSError
        If the disk does not take the stop document; nothing of it is left behind.
    """
    handle = os.open(path, os.O_RDWR | os.O_APPEND)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        contents = read(path)
        if not contents.documents or contents.documents[-1][0] == "stop":
            return False
        size = os.fstat(handle).st_size - contents.torn
        if contents.torn:
            os.ftruncate(handle, size)
        append(handle, encode("stop", _stop_for(contents)), size)
        os.fsync(handle)
        return True
    finally:
        os.close(handle)


def _stop_for(contents: Contents) -> dict[str, Any]:
    start = contents.documents[0][1]
    streams: dict[str, str] = {}
    events: Counter[str] = Counter()
    last = start["time"]
    for name, doc in contents.documents:
        if name == "descriptor":
            streams[doc["uid"]] = doc["name"]
            events[doc["name"]] += 0
        elif name == "event":
            events[streams[doc["descriptor"]]] += 1
        elif name == "event_page":
            events[streams[doc["descriptor"]]] += len(doc["seq_num"])
        times = doc.get("time", last)
        last = max([last, *times] if isinstance(times, list) else [last, times])
    lost = f"; {contents.torn} bytes of an unfinished document dropped" if contents.torn else ""
    return {
        "uid": str(uuid.uuid4()),
        "run_start": start["uid"],
        "time": last,
        "exit_status": "fail",
        "reason": f"the engine died and the catalogue closed the run; its last document is of {iso(last)}{lost}",
        "num_events": dict(events),
    }
