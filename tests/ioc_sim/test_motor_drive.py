"""The motor record with its drive on a real axis, in a time that passes only when it is told to."""

import asyncio

import pytest

from beam.facts import LengthAxis
from beam.line import LineAxis
from beam.motion import Trapezoid
from ioc_sim.errors import Refused
from ioc_sim.records import MotorRecord, MotorSettings
from ioc_sim.records.motor_bits import Mip, Msta

FACTS = {
    "name": "test/axis/1",
    "prefix": "T:m",
    "label": "test axis",
    "low_mm": -20.0,
    "high_mm": 20.0,
    "start_mm": 0.0,
    "resolution_mm": 0.001,
    "tolerance_mm": 0.01,
    "velocity_mm_per_s": 2.0,
    "acceleration_s": 0.5,
    "precision": 3,
}


class ToldTime:
    """Device time that `pass_time` moves on; counts what was waited for and what was added to the experiment."""

    scale = 1.0

    def __init__(self) -> None:
        self.time = 0.0
        self.advanced: list[float] = []
        self.waits = 0
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self.time

    async def wait(self, seconds: float, interrupt: asyncio.Event | None = None) -> float:
        self.waits += 1
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((self.time + seconds, future))
        await future
        return seconds

    async def advance(self, seconds: float) -> None:
        self.advanced.append(seconds)

    async def pass_time(self, seconds: float) -> None:
        """Let device time pass, waking everybody who waited, in order."""
        end = self.time + seconds
        for _ in range(3):
            await asyncio.sleep(0)
        while due := [one for one in self._waiting if one[0] <= end + 1e-12]:
            first = min(due, key=lambda one: one[0])
            self._waiting.remove(first)
            self.time = max(self.time, first[0])
            first[1].set_result(None)
            for _ in range(5):
                await asyncio.sleep(0)
        self.time = end


class Bench:
    def __init__(self, settings: MotorSettings | None = None, **facts: object) -> None:
        self.axis = LineAxis(LengthAxis.model_validate(FACTS | facts))
        self.time = ToldTime()
        self.record = MotorRecord("T:m", self.axis, self.time, settings or MotorSettings())

    def __getitem__(self, field: str) -> object:
        return self.record.values[field]

    def put(self, field: str, value: float) -> "asyncio.Task[None]":
        return asyncio.get_running_loop().create_task(self.record.put(field, value))

    async def done(self, task: "asyncio.Task[None]", within: float = 100.0) -> float:
        """Let time pass until a put completes; return how much did."""
        begun = self.time.time
        while not task.done():
            await self.time.pass_time(0.05)
            assert self.time.time - begun < within, "the put does not complete"
        await task
        return self.time.time - begun


def run(scenario):
    """Run a coroutine test."""

    def test():
        asyncio.run(asyncio.wait_for(scenario(), 20))

    test.__name__ = scenario.__name__
    return test


@run
async def test_a_move_takes_its_nominal_time_and_adds_it_to_the_experiment():
    bench = Bench()
    took = await bench.done(bench.put("VAL", 10.0))
    nominal = Trapezoid(10.0, 2.0, 0.5).duration
    assert bench.time.advanced == [pytest.approx(nominal)]
    assert took == pytest.approx(nominal, abs=0.11)
    assert bench.axis.position == 10.0
    assert (bench["RBV"], bench["DMOV"], bench["MOVN"]) == (10.0, 1, 0)


@run
async def test_the_axis_follows_the_profile():
    bench = Bench()
    task = bench.put("VAL", 10.0)
    profile = Trapezoid(10.0, 2.0, 0.5)
    seen = []
    for _ in range(20):
        await bench.time.pass_time(1 / 15)
        seen.append(bench.axis.position)
        assert bench.axis.position == pytest.approx(profile.position(bench.time.time), abs=1e-6)
        assert bench["RBV"] == bench.axis.encoder
        assert (bench["DMOV"], bench["MOVN"]) == (0, 1)
    assert seen == sorted(seen)
    await bench.done(task)


