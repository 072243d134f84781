"""The queue in Redis: bluesky-queueserver's, with changes that belong together made at once, or not at all.

The manager takes an item from the queue and notes that it runs; puts what failed into the history, notes that nothing
runs, and puts the item back; adds the items of a batch. Each is several commands to Redis. Were it killed between two
of them, an item would be gone, or a batch be there in part. Here the commands are collected, and sent as one
transaction.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from bluesky_queueserver.manager.plan_queue_ops import PlanQueueOperations

ANSWERS = {"lpop": None, "lpush": 0, "rpush": 0, "linsert": 0, "lrem": 1, "set": True, "delete": 1, "ltrim": True}
"""Commands that change something, and what stands for their answers until they are sent; sizes are counted after."""


class Operations(PlanQueueOperations):
    """Keeps the queue, the history, and what runs.

    Attributes
    ----------
    came_back
        Told the number that an item had when it ran, and the one that it has in the queue again.
    keeps
        Says of the number of an item that failed whether it belongs in the queue still, though failures are ignored.
    """

    _r_pool: Any
    came_back: Callable[[str, str], Awaitable[None]] | None = None
    keeps: Callable[[str], bool] | None = None

    async def _set_next_item_as_running(self, **options: Any) -> Any:
        async with self._at_once():
            return await super()._set_next_item_as_running(**options)

    async def _set_processed_item_as_completed(self, **result: Any) -> Any:
        if result["exit_status"] == "failed" and self.keeps is not None:
            ran = (await self._get_running_item_info()).get("item_uid", "")
            if ran and self.keeps(ran):
                return await self._set_processed_item_as_stopped(**result)
        async with self._at_once():
            return await super()._set_processed_item_as_completed(**result)

    async def _set_processed_item_as_stopped(self, **result: Any) -> Any:
        ran = (await self._get_running_item_info()).get("item_uid", "")
        async with self._at_once():
            done = await super()._set_processed_item_as_stopped(**result)
        queued, _ = await self._get_queue()
        if ran and done and queued and queued[0].get("result") == done.get("result") and self.came_back is not None:
            await self.came_back(ran, queued[0]["item_uid"])
        return done

    async def _add_batch_to_queue(self, items: list[Any], **position: Any) -> Any:
        kept = items, [], 0, False
        with contextlib.suppress(_NotAll):
            async with self._at_once():
                kept = await super()._add_batch_to_queue(items, **position)
                if not kept[3]:
                    raise _NotAll
        items_added, results, _, success = kept
        return items_added, results, self._queue_size, success

    @asynccontextmanager
    async def _at_once(self) -> AsyncIterator[None]:
        """Collect what changes something, send it at the end; the caller holds the lock."""
        pool = self._r_pool
        if isinstance(pool, _Collecting):  # within another
            yield
            return
        async with pool.pipeline(transaction=True) as transaction:
            self._r_pool = _Collecting(pool, transaction)
            try:
                yield
                self._r_pool = pool
                await transaction.execute()
            finally:
                self._r_pool = pool
                # of what was not sent, nothing is remembered; of what was, the sizes are known only now
                await self._uid_dict_initialize()
                self._queue_size = await self._get_queue_size()
                self._history_size = await self._get_history_size()
                self._running_item_info = await self._get_running_item_info()


class _NotAll(Exception):
    """An item of a batch does not fit."""


class _Collecting:
    """Reads from Redis, and keeps back what would change it."""

    def __init__(self, pool: Any, transaction: Any) -> None:
        self._pool, self._transaction = pool, transaction

    def __getattr__(self, command: str) -> Any:
        if command not in ANSWERS:
            return getattr(self._pool, command)

        async def collect(*arguments: Any, **options: Any) -> Any:
            getattr(self._transaction, command)(*arguments, **options)
            return ANSWERS[command]

        return collect
