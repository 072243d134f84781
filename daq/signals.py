"""What Ctrl-C and SIGTERM do to a running plan.

A signal handler must return at once and the run engine must not be called from the thread it blocks, so the
handler only wakes a thread, which speaks to the engine.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from types import FrameType
from typing import Any

from bluesky.run_engine import (
    RunEngine,
    TransitionError,  # pyright: ignore[reportPrivateImportUsage]
)
from bluesky.utils import RunEngineInterrupted


class _Watch:
    """Holds the signals while the engine runs a plan; `act(count)` is called for each signal that arrives."""

    signals: tuple[signal.Signals, ...] = (signal.SIGINT,)

    def __init__(self, engine: RunEngine) -> None:
        self.engine = engine
        self._wake = threading.Event()
        self._count = 0
        self._released = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> _Watch:
        self._count = 0
        self._released = False
        if threading.current_thread() is threading.main_thread():
            for one in self.signals:
                self._previous[one] = signal.signal(one, self._arrived)
            threading.Thread(target=self._watch, name="signals", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released = True
        self._wake.set()
        for one, handler in self._previous.items():
            signal.signal(one, handler)
        self._previous.clear()
        self.left(self._count)

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        self._count += 1
        self._wake.set()

    def _watch(self) -> None:
        seen = 0
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._released:
                return
            if self._count > seen:
                seen = self._count
                # the plan may have ended, or be ending, while the signal was on its way
                with contextlib.suppress(TransitionError, RunEngineInterrupted):
                    self.act(seen)

    def act(self, count: int) -> None:
        """Tell the engine what the signal means."""
        raise NotImplementedError

    def left(self, count: int) -> None:
        """Do what is to be done once the engine has come to rest after `count` signals."""


class AbortOnSignal(_Watch):
    """`terasu run`: SIGINT or SIGTERM aborts; the plan's own clean-up closes the shutter."""

    signals = (signal.SIGINT, signal.SIGTERM)

    def act(self, count: int) -> None:
        """Abort at the first signal; clean-up is under way at any later one."""
        if count == 1:
            self.engine.abort("interrupted by a signal")


class PauseOnSignal(_Watch):
    """The shell: Ctrl-C once pauses (with the shutter closed), twice aborts."""

    def act(self, count: int) -> None:
        """Pause at the first signal; abort at the second, unless the pause is still under way."""
        if count == 1:
            self.engine.request_pause(defer=False)
        elif count == 2 and self.engine.state == "running":
            self.engine.abort("interrupted twice")

    def left(self, count: int) -> None:
        """Abort what was interrupted twice while it came to its pause: in between, the engine cannot be spoken to."""
        if count > 1 and self.engine.state == "paused":
            with contextlib.suppress(RunEngineInterrupted):
                self.engine.abort("interrupted twice")
