"""The lease of a station: taken before anything moves, kept by heartbeats, let go at the end, or lost.

Theory: whoever has locked the station's file holds it. Who takes it over writes a request beside it; from then on the
holder moves nothing more, ends what is under way, and lets go. A holder that does not answer (stopped, hanging) loses
the file itself: another one is put in its place. Before each motion the holder looks at both files, which takes a few
microseconds, so it needs no message to know that it has lost.

=========  ==================================  =======================================================================
state      event                               next
=========  ==================================  =======================================================================
free       `acquire`                           held; refused if another process has locked the file
free       `acquire(take=True)`                held, once the other has let go or has not answered for `TAKE_S`
held       a request                           asked: `lost` is set, the listeners are called; only closing is allowed
asked      `at_rest` says so                   over: the file is unlocked
held       another file of that name           over
held       `release`                           over
over       –                                   nothing may move
=========  ==================================  =======================================================================
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from daq.lease.errors import Held, Lost
from daq.lease.holder import BEAT_S, GUARD, Holder, read
from daq.lease.lock_file import LockFile
from daq.lease.place import Place
from daq.lease.takeovers import note

log = logging.getLogger(__name__)

LOOK_S = 0.2
"""Between two looks whether somebody takes it over, while nothing begins to move."""
TAKE_S = 20.0
"""Wall time within which a holder that is asked to let go has ended what it does."""
GUARD_S = 20.0
"""Wall time within which the guard of an engine that died has done its work."""
WRITING_S = 1.0
"""Wall time within which a new holder has said who it is."""
RETRY_S = 0.1


class Lease:
    """The right to move a station.

    Parameters
    ----------
    place
        Which files stand for the station.
    what
        What it is wanted for: ``run``, ``shell``, ``queue``.
    log
        The file in which take-overs are noted.
    say
        Tells the user in a line what is waited for, and that the station was lost.

    Attributes
    ----------
    me
        What others are told of this holder.
    lost : threading.Event
        Set when somebody else takes the station over.
    at_rest
        Asked once it is lost, again and again: whether all is at rest and the station may be let go.
    """

    def __init__(self, place: Place, what: str, *, log: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self.place, self.say = place, say
        self.me = Holder.this(what)
        self.lost = threading.Event()
        self.at_rest: Callable[[], bool] = lambda: True
        self._log = log
        self._lock = LockFile(place.lock)
        self._request = os.fspath(place.request)
        self._taker: Holder | None = None
        self._listeners: list[Callable[[], None]] = []
        self._beats: list[Callable[[], None]] = []
        self._over = False
        self._ended = threading.Event()
        self._changing = threading.Lock()
        self._thread: threading.Thread | None = None

    # -- taking it ---------------------------------------------------------------------------------------------

    def acquire(self, *, take: bool = False) -> None:
        """Take the lease, from another holder too if `take`.

        Raises
        ------
        Held
            By another engine, which is named; or somebody is just taking it over.
        Refused
            The files cannot be written.
        """
        if not self._try() and not self._wait_for_guard():
            if not take:
                raise self._held()
            self._take()
        else:
            self._lock.write(self.me.text())
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    def _try(self) -> bool:
        """Lock the file, unless somebody else has or is about to."""
        if not self._lock.try_to_lock():
            return False
        if _pending(self._request):
            request = LockFile(self.place.request)
            if not request.try_to_lock():
                self._lock.forget()
                return False
            request.let_go(remove=True)  # of somebody who has died since
        if self._beats_elsewhere():
            self._lock.forget()
            return False
        if self.place.simulated:
            _sweep(self.place.lock)
        return True

    def _wait_for_guard(self) -> bool:
        """Wait where the holder is dead or just beginning: a lock that lasts only moments longer."""
        began = time.monotonic()
        told = False
        while True:
            holder = self.holder()
            guarded = holder is not None and (holder.what == GUARD or holder.is_gone)
            waited = time.monotonic() - began
            if not ((guarded and waited < GUARD_S) or (holder is None and waited < WRITING_S)):
                return False
            if holder is not None and not told:
                told = True
                self.say(f"{self.place.words}: its last engine died; waiting until its guard has closed the shutter")
            self._ended.wait(RETRY_S)
            if self._try():
                return True

    def _take(self) -> None:
        """Ask the holder to let go, and take the station without it if it does not answer."""
        request = LockFile(self.place.request)
        if not request.try_to_lock():
            raise self._held()
        try:
            loser = self.holder()
            request.write(self.me.text())
            if loser:
                self.say(f"taking {self.place.words} over from {loser.words()}: what it does is aborted")
            answered = self._locked_within(TAKE_S)
            if not answered:
                self.say(f"{self.place.words}: its holder does not answer; taken all the same, it cannot move any more")
                self._lock.supersede()
                if not self._lock.try_to_lock():
                    raise self._held()
            self._lock.write(self.me.text())
            note(self._log, self.place, self.me, loser, answered)
        except BaseException:
            self._lock.let_go(remove=False)
            raise
        finally:
            request.let_go(remove=True)

    def _locked_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._lock.try_to_lock():
                if not self._beats_elsewhere():
                    return True
                self._lock.forget()
            self._ended.wait(RETRY_S)
        return False

    def _beats_elsewhere(self) -> bool:
        """Return whether an engine of another host holds it: where a file system does not tell hosts of locks."""
        holder = self.holder()
        if holder is None or holder.host == socket.gethostname():
            return False
        deadline = time.monotonic() + 3 * BEAT_S
        while time.monotonic() < deadline:
            self._ended.wait(RETRY_S)
            now = self.holder()
            if now is None:
                return False
            if now.beat != holder.beat:
                return True
        return False

    def _held(self) -> Held:
        taker = read(self.place.request)
        if taker is not None:
            return Held(f"{self.place.words} is being taken over by {taker.words()}")
        holder = self.holder()
        who = holder.words() if holder else "a process that has not said who it is"
        return Held(f"{self.place.words} is held by {who}; --take takes it over and aborts what runs there")

    # -- having it ---------------------------------------------------------------------------------------------

    @property
    def descriptor(self) -> int:
        """The locked file: who inherits it holds the station when this process dies."""
        return self._lock.descriptor

    def holder(self) -> Holder | None:
        """Return whom the station's file names."""
        return read(self.place.lock)

    def on_lost(self, listener: Callable[[], None]) -> None:
        """Have `listener` called, in the lease's own thread, when the station is lost."""
        self._listeners.append(listener)

    def on_beat(self, listener: Callable[[], None]) -> None:
        """Have `listener` called with each heartbeat, in the lease's own thread."""
        self._beats.append(listener)

    def check(self, name: str, value: Any = None) -> None:
        """Refuse to begin a motion of a station that is not held any more.

        While it is being handed over, what is open may still be closed.

        Raises
        ------
        Lost
            Somebody else took it over.
        """
        if self._over or not self._lock.is_ours():
            raise Lost(f"{name}: {self.why}")
        if _pending(self._request) and value != "close":
            raise Lost(f"{name}: {self.why}")

    @property
    def why(self) -> str:
        """Who took the station over."""
        taker = self._taker or self._find_taker()
        return f"{self.place.words} was taken over by {taker.words() if taker else 'another engine'}"

    def release(self) -> None:
        """Let go; may be called twice. What was lost is first brought to rest by whoever listens."""
        if self.lost.is_set() and self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(TAKE_S)
        self._ended.set()
        self._let_go()

    def _find_taker(self) -> Holder | None:
        found = read(self.place.request) or self.holder()
        return None if found is None or found == self.me else found

    def _keep(self) -> None:
        next_beat = 0.0
        while not self._ended.wait(LOOK_S):
            if not self.lost.is_set() and (_pending(self._request) or not self._lock.is_ours()):
                self._lose()
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + BEAT_S
                self._lock.beat()
                for listener in self._beats:
                    with suppress(Exception):
                        listener()
            if self.lost.is_set() and self.at_rest():
                self._let_go()
                return

    def _lose(self) -> None:
        self._taker = self._find_taker()
        log.warning("lost: %s", self.why)
        self.lost.set()
        self.say(f"{self.why}: nothing is moved from here any more")
        for listener in self._listeners:
            listener()

    def _let_go(self) -> None:
        with self._changing:
            self._over = True
            self._lock.let_go(remove=self.place.simulated)


def _sweep(lock: Path) -> None:
    """Remove what engines left behind that were killed with the simulations that they had started."""
    for path in lock.parent.glob("lease-*.lock"):
        if path != lock and (holder := read(path)) is not None and holder.is_gone:
            other = LockFile(path)
            if other.try_to_lock():
                other.let_go(remove=True)


def _pending(request: str) -> bool:
    """Return whether somebody takes the station over."""
    try:
        return os.stat(request).st_size > 0
    except OSError:
        return False
