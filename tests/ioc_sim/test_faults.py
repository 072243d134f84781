"""Faults without a network: the table, what is refused, and the page that lists them."""

import asyncio
import json

import pytest

from beam.clock import ExperimentClock
from beam.errors import ConfigError, UnknownName
from beam.facts import LengthAxis
from beam.line import LineAxis
from beam.scenario import Scenario
from ioc_sim import scenario
from ioc_sim.errors import Refused
from ioc_sim.faults.group import FaultGroup
from ioc_sim.faults.table import FAULTS, find
from ioc_sim.records import MotorRecord
from ioc_sim.timing import Timeline


@pytest.fixture
def motor():
    facts = LengthAxis.model_validate(
        {
            "name": "test/axis/1",
            "prefix": "T:m",
            "label": "axis",
            "low_mm": -20.0,
            "high_mm": 20.0,
            "start_mm": 0.0,
            "resolution_mm": 0.001,
            "tolerance_mm": 0.01,
            "velocity_mm_per_s": 20.0,
            "acceleration_s": 0.1,
            "precision": 3,
        }
    )
    return MotorRecord("T:m", LineAxis(facts), Timeline(ExperimentClock(100.0)))


@pytest.fixture
def group(motor):
    return FaultGroup("T:SIM:", {"stage": motor})


def put(group, **command):
    asyncio.run(group.command.write(json.dumps(command)))


def active(group):
    return json.loads(group.active.value)


def test_names_say_what_they_befall():
    assert all(name == one.name for name, one in FAULTS.items())
    assert all(one.description and one.kinds for one in FAULTS.values())


def test_an_unknown_fault_names_the_nearest():
    with pytest.raises(UnknownName, match=r"unknown fault 'motor_stcuk'; did you mean motor_stuck"):
        find("motor_stcuk")


def test_set_and_clear_are_shown(group):
    put(group, action="set", name="motor_following_error", target="T:m", args={"by": 0.2})
    assert active(group) == [{"name": "motor_following_error", "target": "stage", "args": {"by": 0.2}}]
    put(group, action="clear", target="stage")
    assert active(group) == []


def test_arguments_have_defaults(group):
    put(group, action="set", name="motor_limit_hit", target="stage")
    assert active(group)[0]["args"] == {"at": 0.5}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({"action": "set", "name": "motor_stuk", "target": "stage"}, "did you mean motor_stuck"),
        ({"action": "set", "name": "motor_stuck", "target": "stge"}, "unknown target of motor_stuck 'stge'; did you"),
        ({"action": "set", "name": "scaler_nan", "target": "stage"}, "unknown target of scaler_nan 'stage'"),
        ({"action": "set", "name": "motor_limit_hit", "target": "stage", "args": {"at": 2}}, "0.01 … 0.99 is allowed"),
        ({"action": "set", "name": "motor_limit_hit", "target": "stage", "args": {"att": 0.2}}, "did you mean at"),
        ({"action": "set", "name": "motor_following_error", "target": "stage", "args": {"by": "x"}}, "a number is"),
        ({"action": "set", "name": "motor_stuck"}, "set.target: Field required"),
        ({"action": "go", "name": "motor_stuck"}, "fault command"),
        ({"action": "clear", "name": "motor_stuk"}, "did you mean motor_stuck"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(group, command, words):
    with pytest.raises(Refused, match=words):
        put(group, **command)
    assert active(group) == []


def test_two_faults_do_not_share_a_part(group):
    put(group, action="set", name="motor_stuck", target="stage")
    with pytest.raises(Refused, match="stage has motor_stuck already: clear it before motor_lost_done"):
        put(group, action="set", name="motor_lost_done", target="stage")
    put(group, action="set", name="put_never_completes", target="stage")
    assert [one["name"] for one in active(group)] == ["motor_stuck", "put_never_completes"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"fault": "motor_stcuk", "target": "stage"}, r'f\.toml: faults\.0\.fault = "motor_stcuk": .*motor_stuck'),
        ({"fault": "motor_stuck", "target": "stge"}, r'f\.toml: faults\.0\.target = "stge": .*did you mean stage'),
        ({"fault": "motor_stuck", "target": "stage", "args": {"by": 1}}, r"f\.toml: faults\.0\.args = .*unknown"),
        ({"fault": "beam_dump", "target": "ring"}, r'f\.toml: faults\.0\.target = "ring"'),
    ],
)
def test_a_scenario_that_makes_no_sense_here_is_refused(group, entry, words):
    played = Scenario(schema_version=1, title="t", faults=[{"at_s": 1.0, **entry}])
    with pytest.raises(ConfigError, match=words):
        scenario.play(played, "f.toml", group, None)


def test_what_befalls_another_server_is_left_to_it(group):
    played = Scenario(schema_version=1, title="t", faults=[{"at_s": 1.0, "fault": "beam_dump", "target": "ring"}])
    scenario.play(played, "f.toml", group, lambda _: None)


@pytest.mark.parametrize("way", [10.0, -10.0])
def test_a_foreign_stop_stops_at_the_same_place_each_time(motor, group, way):
    async def scenario():
        await group.command.write(json.dumps({"action": "set", "name": "motor_foreign_stop", "target": "stage"}))
        await motor.put("VAL", way)
        return motor.values["RBV"], motor.timing.clock.now()

    place, passed = asyncio.run(scenario())
    # half of the 0.6 s, and the ramp down from full speed in 0.1 s
    assert place == pytest.approx(way * 0.6)
    assert passed == pytest.approx(0.4, abs=1e-9)
