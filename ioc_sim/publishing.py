"""What changes by itself on a live clock is published five times a second."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

PUBLISH_S = 0.2
"""Wall time between two updates."""


@contextlib.asynccontextmanager
async def published(live: bool, show: Callable[[], None]) -> AsyncIterator[None]:
    """On a live clock, call `show` five times a second."""

    async def repeat() -> None:
        while True:
            await asyncio.sleep(PUBLISH_S)
            show()

    task = asyncio.create_task(repeat()) if live else None
    try:
        yield
    finally:
        if task:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
