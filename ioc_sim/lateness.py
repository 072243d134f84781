"""A writer whose every message may be late: each leaves `delay_s` after it was written, in the order of writing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class LateWriter:
    """Writes to a circuit's stream.

    Parameters
    ----------
    writer : asyncio.StreamWriter
        The stream.
    delay_s : Callable[[], float]
        How late (s of wall time) a message is that is written now.
    """

    def __init__(self, writer: asyncio.StreamWriter, delay_s: Callable[[], float]) -> None:
        self._writer, self._delay_s = writer, delay_s
        self._late: deque[tuple[float, bytes]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def write(self, data: bytes) -> None:
        """Write now, or when its time has come and all that was written before has left."""
        delay_s = self._delay_s()
        if delay_s <= 0 and not self._late:
            self._writer.write(data)
            return
        due = asyncio.get_running_loop().time() + delay_s
        self._late.append((max(due, self._late[-1][0]) if self._late else due, data))
        self._wait()

    def flush(self) -> None:
        """Write all that is late at once."""
        self.forget_timer()
        while self._late:
            self._writer.write(self._late.popleft()[1])

    def forget_timer(self) -> None:
        """Send nothing by itself any more."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        if self._timer is None and self._late:
            self._timer = asyncio.get_running_loop().call_at(self._late[0][0], self._send_due)

    def _send_due(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        while self._late and self._late[0][0] <= now:
            self._writer.write(self._late.popleft()[1])
        self._wait()