@run
async def test_the_readback_is_the_encoder_to_the_last_bit():
    bench = Bench(velocity_mm_per_s=1e9, acceleration_s=0.0)
    for target in (0.1, 0.3, 1.234, 5.678, -17.777, 19.999):
        await bench.record.put("VAL", target)
        assert bench["DRBV"] == bench["RBV"] == bench.axis.encoder == target


@run
async def test_an_instant_motor_never_waits_and_leaves_nothing_running():
    bench, before = Bench(velocity_mm_per_s=1e9, acceleration_s=0.0), asyncio.all_tasks()
    for target in (1.0, 1.0, 2.0, 0.0):
        await bench.record.put("VAL", target)
        assert bench["DMOV"] == 1
    assert bench.time.waits == 0
    assert asyncio.all_tasks() == before


@run
async def test_nothing_ticks_when_idle():
    bench, before = Bench(), asyncio.all_tasks()
    await bench.done(bench.put("VAL", 1.0))
    waits = bench.time.waits
    await bench.time.pass_time(100.0)
    assert bench.time.waits == waits
    assert asyncio.all_tasks() == before


@run
async def test_stop_brakes_at_the_ramp():
    bench = Bench()
    move = bench.put("VAL", 10.0)
    await bench.time.pass_time(1.03)
    profile = Trapezoid(10.0, 2.0, 0.5)
    stop = bench.put("STOP", 1)
    await bench.done(stop)
    await bench.done(move)
    there = profile.position(1.03) + 2.0 * 0.5 / 2
    assert bench.axis.position == pytest.approx(there, abs=0.002)
    assert bench["VAL"] == bench["RBV"] == bench.axis.encoder
    assert bench.time.advanced == [pytest.approx(1.03 + 0.5, abs=1e-6)]
    assert (bench["DMOV"], bench["MIP"]) == (1, Mip.DONE)


@run
async def test_a_target_behind_turns_the_motor_round():
    bench = Bench()
    first = bench.put("VAL", 10.0)
    await bench.time.pass_time(2.0)
    second = bench.put("VAL", -3.0)
    await bench.time.pass_time(0.7)
    assert bench.axis.position < 4.5
    await bench.done(second)
    assert first.done()
    assert (bench["RBV"], bench["VAL"]) == (-3.0, -3.0)


@run
async def test_a_farther_target_extends_the_motion():
    bench = Bench()
    first = bench.put("VAL", 4.0)
    await bench.time.pass_time(1.0)
    second = bench.put("VAL", 6.0)
    await bench.done(first)
    assert second.done()
    assert bench["RBV"] == 6.0


@run
async def test_jogging_hits_the_limit_switch_without_soft_limits():
    bench = Bench()
    await bench.record.put("DHLM", 0.0)
    await bench.record.put("DLLM", 0.0)
    jog = bench.put("JOGF", 1)
    await bench.done(jog)
    assert bench.axis.position == pytest.approx(20.005)
    assert (bench["HLS"], bench["LLS"], bench["JOGF"], bench["DMOV"]) == (1, 0, 0, 1)
    assert bench["SEVR"] == 2
    assert bench["VAL"] == bench["RBV"]
    await bench.done(bench.put("VAL", 19.0))
    assert (bench["HLS"], bench["SEVR"], bench["RBV"]) == (0, 0, 19.0)


@run
async def test_a_jog_ends_before_the_soft_limit():
    bench = Bench()
    await bench.done(bench.put("JOGR", 1))
    assert -20.0 < bench["RBV"] < -17.0
    assert (bench["LVIO"], bench["LLS"], bench["DMOV"]) == (1, 0, 1)


