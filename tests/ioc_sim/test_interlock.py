"""Interlock inputs without a network: what holds, what is unknown, what a configuration may not say."""

import asyncio

import pytest
from caproto import AlarmSeverity, AlarmStatus

from beam.axis import LineAxis
from beam.bench_kinds import LinearMotors, Shutters, Valves
from beam.clock import ExperimentClock
from ioc_sim.channels import Enum, Float
from ioc_sim.errors import Refused, ServerError
from ioc_sim.groups.shutter import ShutterGroup
from ioc_sim.groups.valve import ValveGroup
from ioc_sim.interlock import Interlock
from ioc_sim.records import MotorRecord
from ioc_sim.timing import Timeline

COMMON = {"prefixes": ["x:"], "label": "thing", "travel_s": 0.1}


@pytest.fixture
def channels():
    return {"a:State": Enum("Closed", ("Closed", "Open")), "a:Value": Float(1.0)}


def judged(conditions, channels):
    return Interlock(conditions, channels, lambda: None).wrong()


def test_all_inputs_must_hold_and_those_that_do_not_are_named(channels):
    assert judged(["a:State == Closed", "a:Value < 2"], channels) == ""
    wrong = "a:State is Closed, a:State == Open is needed; a:Value is 1, a:Value > 1 is needed"
    assert judged(["a:State == Open", "a:Value > 1"], channels) == wrong


def test_what_is_not_known_is_not_safe(channels):
    channels["a:Value"].post(float("nan"))
    assert judged(["a:Value != 7"], channels) == "a:Value is nan, a:Value != 7 is needed"
    channels["a:Value"].post(1.0, status=AlarmStatus.READ, severity=AlarmSeverity.INVALID_ALARM)
    assert judged(["a:Value < 7"], channels) == "a:Value is INVALID, a:Value < 7 is needed"


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("a:Stat == Open", r"interlock 'a:Stat == Open': unknown PV 'a:Stat'; did you mean a:State"),
        ("a:State == Opn", "a:State is one of Closed, Open"),
        ("a:Value == Open", "a:Value is a number"),
        ("a:State.XYZ == Open", "unknown PV 'a:State.XYZ'"),
    ],
)
def test_a_condition_that_cannot_be_is_refused_at_the_start(channels, condition, words):
    with pytest.raises(ServerError, match=words):
        judged([condition], channels)


def test_a_motor_on_its_way_takes_the_permission_and_a_valve_trips():
    async def scenario():
        time = Timeline(ExperimentClock(100.0))
        numbers = {"low_mm": 0, "high_mm": 100, "start_mm": 0, "resolution_mm": 0.001, "tolerance_mm": 0.01}
        more = {"label": "m", "velocity_mm_per_s": 100, "acceleration_s": 0.1, "kind": "linear_motors"}
        motor = MotorRecord("m", LineAxis(LinearMotors(**numbers, **more, prefixes=["m"])), time)
        valve = ValveGroup("v:", Valves(kind="valves", needs=["m.RBV < 50"], **COMMON), time)
        shutter = ShutterGroup("s:", Shutters(kind="shutters", needs=["v:State == Open"], **COMMON), time)
        served = {**motor.channels, **valve.channels, **shutter.channels}
        valve.connect(served)
        shutter.connect(served)

        with pytest.raises(Refused, match="thing: v:State is Closed, v:State == Open is needed"):
            await shutter.open.write(1)
        assert (shutter.open.value, shutter.permit.value) == (0, "Denied")
        await valve.open.write(1)
        await shutter.open.write(1)
        assert (valve.state.value, shutter.state.value) == ("Open", "Open")
        assert shutter.status.value == "open"

        await motor.put("VAL", 60.0)
        # one thing after the other, each as soon as it is known: neither waits for a client
        await valve.close.write(1)
        await shutter.close.write(1)
        assert (valve.state.value, shutter.state.value, valve.tripped.value) == ("Closed", "Closed", "Tripped")
        with pytest.raises(Refused, match=r"cannot be reset: m\.RBV is 60, m\.RBV < 50 is needed"):
            await valve.reset.write(1)

        await motor.put("VAL", 10.0)
        assert "tripped (m.RBV is" in valve.status.value
        with pytest.raises(Refused, match=r"tripped \(m\.RBV is .*to be reset"):
            await valve.open.write(1)
        await valve.reset.write(1)
        assert (valve.tripped.value, valve.permit.value, valve.state.value) == ("OK", "Permitted", "Closed")
        await valve.open.write(1)
        assert shutter.permit.value == "Permitted"

        valve.set_permit(False)
        assert (valve.tripped.value, valve.permit.value, shutter.permit.value) == ("Tripped", "Denied", "Denied")

    asyncio.run(scenario())


def test_an_input_that_goes_invalid_takes_the_permission():
    async def scenario():
        time = Timeline(ExperimentClock(100.0))
        gauge = Float(1.0)
        shutter = ShutterGroup("s:", Shutters(kind="shutters", needs=["g < 5"], **COMMON), time)
        shutter.connect({"g": gauge})
        await shutter.open.write(1)
        gauge.post(1.0, status=AlarmStatus.READ, severity=AlarmSeverity.INVALID_ALARM)
        assert shutter.state.value == "Closing"
        assert shutter.status.value == "closing; must not open: g is INVALID, g < 5 is needed"
        await shutter.close.write(1)

    asyncio.run(scenario())


def test_a_valve_that_trips_on_its_way_fails_the_put():
    async def scenario():
        time = Timeline(ExperimentClock(100.0))
        gauge = Float(1.0)
        valve = ValveGroup("v:", Valves(kind="valves", needs=["g < 5"], **COMMON), time)
        valve.connect({"g": gauge})
        put = asyncio.create_task(valve.open.write(1))
        await asyncio.sleep(0)
        assert valve.state.value == "Opening"
        gauge.post(7.0)
        with pytest.raises(Refused, match="something else moved it on the way"):
            await put
        await valve.close.write(1)
        assert (valve.state.value, valve.tripped.value) == ("Closed", "Tripped")

    asyncio.run(scenario())
