import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ioc_sim.area_detector.array import NDArray
from ioc_sim.area_detector.write_ahead import WriteAhead


class FullAfter:
    def __init__(self, frames: int) -> None:
        self.frames = frames
        self.written: list[int] = []

    def open(self, path: Path, array: NDArray, many: bool) -> None:
        raise NotImplementedError

    def write(self, array: NDArray) -> None:
        if len(self.written) >= self.frames:
            raise OSError("no space left")
        self.written.append(array.unique_id)

    def close(self) -> None:
        raise NotImplementedError


def arrays(count: int) -> list[NDArray]:
    return [NDArray(np.zeros((2, 2)), number, 0) for number in range(count)]


def test_arrays_are_written_in_turn_and_each_is_waited_for():
    writer, wanted, other = FullAfter(10), arrays(4), arrays(1)[0]

    async def go() -> list[bool]:
        with ThreadPoolExecutor(1) as thread:
            ahead = WriteAhead(writer, thread, wanted)
            return [await ahead.written(one) for one in (*wanted, other)]

    assert asyncio.run(go()) == [True, True, True, True, False]
    assert writer.written == [0, 1, 2, 3]


def test_behind_the_first_that_fails_none_is_written():
    writer, wanted = FullAfter(2), arrays(5)

    async def go() -> None:
        with ThreadPoolExecutor(1) as thread:
            ahead = WriteAhead(writer, thread, wanted)
            assert await ahead.written(wanted[0])
            assert await ahead.written(wanted[1])
            with pytest.raises(OSError, match="no space"):
                await ahead.written(wanted[2])
            writer.frames = 10  # there is room again, but a frame is missing
            with pytest.raises(RuntimeError, match="closed before"):
                await ahead.written(wanted[3])

    asyncio.run(go())
    assert writer.written == [0, 1]


def test_after_its_end_nothing_more_is_written():
    writer, wanted, release = FullAfter(10), arrays(3), threading.Event()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(release.wait)
        ahead = WriteAhead(writer, thread, wanted)
        ahead.end()
        release.set()
    assert writer.written == []
