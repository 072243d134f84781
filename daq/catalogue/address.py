"""Who serves a catalogue directory: one process, known by a lock and an address file that only its user can read."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import urllib.parse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from daq import paths
from daq.errors import DataError

LOCK = "lock"
ADDRESS = "address.json"


class NotAnswering(DataError):
    """The catalogue process does not answer; it may just be ending."""


@dataclass(frozen=True)
class Address:
    """Where a catalogue process is reached; only on this host, only with the key."""

    pid: int
    port: int
    key: str

    @property
    def url(self) -> str:
        """The address of the Tiled API."""
        return f"http://127.0.0.1:{self.port}/api/v1/"

    def ask(self, path: str, timeout_s: float, **query: str) -> dict[str, Any]:
        """Ask the process itself (not Tiled) something; an answer also keeps it from ending as idle."""
        return self.get(f"/terasu/{path}?{urllib.parse.urlencode(query)}", timeout_s)

    def get(self, target: str, timeout_s: float) -> dict[str, Any]:
        """Get something as JSON; raises `NotAnswering`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            headers = {"Authorization": f"Apikey {self.key}", "Accept": "application/json"}
            connection.request("GET", target, headers=headers)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise NotAnswering(f"the catalogue process {self.pid} does not answer: {error}") from error
        finally:
            connection.close()
        if response.status != 200:
            raise NotAnswering(f"the catalogue process {self.pid} answers {response.status} {response.reason}")
        return json.loads(body)


class Ownership:
    """The right to serve a catalogue directory: an flock, held until the process ends."""

    def __init__(self, directory: Path, handle: int) -> None:
        self.directory = directory
        self._handle = handle

    @classmethod
    def take(cls, directory: Path) -> Self | None:
        """Take the lock, or return None if another process has it."""
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        os.ftruncate(handle, 0)
        (directory / ADDRESS).unlink(missing_ok=True)  # of a process that was killed
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        return cls(directory, handle)

    def announce(self, address: Address) -> None:
        """Make the address known, in a file that appears whole."""
        path = self.directory / ADDRESS
        partial = path.with_suffix(".new")
        partial.unlink(missing_ok=True)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(asdict(address), file)
        partial.replace(path)

    def withdraw(self) -> None:
        """Take the address back, before ending."""
        (self.directory / ADDRESS).unlink(missing_ok=True)


def owner(directory: Path) -> int | None:
    """Return the process that has the lock of a catalogue directory: its id, 0 if it has not said yet, or None."""
    try:
        handle = os.open(directory / LOCK, os.O_RDWR)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        text = os.pread(handle, 32, 0)
        return int(text) if text.isdigit() else 0
    finally:
        os.close(handle)


def running(data: Path) -> Address | None:
    """Return the address of the catalogue process of a data directory, or None if none serves it yet."""
    directory = paths.catalogue_dir(data)
    pid = owner(directory)
    if pid is None:
        return None
    try:
        address = Address(**json.loads((directory / ADDRESS).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return address if address.pid == pid else None
