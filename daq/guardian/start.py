"""The engine's side of its guard: starts it, lets it hear a heartbeat, tells it what was moved, and dismisses it."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable

from daq.guardian.orders import BEAT, DISMISSED, MOVED, Orders

log = logging.getLogger(__name__)

END_S = 2.0
"""Wall time that a dismissed guard has to end."""


class Guardian:
    """The guard process of one engine.

    Its standard input is a pipe of which only this process has the other end: however the engine dies, the pipe closes.
    The guard inherits the locked file of the lease, so that the station stays held until it has done its work.

    Parameters
    ----------
    orders
        What it is told.
    say
        Tells the user in a line that it had to be started anew.
    """

    def __init__(self, orders: Orders, say: Callable[[str], None] = lambda _: None) -> None:
        self._orders, self._say = orders, say
        self._stoppable = frozenset(one.name for one in orders.stop)
        self._moved: set[str] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start it; returns at once."""
        with self._lock:
            self._start()

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return self._process.pid if self._process else None

    def beat(self) -> None:
        """Let it hear that the engine lives; start another one if it has ended."""
        with self._lock:
            if self._process is None:
                return
            if self._process.poll() is None:
                self._tell(BEAT)
                return
            log.warning("the guard process %d ended with status %s", self._process.pid, self._process.returncode)
            self._say("the guard process has ended; another one is started")
            self._close()
            self._start()
            for name in self._moved:
                self._tell(MOVED + name.encode())

    def note(self, name: str) -> None:
        """Tell it that a device was moved, if that is something to be stopped."""
        if name in self._stoppable and name not in self._moved:
            with self._lock:
                self._moved.add(name)
                self._tell(MOVED + name.encode())

    def end(self) -> None:
        """Dismiss it: the engine has ended as it should."""
        with self._lock:
            if self._process is None:
                return
            self._tell(DISMISSED)
            self._close()
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "daq.guardian.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(self._orders.descriptor,),
            # its own session: what ends a terminal, or all of its processes, does not end it too
            start_new_session=True,
        )
        self._tell(self._orders.text().encode())
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)  # a guard that stands still stops nobody

    def _tell(self, word: bytes) -> None:
        if self._process is None or self._process.stdin is None or self._process.stdin.closed:
            return
        with contextlib.suppress(OSError):  # it has ended, and the next beat notices
            os.write(self._process.stdin.fileno(), word + b"\n")

    def _close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
