"""What has changed and was not told yet: put by any thread, taken by the one that pushes.

Each entry is only that something changed; what it is now is read when it is told. So the backlog never grows beyond
the number of attributes, however slow clients are, and the last value is always told. What changes at about the same
time, as all channels of a counter do, is told at one go; what goes on changing, as an axis does on its way, is told
twenty times a second. The pusher shares the interpreter with a scan that needs the time more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

GATHER_S = 0.005
"""After a change, so long others are waited for."""
PERIOD_S = 0.05
"""Between two turns of telling, while things go on changing."""
Changed = tuple[str, str]
"""Device and attribute."""


class Backlog:
    """A queue in which everything stands at most once."""

    def __init__(self) -> None:
        self._waiting: dict[Changed, None] = {}
        self._some = threading.Condition()
        self.ended = False
        self._over = threading.Event()
        self._told_at = 0.0

    def put(self, device: str, attribute: str) -> None:
        """Note that something changed."""
        changed = device, attribute
        if changed in self._waiting:
            return  # it is read after the backlog was taken, so what is there now will be told
        with self._some:
            self._waiting[changed] = None
            self._some.notify()

    def take(self) -> Iterable[Changed]:
        """Wait for changes; return them in the order in which they came, nothing once it has ended."""
        with self._some:
            self._some.wait_for(lambda: self._waiting or self.ended)
        self._over.wait(max(GATHER_S, self._told_at + PERIOD_S - time.monotonic()))
        self._told_at = time.monotonic()
        with self._some:
            taken, self._waiting = self._waiting, {}
            return () if self.ended else taken

    def end(self) -> None:
        """Let whoever waits go."""
        with self._some:
            self.ended = True
            self._over.set()
            self._some.notify_all()
