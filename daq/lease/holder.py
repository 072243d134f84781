"""Who holds a station, as the lock file says and as a refusal says it."""

from __future__ import annotations

import getpass
import json
import os
import secrets
import socket
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from daq.lease.errors import Held
from daq.lease.place import place

BEAT_S = 2.0
"""Between two heartbeats, each of which renews the lock file's time."""
SILENT_S = 5 * BEAT_S
"""A holder that has not been heard of for so long is said to be silent."""
GUARD = "guard"
"""What a guard process holds a station for: its engine has died, and it is closing the shutter."""


@dataclass(frozen=True)
class Holder:
    """One holder of a station.

    Attributes
    ----------
    what
        ``run``, ``shell``, ``queue``, or ``guard`` while a dead engine's shutter is being closed.
    since
        POSIX time.
    beat
        When it was last heard of, POSIX time of the file system; 0 if that is not known.
    """

    user: str
    host: str
    pid: int
    what: str
    since: float
    id: str
    beat: float = field(default=0.0, compare=False)

    @classmethod
    def this(cls, what: str) -> Self:
        """Return this process as a holder, from now on."""
        return cls(getpass.getuser(), socket.gethostname(), os.getpid(), what, time.time(), secrets.token_hex(8))

    @classmethod
    def parse(cls, text: str, beat: float = 0.0) -> Self | None:
        """Return the holder that a file names; None where it names none, or somebody is just writing it."""
        try:
            found: Any = json.loads(text)
            texts = {key: str(found[key])[:200] for key in ("user", "host", "what", "id")}
            return cls(**texts, pid=int(found["pid"]), since=float(found["since"]), beat=beat)
        except (ValueError, KeyError, TypeError):
            return None

    def text(self) -> str:
        """Return what the lock file holds."""
        return json.dumps(self.record())

    def record(self) -> dict[str, Any]:
        """Return what logs and runs record."""
        record = asdict(self)
        del record["beat"]
        return record

    def words(self) -> str:
        """Return who it is and since when, in a few words."""
        if self.what == GUARD:
            return f"the guard of an engine of {self.user}'s that died (pid {self.pid} on {self.host})"
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        silent = time.time() - self.beat if self.beat else 0.0
        late = f", not heard of for {silent:.0f} s" if silent > SILENT_S else ""
        return f"{self.user} on {self.host} (terasu {self.what}, pid {self.pid}) since {since}{late}"

    @property
    def is_gone(self) -> bool:
        """Whether it is known to have ended: it was a process of this host, and there is no such process."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False


def read(path: Path) -> Holder | None:
    """Return whom a lock file names; it may have ended."""
    try:
        return Holder.parse(path.read_text(errors="replace"), path.stat().st_mtime)
    except OSError:
        return None


def current_holder(data_dir: Path, station: str, token: str | None = None) -> Holder | None:
    """Return who holds a station, or None; for whoever shows it, without taking anything.

    Parameters
    ----------
    data_dir
        The data directory.
    station
        The name of the beamline or bench.
    token
        That of its servers, if they are simulated.
    """
    found = read(place(data_dir, station, token).lock)
    if found is None or found.is_gone:
        return None
    here = found.host == socket.gethostname()
    return found if here or time.time() - found.beat <= SILENT_S else None


def check_free(data_dir: Path, station: str, token: str | None = None) -> None:
    """Refuse what would move a station that an engine holds; for whoever moves it without an engine.

    Raises
    ------
    Held
        Names the holder.
    """
    if (holder := current_holder(data_dir, station, token)) is not None:
        raise Held(f"{place(data_dir, station, token).words} is held by {holder.words()}: only that engine moves it")
