"""What belongs together changes at once in a real Redis: no item is between two places when a process dies."""

import asyncio

import pytest
import redis

from daq.queue.operations import Operations
from daq.queue.store import Store

RESULT = {"run_uids": [], "scan_ids": [], "err_msg": "", "err_tb": ""}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    directory = tmp_path_factory.mktemp("redis")
    one = Store(directory, directory / "redis.out")
    one.start()
    yield one
    one.stop()


@pytest.fixture
def on_queue(store):
    """Run a coroutine function on an empty queue."""

    def run(scenario):
        async def whole():
            queue = Operations(redis_host=store.address, name_prefix="test")
            await queue.start()
            await queue.delete_pool_entries()
            try:
                await scenario(queue)
            finally:
                await queue.stop()

        asyncio.run(whole())

    return run


def item(name, **more):
    return {"item_type": "plan", "name": name, "item_uid": name, "user": "curie", "user_group": "primary", **more}


def names(items):
    return [one["name"] for one in items]


async def stored(queue):
    """Return what Redis holds: waiting, running, history."""
    items, _ = await queue.get_queue()
    history, _ = await queue.get_history()
    running = await queue._get_running_item_info()
    assert queue.get_queue_size() == len(items)
    assert queue.get_history_size() == len(history)
    assert queue.get_running_item_info() == running
    return names(items), running.get("name"), names(history)


def test_items_run_end_and_come_back_as_they_did(on_queue):
    async def scenario(queue):
        _, results, size, success = await queue.add_batch_to_queue([item("a"), item("b"), item("c")])
        assert (success, size, len(results)) == (True, 3, 3)
        assert await stored(queue) == (["a", "b", "c"], None, [])
        assert (await queue.process_next_item())["name"] == "a"
        assert await stored(queue) == (["b", "c"], "a", [])
        await queue.set_processed_item_as_completed(exit_status="completed", **RESULT)
        await queue.process_next_item()
        await queue.set_processed_item_as_stopped(exit_status="failed", **RESULT)
        assert await stored(queue) == (["b", "c"], None, ["a", "b"])
        await queue.process_next_item()
        await queue.set_processed_item_as_stopped(exit_status="stopped", **RESULT)
        assert await stored(queue) == (["c"], None, ["a", "b", "b"])
        await queue.add_batch_to_queue([item("d"), item("e")], pos="front")
        assert await stored(queue) == (["d", "e", "c"], None, ["a", "b", "b"])

    on_queue(scenario)


def test_of_a_batch_that_does_not_fit_nothing_is_left(on_queue):
    async def scenario(queue):
        await queue.add_item_to_queue(item("a"))
        _, results, size, success = await queue.add_batch_to_queue([item("b"), item("a"), item("c")])
        assert (success, size) == (False, 1)
        assert [one["success"] for one in results] == [True, False, True]
        assert await stored(queue) == (["a"], None, [])
        await queue.add_batch_to_queue([item("b"), item("c")])
        assert await stored(queue) == (["a", "b", "c"], None, [])

    on_queue(scenario)


@pytest.mark.parametrize("begun", [False, True], ids=["beginning", "ending"])
def test_what_is_not_sent_whole_has_not_happened(on_queue, monkeypatch, begun):
    """As if the process had been killed before its last command."""

    async def scenario(queue):
        await queue.add_batch_to_queue([item("a"), item("b")])
        if begun:
            await queue.process_next_item()
        before = await stored(queue)

        async def never(self, *_, **__):
            raise redis.ConnectionError("killed")

        change = (
            queue.set_processed_item_as_stopped(exit_status="failed", **RESULT) if begun else queue.process_next_item()
        )
        with monkeypatch.context() as patch:
            patch.setattr(redis.asyncio.client.Pipeline, "execute", never)
            with pytest.raises(redis.ConnectionError):
                await change
        assert await stored(queue) == before

    on_queue(scenario)
