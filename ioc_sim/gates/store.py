"""Rows on their way to the disk.

Two things happen to rows that are offered. They wait in the *simulated* buffer, which is emptied at the rate that the
facts say; where it is full, rows are lost, and that is an overflow. And they are really written, by a worker thread,
for which the flight waits where this machine is slower than the experiment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ioc_sim.errors import said
from ioc_sim.frame_writer import FrameWriter

Floats: TypeAlias = npt.NDArray[np.float64]

BLOCKS = 8
"""Blocks that may wait to be really written."""


class Store:
    """The rows of one capture.

    Parameters
    ----------
    places
        Of the simulated buffer.
    thread
        In which files are written.
    stored
        Called with the number of rows that are on disk.
    failed
        Called with what the writer says, once.
    """

    def __init__(
        self, places: int, thread: ThreadPoolExecutor, stored: Callable[[int], None], failed: Callable[[str], None]
    ) -> None:
        self._places, self._thread, self._stored, self._failed = places, thread, stored, failed
        self.overflow = False
        self.broken = False
        self.rows = 0
        self._waiting, self._at = 0.0, 0.0
        self._blocks: asyncio.Queue[Any] = asyncio.Queue(BLOCKS)
        self._writing: asyncio.Task[None] | None = None
        self._writer: Any = None

    @property
    def is_open(self) -> bool:
        """Whether there is a file."""
        return self._writer is not None

    @property
    def waiting(self) -> int:
        """Rows in the simulated buffer."""
        return int(self._waiting)

    async def open(self, writer: FrameWriter, path: Path) -> None:
        """Create the file; raises OSError."""
        await self._in_thread(writer.open, path, 0.0)
        self._writer = writer
        self.rows, self.overflow, self.broken = 0, False, False
        self.begin()
        self._writing = asyncio.create_task(self._write())

    def begin(self) -> None:
        """Begin a flight with an empty buffer."""
        self._waiting = self._at = 0.0

    async def offer(self, block: Floats, at_s: float, rows_per_s: float, writer: FrameWriter) -> None:
        """Take rows, shape (columns, n), that were made up to `at_s` of the flight."""
        self._writer = writer
        # rows come and go all the time: what is stored meanwhile never waited all at once
        passed, self._at = at_s - self._at, at_s
        waiting = max(self._waiting + block.shape[1] - passed * rows_per_s, 0.0)
        if (lost := int(waiting - self._places)) > 0:
            self.overflow = True
            block = block[:, : max(block.shape[1] - lost, 0)]
        self._waiting = min(waiting, float(self._places))
        if block.shape[1]:
            await self._blocks.put(block)

    async def drained(self) -> None:
        """Wait until all that was offered is on disk, or lost because the writer failed."""
        await self._blocks.join()

    async def close(self) -> None:
        """Write what waits, and close the file."""
        if self._writing is None:
            return
        await self._blocks.put(None)
        await self._writing
        self._writing = None
        writer, self._writer = self._writer, None
        try:
            await self._in_thread(writer.close)
        except (OSError, ValueError, RuntimeError) as error:
            if not self.broken:
                self._fail(error)

    async def _write(self) -> None:
        while (block := await self._blocks.get()) is not None:
            if not self.broken:
                try:
                    await self._in_thread(self._writer.write, block)
                except Exception as error:  # nobody would take blocks out of the queue any more
                    self._fail(error)
                else:
                    self.rows += block.shape[1]
                    self._stored(self.rows)
            self._blocks.task_done()
        self._blocks.task_done()

    def _fail(self, error: Exception) -> None:
        self.broken = True
        self._failed(said(error))

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)
