"""Puts that wait until something has ended."""

from __future__ import annotations

import asyncio


class Completions:
    """Those who wait for one thing; they are let go all at once."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        """Wait for the next `release`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    def release(self, error: Exception | None = None) -> None:
        """Let all go that wait now, or raise `error` in them."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)
