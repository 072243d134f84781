"""The end of a server: asked for by a signal, or because the parent died.

The parent holds the other end of a pipe that is the server's standard input. However the parent dies, the pipe closes;
a thread that waits for that needs no event loop, so it works while the server is still importing, too. A standard
input that is no pipe (a terminal, /dev/null) says nothing about a parent and is left alone.

A server that stands still on purpose goes on when it gets SIGCONT. That signal is held back in all threads from the
start, so that it is not lost if it comes before the server stands.
"""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import threading
from collections.abc import Callable

GRACE_S = 1.0
"""Wall time that an orphaned server has to end cleanly before it is ended."""
going = threading.Event()
"""Cleared while this process stands still: other threads that answer clients wait for it."""
going.set()


class ParentWatch:
    """Notes that standard input has closed; `tell` is called then, from the watching thread."""

    def __init__(self) -> None:
        self._tell: Callable[[], object] | None = None
        self._lock = threading.Lock()
        self.orphaned = threading.Event()

    def start(self) -> None:
        """Watch, if standard input is a pipe."""
        if stat.S_ISFIFO(os.fstat(0).st_mode):
            threading.Thread(target=self._wait, name="parent-watch", daemon=True).start()

    def call(self, tell: Callable[[], object]) -> None:
        """Call `tell` when the parent dies, at once if it did."""
        with self._lock:
            self._tell = tell
            if not self.orphaned.is_set():
                return
        tell()

    def _wait(self) -> None:
        while os.read(0, 4096):
            pass
        with self._lock:
            self.orphaned.set()
            tell = self._tell
        if tell is None:
            os._exit(0)
        tell()
        threading.Event().wait(GRACE_S)
        os._exit(0)


def end_early_on_signals() -> None:
    """End with status 0 on SIGTERM and SIGINT, as long as there is no event loop to end."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))


def end_on_signals(loop: asyncio.AbstractEventLoop, end: Callable[[], object]) -> None:
    """Call `end` on SIGTERM and SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)


def hold_continue() -> None:
    """Hold SIGCONT back, in this thread and in those that it starts."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCONT})


def forget_continue() -> None:
    """Forget a SIGCONT that came before."""
    signal.sigtimedwait({signal.SIGCONT}, 0)


def stand_still(seconds: float | None) -> None:
    """Block this thread for wall `seconds` (None: for ever), or until SIGCONT; SIGTERM and SIGINT end the process.

    Threads that wait for `going` stand as long.
    """
    ends = {signal.SIGTERM, signal.SIGINT}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    awaited = {signal.SIGCONT, *ends}
    going.clear()
    got = signal.sigwaitinfo(awaited) if seconds is None else signal.sigtimedwait(awaited, seconds)
    going.set()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if got and got.si_signo in ends:
        os._exit(0)
