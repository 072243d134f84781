"""What is written to a client keeps its order, whatever its size and however slowly the client takes it."""

import asyncio
import os

import pytest

from ioc_sim.outgoing import PIECE, Outgoing


class Writer:
    """Takes what is written, at once or when told to."""

    def __init__(self):
        self.transport = self
        self.pieces = []
        self.taking = asyncio.Event()
        self.taking.set()
        self.lost = False

    def write(self, data):
        self.pieces.append(bytes(data))

    async def drain(self):
        await self.taking.wait()
        if self.lost:
            raise ConnectionResetError

    def get_write_buffer_size(self):
        return 0


def in_loop(scenario):
    async def run():
        writer, tasks = Writer(), []
        await scenario(writer, Outgoing(writer, lambda task: tasks.append(asyncio.ensure_future(task))))
        await asyncio.gather(*tasks)

    asyncio.run(run())


def test_little_goes_at_once_in_one_piece():
    async def scenario(writer, outgoing):
        outgoing.write([b"head", memoryview(b"body")])
        outgoing.write([])
        assert writer.pieces == [b"headbody"]

    in_loop(scenario)


@pytest.mark.parametrize("sizes", [[3 * PIECE + 7], [PIECE + 1, 5, 6, 7], [10, PIECE, 10], [5 * PIECE] * 3, [9] * 9000])
def test_much_goes_in_pieces_and_in_order(sizes):
    written = [os.urandom(size) for size in sizes]

    async def scenario(writer, outgoing):
        outgoing.write([b"first", *written])
        outgoing.write([b"second"])
        await outgoing.drain()
        assert b"".join(writer.pieces) == b"".join([b"first", *written, b"second"])
        assert max(map(len, writer.pieces)) <= PIECE
        assert outgoing.backlog == 0
        outgoing.write([b"third"])
        assert writer.pieces[-1] == b"third"

    in_loop(scenario)


def test_others_have_their_turn_between_two_pieces():
    async def scenario(writer, outgoing):
        turns = 0
        outgoing.write([bytes(10 * PIECE)])
        while outgoing.backlog:
            await asyncio.sleep(0)
            turns += 1
        assert turns >= 10

    in_loop(scenario)


def test_a_client_that_takes_nothing_is_waited_for():
    async def scenario(writer, outgoing):
        writer.taking.clear()
        outgoing.write([bytes(3 * PIECE)])
        waiting = asyncio.ensure_future(outgoing.drain())
        for _ in range(10):
            await asyncio.sleep(0)
        assert outgoing.backlog == 2 * PIECE
        assert not waiting.done()
        writer.taking.set()
        await waiting
        assert len(writer.pieces) == 3

    in_loop(scenario)


def test_a_client_that_is_gone_is_forgotten():
    async def scenario(writer, outgoing):
        writer.lost = True
        outgoing.write([bytes(3 * PIECE)])
        with pytest.raises(ConnectionResetError):
            await outgoing.drain()
        assert outgoing.backlog == 0
        assert len(writer.pieces) == 1

    in_loop(scenario)
