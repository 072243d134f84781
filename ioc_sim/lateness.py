"""A queue before a circuit's own: each message joins that `delay_s` after it was written, in the order of writing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol


class Sink(Protocol):
    """Where the messages go: `ioc_sim.outgoing.Outgoing`."""

    def write(self, buffers: Sequence[Any]) -> None:
        """Take one message."""
        ...


class LateWriter:
    """Writes to a circuit.

    Parameters
    ----------
    sink : Sink
        The circuit's queue.
    delay_s : Callable[[], float]
        How late (s of wall time) a message is that is written now.
    """

    def __init__(self, sink: Sink, delay_s: Callable[[], float]) -> None:
        self._sink, self._delay_s = sink, delay_s
        self._late: deque[tuple[float, Sequence[Any]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def write(self, buffers: Sequence[Any]) -> None:
        """Write now, or when its time has come and all that was written before has left."""
        delay_s = self._delay_s()
        if delay_s <= 0 and not self._late:
            self._sink.write(buffers)
            return
        due = asyncio.get_running_loop().time() + delay_s
        self._late.append((max(due, self._late[-1][0]) if self._late else due, buffers))
        self._wait()

    def flush(self) -> None:
        """Write all that is late at once."""
        self._stop_timer()
        while self._late:
            self._sink.write(self._late.popleft()[1])

    def forget(self) -> None:
        """Write nothing more: the client is gone."""
        self._stop_timer()
        self._late.clear()

    def _stop_timer(self) -> None:
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
            self._sink.write(self._late.popleft()[1])
        self._wait()
