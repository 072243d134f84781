"""The time service: what waits, what advances, and who is told."""

import asyncio

import pytest

from beam.clock import ExperimentClock, LiveClock
from ioc_sim.errors import Refused
from ioc_sim.timing import Timeline


class Ring:
    """Notes the times that it is told."""

    def __init__(self):
        self.times = []

    async def follow(self, seconds):
        await asyncio.sleep(0)
        self.times.append(seconds)


def test_durations_sum_to_the_same_time_in_any_order():
    async def ending(order):
        ring = Ring()
        timeline = Timeline(ExperimentClock(1e6), ring.follow)
        await asyncio.gather(*(timeline.take(seconds) for seconds in order))
        return timeline.clock.now(), max(ring.times)

    durations = [0.1, 0.7, 1e-9, 3.3, 0.2]
    ends = {asyncio.run(ending(order)) for order in (durations, durations[::-1], sorted(durations))}
    assert ends == {(4.300000001, 4.300000001)}


def test_nothing_to_wait_for_is_no_turn_of_the_loop_and_no_word_to_the_ring():
    ring = Ring()
    timeline = Timeline(ExperimentClock(), ring.follow)
    coroutine = timeline.take(0.0)
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert ring.times == []


def test_moves_that_take_no_time_are_told_to_the_ring_when_they_come_to_a_microsecond():
    async def moves():
        ring = Ring()
        timeline = Timeline(ExperimentClock(), ring.follow)
        for _ in range(1001):
            await timeline.advance(2e-9)
        return ring.times

    assert asyncio.run(moves()) == pytest.approx([1e-6, 2e-6], abs=3e-9)


def test_the_ring_hears_of_an_exposure_before_it_is_made_and_once():
    async def expose():
        ring = Ring()
        timeline = Timeline(ExperimentClock(1e6), ring.follow)
        await timeline.foretell(2.0)
        assert timeline.clock.now() == 0.0
        timeline.clock.advance(2.0)
        await timeline.follow()
        return ring.times

    assert asyncio.run(expose()) == [2.0]


def test_an_interrupted_wait_says_how_much_passed():
    async def interrupted():
        timeline = Timeline(ExperimentClock(100.0))
        interrupt = asyncio.Event()
        asyncio.get_running_loop().call_soon(interrupt.set)
        return await timeline.wait(1e5, interrupt), await timeline.wait(5.0, interrupt)

    passed, again = asyncio.run(interrupted())
    assert 0 <= passed < 1e5
    assert again == 0.0


def test_live_time_is_told_to_nobody():
    ring = Ring()
    timeline = Timeline(LiveClock(10.0), ring.follow)
    asyncio.run(timeline.advance(5.0))
    assert ring.times == []


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf"), 1e9])
def test_an_impossible_duration_is_refused(seconds):
    timeline = Timeline(ExperimentClock())
    with pytest.raises(Refused, match="a duration of"):
        asyncio.run(timeline.advance(seconds))
    assert timeline.clock.now() == 0.0
