"""Whether time stands still.

=========  ==============  ================================================================================
state      event           what happens
=========  ==============  ================================================================================
running    `hold`          paused: the clock stands, waits do not go on, puts wait to be looked at
paused     `go_on`         running: all of them go on where they were
=========  ==============  ================================================================================

Puts of the server's own ``SIM:`` channels are looked at even then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from beam.clock import Clock, LiveClock

STATES = ("Running", "Paused")


class Pause:
    """The one switch of a server's time.

    Parameters
    ----------
    clock : Clock, optional
        A live clock is made to stand.

    Attributes
    ----------
    prefix : str
        Of the channels that are never held.
    times : int
        How often time was paused.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock
        self._running = asyncio.Event()
        self._running.set()
        self._lost_s = self._since_s = 0.0
        self.prefix = ""
        self.times = 0
        self.listeners: list[Callable[[], None]] = []

    @property
    def paused(self) -> bool:
        """Whether time stands still."""
        return not self._running.is_set()

    @property
    def state(self) -> str:
        """``Running`` or ``Paused``."""
        return STATES[self.paused]

    def holds(self, name: str) -> bool:
        """Return whether a put of this channel has to wait."""
        return self.paused and not (self.prefix and name.startswith(self.prefix))

    def switch(self, state: str) -> None:
        """Hold or go on."""
        paused = state == STATES[1]
        if paused == self.paused:
            return
        now = asyncio.get_running_loop().time()
        if isinstance(self._clock, LiveClock):
            self._clock.stand(paused)
        if paused:
            self.times += 1
            self._since_s = now
            self._running.clear()
        else:
            self._lost_s += now - self._since_s
            self._running.set()
        for listener in self.listeners:
            listener()

    async def until_running(self) -> None:
        """Wait until time goes on; return at once if it does."""
        if self.paused:
            await self._running.wait()

    def lost_s(self) -> float:
        """Return how long time has stood still (s of wall time)."""
        return self._lost_s + (asyncio.get_running_loop().time() - self._since_s if self.paused else 0.0)
