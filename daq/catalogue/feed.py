"""Brings the journals into the catalogue, each once and whole, while they grow if they take long."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from daq.catalogue.follow import Follow
from daq.catalogue.ledger import Ledger
from daq.journal import SUFFIX

log = logging.getLogger(__name__)

POLL_S = 0.2
DAYS_WATCHED = 3  # a run that crosses midnight, or a zone, still lies in one of the last days
GRAIN_NS = 2_000_000_000  # a directory changed this recently may change again without its time telling


class JournalWatch:
    """Finds journals that are new, by the times of their directories."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._seen: dict[Path, int] = {}
        self._known: set[Path] = set()

    def new(self, everything: bool = False) -> list[Path]:
        """Return journals not returned before, oldest first; `everything` looks into all days again."""
        try:
            days = sorted(Path(one.path) for one in os.scandir(self.directory) if one.is_dir())
        except FileNotFoundError:
            return []
        first = everything or not self._seen
        found: list[Path] = []
        for day in days if first else days[-DAYS_WATCHED:]:
            changed = day.stat().st_mtime_ns
            if not first and self._seen.get(day) == changed and time.time_ns() - changed > GRAIN_NS:
                continue
            self._seen[day] = changed
            found += [day / name for name in os.listdir(day) if name.endswith(SUFFIX)]
        fresh = [path for path in found if path not in self._known]
        self._known.update(fresh)
        return sorted(fresh, key=lambda path: path.stat().st_mtime_ns)


class Feed:
    """A thread that brings journals into the catalogue, and tells how far each run is.

    Parameters
    ----------
    journals
        Directory of the journals.
    ledger
        Remembers which runs are complete.
    connect
        Gives a Tiled client; called in the thread.
    readable
        Where files of detectors may lie.
    """

    def __init__(
        self, journals: Path, ledger: Ledger, connect: Callable[[], Any], readable: Sequence[Path] = ()
    ) -> None:
        self._readable = readable
        self._watch = JournalWatch(journals)
        self._ledger = ledger
        self._connect = connect
        self._follows: dict[str, Follow] = {}
        self._refused: dict[str, str] = {}
        self._wanted: set[str] = set()
        self._changed = threading.Condition()
        self._wake = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self.last_active = time.monotonic()
        self.rounds = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End after the run that is being fed."""
        self._ending = True
        self._wake.set()
        self._thread.join(timeout_s)

    @property
    def alive(self) -> bool:
        """Return whether the thread runs."""
        return self._thread.is_alive()

    @property
    def busy(self) -> bool:
        """Return whether a run is open or waits to be fed."""
        return bool(self._follows)

    def state(self, uid: str) -> tuple[str, str]:
        """Return how far a run is (`Follow.state`, or ``unknown``), and why if it was refused."""
        if uid in self._ledger.uids:
            return "complete", ""
        if uid in self._refused:
            return "refused", self._refused[uid]
        follow = self._follows.get(uid)
        return (follow.state, follow.reason) if follow else ("unknown", "")

    def wait_for(self, uid: str, timeout_s: float) -> tuple[str, str]:
        """Wait until a run is complete, refused, delayed, or found to have no journal; feed it before others."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            self._wanted.add(uid)
            # a round that began before the question may have looked too early to see the journal
            enough = self.rounds + 2
            while True:
                state = self.state(uid)
                left = deadline - time.monotonic()
                if state[0] in ("complete", "refused", "delayed") or left <= 0:
                    return state
                if state[0] == "unknown" and self.rounds >= enough:
                    self._wanted.discard(uid)
                    return state
                self._wake.set()
                self._changed.wait(min(left, POLL_S))

    def wait_settled(self, timeout_s: float) -> bool:
        """Wait until every run whose journal is closed is in the catalogue."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            enough = self.rounds + 2
            while self.rounds < enough or any(one.state == "pending" for one in list(self._follows.values())):
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._wake.set()
                self._changed.wait(min(left, POLL_S))
        return True

    def _run(self) -> None:
        client: Any = None
        while not self._ending:
            try:
                if client is None:  # `or` would ask the server how long the catalogue is
                    client = self._connect()
                while self._round(client) and not self._ending:
                    pass
            except Exception:
                log.exception("the feed failed; it goes on")
            self._wake.wait(POLL_S)
            self._wake.clear()

    def _round(self, client: Any) -> bool:
        """Look at every journal, feed one; return whether there was one to feed."""
        with self._changed:
            missing = any(uid not in self._follows and uid not in self._ledger.uids for uid in self._wanted)
        for path in self._watch.new(everything=missing):
            if path.stem not in self._ledger.uids:
                self._follows[path.stem] = Follow(path, self._readable)
        for follow in list(self._follows.values()):
            follow.look()
            if follow.state == "refused":
                self._finish(follow)
        due = [follow for follow in self._follows.values() if follow.due()]
        if due:
            self.last_active = time.monotonic()
            follow = next((one for one in due if one.uid in self._wanted), due[0])
            follow.feed(client)
            if follow.state in ("complete", "refused"):
                self._finish(follow)
        with self._changed:
            self.rounds += 1
            self._changed.notify_all()
        return bool(due)

    def _finish(self, follow: Follow) -> None:
        if follow.state == "complete":
            self._ledger.add(follow.uid, follow.path, follow.size)
        else:
            self._refused[follow.uid] = follow.reason
        del self._follows[follow.uid]
        with self._changed:
            self._wanted.discard(follow.uid)
        follow.close()
        self.last_active = time.monotonic()
