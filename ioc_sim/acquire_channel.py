"""`Acquire`: a busy channel that starts something that lasts, and says Done when that has ended, never before.

=======  ==========  =========================================================================
value    put of      what happens
=======  ==========  =========================================================================
Done     Acquire     Acquire; what lasts is begun; the put waits for its end
Done     Done        Done
Acquire  Acquire     nothing; the put waits for the end
Acquire  Done        it is asked to stop; this put and all that wait complete at its end
=======  ==========  =========================================================================

If it fails, all puts that wait fail with its error.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from ioc_sim.channels import Enum
from ioc_sim.completions import Completions

Run = Callable[[asyncio.Event], Awaitable[None]]
log = logging.getLogger(__name__)


class Acquire(Enum):
    """The channel.

    Parameters
    ----------
    run : Run
        What lasts; given an event that is set when it is to stop.
    word : str
        What it says meanwhile.
    """

    def __init__(self, run: Run, word: str = "Acquire") -> None:
        super().__init__("Done", ("Done", word), on_put=self._put)
        self._word = word
        self.withheld: Callable[[str], Awaitable[None]] | None = None
        """Awaited before a put completes; set by a simulated fault."""
        self._run = run
        self._stop = asyncio.Event()
        self._completions = Completions()
        self._task: asyncio.Task[None] | None = None

    def ask_to_stop(self) -> None:
        """Ask what lasts to stop, without waiting for its end."""
        self._stop.set()

    async def write(self, value: Any, **_: Any) -> None:
        """Take a client's put; what is shown is what is true, not what was put."""
        await self._put(self.clean(value))
        if self.withheld:
            await self.withheld("Acquire")

    async def _put(self, state: str) -> None:
        running = self._task is not None and not self._task.done()
        if state == self._word and not running:
            self._stop.clear()
            self.post(self._word)
            self._task = asyncio.create_task(self._last())
        elif state == "Done":
            if not running:
                self.post("Done")
                return
            self._stop.set()
        await self._completions.wait()

    async def _last(self) -> None:
        error = None
        try:
            await self._run(self._stop)
        except Exception as failure:  # whatever it was, the client that waits must hear of it
            log.exception("%s failed", self.name)
            error = failure
        self.post("Done")
        self._completions.release(error)
