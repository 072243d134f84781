"""Arrays that one thread writes to one file, in turn, while what became of the first ones is already published.

The first that fails is the last that is tried: what comes behind it would be in the file without those before.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from ioc_sim.area_detector.array import NDArray
from ioc_sim.area_detector.writer import Writer


class WriteAhead:
    """Arrays on their way to an open file.

    Parameters
    ----------
    writer : Writer
        Of the file.
    thread : ThreadPoolExecutor
        One thread.
    arrays : Sequence[NDArray]
        What it writes.
    """

    def __init__(self, writer: Writer, thread: ThreadPoolExecutor, arrays: Sequence[NDArray]) -> None:
        self._writer = writer
        self._ended = threading.Event()
        self._futures: dict[int, Future[None]] = {id(one): thread.submit(self._write, one) for one in arrays}

    async def written(self, array: NDArray) -> bool:
        """Return when an array is in the file: True, or False at once if it is none of these; or raise OSError."""
        future = self._futures.pop(id(array), None)
        if future is None:
            return False
        await asyncio.wrap_future(future)
        return True

    def end(self) -> None:
        """Write no more of them than the one that is being written."""
        self._ended.set()

    def _write(self, array: NDArray) -> None:
        if self._ended.is_set():
            raise RuntimeError("the file was closed before this array")
        try:
            self._writer.write(array)
        except BaseException:
            self._ended.set()
            raise
