"""The status of everything that takes time: done, failed with a clear error, or past its deadline."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ophyd.status import StatusBase

from devices.deadlines import WATCH
from devices.errors import TimedOut

_workers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="devices")


def in_background(work: Callable[[], None]) -> None:
    """Do `work` in a thread that may block: callbacks of a control system may not."""
    _workers.submit(work)


class Waiting(StatusBase):
    """A bluesky status with a deadline; the first outcome wins, later ones are ignored.

    Parameters
    ----------
    device_name
        Who is waited for.
    what
        What is waited for, to be read after "waited 3.2 s for".
    deadline_s
        Seconds of wall time from now until the wait has failed.
    last_words
        Tells the last value seen and since when; asked only when the deadline passes.
    """

    def __init__(self, device_name: str, what: str, deadline_s: float, last_words: Callable[[], str]) -> None:
        self.device_name = device_name
        self.what = what
        super().__init__()
        self._last_words = last_words
        self._deadline_s = deadline_s
        self._outcome = threading.Lock()
        self._given_up = False
        self._deadline = WATCH.after(deadline_s, self._expired)

    def finish(self) -> None:
        """Mark as done."""
        if self._outcome.acquire(blocking=False):
            self._deadline.cancel()
            self.set_finished()

    def fail(self, error: Exception) -> None:
        """Mark as failed."""
        if self._outcome.acquire(blocking=False):
            self._deadline.cancel()
            self.set_exception(error)

    def add_callback(self, callback: Callable[[StatusBase], object]) -> None:
        """Call `callback` with this status at its end, or now if that is past."""
        # ophyd's own first inspects the callback's signature, which costs more than all the rest of a wait
        with self._lock:
            if not self.done:
                self._callbacks.append(callback)
                return
        callback(self)

    def guard(self, step: Callable[[], None]) -> None:
        """Do `step` on the way to the end; whatever goes wrong there is the outcome."""
        try:
            step()
        except Exception as error:
            if not self._given_up:
                self.fail(error)

    def give_up(self) -> None:
        """Let a failing `guard` be no outcome any more: whoever calls this stops the thing and says the outcome next.

        Without this the device's own "somebody stopped it" could be faster than the one who did.
        """
        self._given_up = True

    def _expired(self) -> None:
        message = f"{self.device_name}: waited {self._deadline_s:.1f} s for {self.what}; {self._last_words()}"
        # Whoever waits may do anything in a callback; the thread of all deadlines must not be held up by it.
        in_background(lambda: self.fail(TimedOut(message)))

    def __repr__(self) -> str:
        return f"<{self.device_name}: {self.what}, {'done' if self.success else 'failed' if self.done else 'pending'}>"

    def __str__(self) -> str:
        # bluesky makes a failed run's reason of this
        error = self._exception
        return repr(self) if error is None else str(error)