@run
async def test_homing_finds_the_switch_and_the_dial_counts_from_there():
    bench = Bench(MotorSettings(home=-5.0, home_velocity=1.0))
    await bench.record.put("FOFF", 1)
    await bench.record.put("SET", 1)
    await bench.record.put("VAL", 3.0)
    await bench.record.put("SET", 0)
    assert bench["DRBV"] == 3.0
    await bench.done(bench.put("HOMR", 1))
    assert bench.axis.position == -5.0
    assert (bench["DRBV"], bench["VAL"], bench["ATHM"], bench["HOMR"]) == (-5.0, -5.0, 1, 0)
    assert int(bench["MSTA"]) & Msta.HOMED


@run
async def test_homing_the_wrong_way_ends_at_the_limit_switch():
    bench = Bench(MotorSettings(home_velocity=5.0))
    await bench.done(bench.put("HOMF", 1))
    assert (bench["HLS"], bench["HOMF"], bench["DMOV"]) == (1, 0, 1)
    assert not int(bench["MSTA"]) & Msta.HOMED


@run
async def test_homing_twice_at_once_is_refused():
    bench = Bench()
    task = bench.put("HOMR", 1)
    await bench.time.pass_time(0.1)
    with pytest.raises(Refused, match="homing already"):
        await bench.record.put("HOMF", 1)
    await bench.done(bench.put("STOP", 1))
    await bench.done(task)


@run
async def test_backlash_takes_its_time_too():
    bench = Bench(MotorSettings(backlash=0.5))
    await bench.record.put("BVEL", 1.0)
    await bench.done(bench.put("VAL", 5.0))
    nominal = [Trapezoid(4.5, 2.0, 0.5).duration, Trapezoid(0.5, 1.0, 0.5).duration]
    assert bench.time.advanced == pytest.approx(nominal)
    assert bench["RBV"] == 5.0


@run
async def test_the_settling_time_is_waited_for():
    bench = Bench(MotorSettings(settle_s=0.3), velocity_mm_per_s=1e9, acceleration_s=0.0)
    took = await bench.done(bench.put("VAL", 5.0))
    assert took == pytest.approx(0.3, abs=0.06)
    assert bench.time.advanced[-1] == 0.3


@run
async def test_without_torque_nothing_moves_and_the_alarm_says_so():
    bench = Bench()
    await bench.record.put("CNEN", 0)
    await bench.record.put("VAL", 5.0)
    assert (bench["RBV"], bench["DMOV"], bench["MISS"], bench["SEVR"]) == (0.0, 1, 1, 2)
    await bench.record.put("CNEN", 1)
    await bench.done(bench.put("VAL", 5.0))
    assert (bench["RBV"], bench["SEVR"], bench["MISS"]) == (5.0, 0, 0)


@run
async def test_a_failing_clock_ends_the_motion_with_an_alarm():
    bench = Bench(MotorSettings(retries=0))

    async def lost(seconds: float) -> None:
        raise ConnectionError("the ring does not answer")

    bench.time.advance = lost
    await bench.done(bench.put("VAL", 5.0))
    assert (bench["DMOV"], bench["SEVR"]) == (1, 2)


@run
async def test_disabled_records_refuse():
    bench = Bench()
    await bench.record.put("DISP", 1)
    with pytest.raises(Refused, match="DISP"):
        await bench.record.put("VAL", 1.0)
    await bench.record.put("DISP", 0)
    await bench.record.put("DISA", 1)
    await bench.record.put("VAL", 1.0)
    assert (bench["VAL"], bench["RBV"], bench["DMOV"]) == (1.0, 0.0, 1)


@run
async def test_the_monitor_deadband_thins_out_readbacks():
    bench = Bench(velocity_mm_per_s=1e9, acceleration_s=0.0)
    await bench.record.put("MDEL", 0.5)
    for target in (1.0, 1.2, 1.4, 2.0):
        await bench.record.put("VAL", target)
        assert bench["RBV"] == (2.0 if target == 2.0 else 1.0)
        assert bench["DRBV"] == target
