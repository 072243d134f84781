"""What waits to be written to one client, in order.

==========================  ============================================================================================
written                     what happens
==========================  ============================================================================================
little, and nothing waits   it is handed to the socket at once
much, or something waits    it joins the queue; a task hands the queue to the socket piece by piece, a turn of the event
                            loop between two, and waits wherever the client does not take it
the client is gone          the queue is forgotten
==========================  ============================================================================================

A frame of 8 MB, written in one go, would hold up the answers to all other clients for milliseconds.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

PIECE = 1 << 16
"""Bytes handed to the socket in one turn of the event loop."""


class Outgoing:
    """The queue of one client's connection.

    Parameters
    ----------
    writer : asyncio.StreamWriter
        Where it goes.
    start : Callable
        Starts a task that ends with the connection.
    """

    def __init__(self, writer: asyncio.StreamWriter, start: Callable[[Coroutine[Any, Any, None]], Any]) -> None:
        self._writer = writer
        self._start = start
        self._queue: deque[memoryview] = deque()
        self._queued = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def backlog(self) -> int:
        """Bytes that the client has not taken yet."""
        return self._queued + self._writer.transport.get_write_buffer_size()

    def write(self, buffers: Sequence[Any]) -> None:
        """Write `buffers` behind whatever waits. They are not copied, and must not change."""
        size = sum(memoryview(one).nbytes for one in buffers)
        if size <= PIECE and self._idle.is_set():
            if size:
                self._writer.write(b"".join(buffers))
            return
        self._queue.extend(memoryview(one).cast("B") for one in buffers if memoryview(one).nbytes)
        self._queued += size
        if self._idle.is_set():
            self._idle.clear()
            self._start(self._hand_over())

    async def drain(self) -> None:
        """Wait until little is left.

        Raises
        ------
        OSError
            The client is gone.
        """
        await self._idle.wait()
        await self._writer.drain()

    def forget(self) -> None:
        """Write nothing more: the client is gone."""
        self._queue.clear()
        self._queued = 0

    async def _hand_over(self) -> None:
        try:
            while self._queue:
                self._writer.write(self._piece())
                await self._writer.drain()
                await asyncio.sleep(0)
        except OSError:
            self.forget()
        finally:
            self._idle.set()

    def _piece(self) -> bytes | memoryview:
        """Take one piece from the queue: a part of something large, or as much as fits of what is small."""
        first = self._queue[0]
        if len(first) > PIECE:
            self._queue[0] = first[PIECE:]
            self._queued -= PIECE
            return first[:PIECE]
        small: list[memoryview] = []
        size = 0
        while self._queue and size + len(self._queue[0]) <= PIECE:
            small.append(self._queue.popleft())
            size += len(small[-1])
        self._queued -= size
        return b"".join(small)
