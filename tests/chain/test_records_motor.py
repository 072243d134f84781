"""The motor record over Channel Access: a server of its own process, seen by a raw client."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import caproto as ca
import pytest

from beam.clock import ExperimentClock
from beam.facts import LengthAxis
from beam.line import LineAxis
from ioc_sim.records import MotorRecord, MotorSettings
from ioc_sim.server import OrderedContext
from ioc_sim.timing import Timeline

SCALE = 20.0
ODD_NAME = "XF:31IDA-OP{Tbl-Ax:X1}Mtr"
MOTORS = {
    ODD_NAME: ({}, MotorSettings()),
    "T:plain": ({}, MotorSettings()),
    "T:slow": ({"velocity_mm_per_s": 1.0}, MotorSettings()),
    "T:instant": ({"velocity_mm_per_s": 1e9, "acceleration_s": 0.0}, MotorSettings()),
    "T:switch": ({}, MotorSettings()),
    "T:home": ({}, MotorSettings(home=2.0, home_velocity=10.0)),
    "T:backlash": ({}, MotorSettings(backlash=0.5, settle_s=0.1)),
    "T:neg": ({}, MotorSettings(negative=True, offset=1.0)),
}


def facts(name: str, **changes: object) -> LengthAxis:
    numbers = {
        "name": "test/axis/1",
        "prefix": "T:m",
        "label": f"axis {name}",
        "low_mm": -20.0,
        "high_mm": 20.0,
        "start_mm": 0.0,
        "resolution_mm": 0.001,
        "tolerance_mm": 0.01,
        "velocity_mm_per_s": 20.0,
        "acceleration_s": 0.1,
        "precision": 3,
    }
    return LengthAxis.model_validate(numbers | changes)


async def main(shuffled: bool) -> None:
    """Serve the motors above; the port goes to stdout, the end of stdin ends it."""
    time = Timeline(ExperimentClock(SCALE))
    channels = {}
    for name, (changes, settings) in MOTORS.items():
        channels |= MotorRecord(name, LineAxis(facts(name, **changes)), time, settings).channels
    context = OrderedContext(
        channels,
        shuffled=shuffled,
        on_ready=lambda: sys.stdout.write(json.dumps({"port": context.ca_server_port}) + "\n") and sys.stdout.flush(),
    )
    server = asyncio.create_task(context.run())
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.cancel()


@pytest.fixture(scope="module", params=["ordered", "shuffled"])
def order(request):
    return request.param


@pytest.fixture(scope="module")
def port(order):
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, str(Path(__file__).resolve()), order]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, cwd=root, stdin=pipe, stdout=pipe, text=True) as server:
        yield json.loads(server.stdout.readline())["port"]
        server.stdin.close()
        server.wait(10)


@pytest.fixture
def client(port, connect):
    return connect(port)


def monitored(client, name):
    return [one[2] for one in client.arrived if one[:2] == ("monitor", name)]


def move(client, motor, target):
    client.put(f"{motor}.VAL", target)
    assert client.get(f"{motor}.RBV") == pytest.approx(target, abs=1e-9)


def until_done(client, motor):
    """Wait for DMOV 1, monitored, whatever came before."""
    client.until(lambda: client.latest(f"{motor}.DMOV") == 1)


def test_any_prefix_serves_a_motor(client):
    assert client.get(f"{ODD_NAME}.RTYP") == "motor"
    assert client.get(f"{ODD_NAME}.NAME") == ODD_NAME
    assert client.get(f"{ODD_NAME}.DESC") == f"axis {ODD_NAME}"
    assert client.get(f"{ODD_NAME}.DMOV") == 1
    assert client.get(ODD_NAME) == client.get(f"{ODD_NAME}.VAL")
    assert client.get(f"{ODD_NAME}.MSTA") == 0x2 | 0x20 | 0x100 | 0x800


def test_units_precision_and_limits_are_told(client):
    for field in ("VAL", "RBV", "DVAL", "DRBV"):
        told = client.metadata(f"T:plain.{field}")
        assert (told.lower_ctrl_limit, told.upper_ctrl_limit, told.precision) == (-20.0, 20.0, 3)
        assert told.units.rstrip(b"\0") == b"mm"
    assert client.metadata("T:plain.VELO").units.rstrip(b"\0") == b"mm/sec"
    assert client.get("T:plain.EGU") == "mm"
    client.put("T:plain.HLM", 10.0)
    assert client.metadata("T:plain.VAL").upper_ctrl_limit == 10.0
    assert client.get("T:plain.DHLM") == 10.0
    client.put("T:plain.HLM", 20.0)


def test_a_put_completes_at_the_end_of_the_motion(client, order):
    client.subscribe("T:slow.DMOV", "T:slow.RBV", "T:slow.VAL", "T:slow.MOVN")
    first = len(client.arrived)
    client.put("T:slow.VAL", 4.0)
    if order == "shuffled":
        until_done(client, "T:slow")
    arrived = client.arrived[first:]
    names = [one[1] for one in arrived]
    assert monitored(client, "T:slow.DMOV") == [1, 0, 1]
    assert monitored(client, "T:slow.MOVN") == [0, 1, 0]
    assert monitored(client, "T:slow.VAL") == [0.0, 4.0]
    # the set-point is out before the motion, not after it
    assert names.index("T:slow.VAL") < names.index("T:slow.RBV")
    assert monitored(client, "T:slow.RBV") == sorted(monitored(client, "T:slow.RBV"))
    assert len(monitored(client, "T:slow.RBV")) >= 3
    assert client.latest("T:slow.RBV") == 4.0
    if order == "ordered":
        assert names[-2:] == ["T:slow.DMOV", "WriteNotifyResponse"]
    client.put("T:slow.VAL", 0.0)


def test_a_move_of_no_length_pulses_dmov(client):
    move(client, "T:plain", 1.0)
    client.subscribe("T:plain.DMOV")
    client.put("T:plain.VAL", 1.0)
    client.until(lambda: monitored(client, "T:plain.DMOV") == [1, 0, 1])


def test_a_new_target_on_the_way_is_the_one_that_counts(client):
    client.subscribe("T:slow.DMOV", "T:slow.RBV")
    first = client.start("T:slow.VAL", 10.0)
    client.until(lambda: client.latest("T:slow.RBV") > 1.0)
    second = client.start("T:slow.VAL", 0.5)
    assert client.completed(first)
    assert client.completed(second)
    assert client.get("T:slow.RBV") == 0.5
    until_done(client, "T:slow")
    assert monitored(client, "T:slow.DMOV") == [1, 0, 1]
    assert max(monitored(client, "T:slow.RBV")) < 10.0


@pytest.mark.parametrize("how", ["T:slow.STOP", "T:slow.SPMG"])
def test_stop_ends_the_motion_where_it_is(client, how):
    move(client, "T:slow", 0.0)
    client.subscribe("T:slow.RBV")
    moving = client.start("T:slow.VAL", 15.0)
    client.until(lambda: client.latest("T:slow.RBV") > 1.0)
    client.put(how, 1 if how.endswith("STOP") else "Stop")
    assert client.completed(moving)
    there = client.get("T:slow.RBV")
    assert 1.0 < there < 15.0
    assert client.get("T:slow.VAL") == there
    assert client.get("T:slow.DMOV") == 1
    client.put("T:slow.SPMG", "Go")
    assert client.get("T:slow.RBV") == there


def test_pause_and_go(client):
    move(client, "T:slow", 0.0)
    client.subscribe("T:slow.RBV", "T:slow.MOVN")
    moving = client.start("T:slow.VAL", 6.0)
    client.until(lambda: client.latest("T:slow.RBV") > 1.0)
    client.start("T:slow.SPMG", "Pause")
    client.until(lambda: client.latest("T:slow.MOVN") == 0)
    assert client.get("T:slow.DMOV") == 0
    assert 1.0 < client.get("T:slow.RBV") < 6.0
    client.put("T:slow.SPMG", "Go")
    assert client.completed(moving)
    assert client.get("T:slow.RBV") == 6.0


def test_a_target_beyond_the_limits_is_not_taken(client):
    move(client, "T:plain", 1.0)
    client.put("T:plain.VAL", 20.5)
    assert (client.get("T:plain.LVIO"), client.get("T:plain.VAL"), client.get("T:plain.RBV")) == (1, 1.0, 1.0)
    move(client, "T:plain", 2.0)
    assert client.get("T:plain.LVIO") == 0


def test_the_limit_switch_ends_a_jog_with_an_alarm(client):
    for field in ("DHLM", "DLLM"):
        client.put(f"T:switch.{field}", 0.0)
    client.put("T:switch.JOGF", 1)
    assert (client.get("T:switch.HLS"), client.get("T:switch.LLS"), client.get("T:switch.JOGF")) == (1, 0, 0)
    assert client.get("T:switch.TDIR") == 1
    assert client.get("T:switch.SEVR") == ca.AlarmSeverity.MAJOR_ALARM
    told = client.metadata("T:switch.RBV")
    assert (told.status, told.severity) == (ca.AlarmStatus.HIGH, ca.AlarmSeverity.MAJOR_ALARM)
    client.put("T:switch.VAL", 0.0)
    assert (client.get("T:switch.HLS"), client.get("T:switch.SEVR"), client.get("T:switch.RBV")) == (0, 0, 0.0)


def test_jogging_until_the_button_is_released(client):
    client.put("T:slow.VAL", 0.0)
    client.subscribe("T:slow.RBV", "T:slow.DMOV")
    client.start("T:slow.JOGR", 1)
    client.until(lambda: client.latest("T:slow.RBV") < -1.0)
    client.put("T:slow.JOGR", 0)
    assert client.get("T:slow.DMOV") == 1
    assert client.get("T:slow.VAL") == client.get("T:slow.RBV") < -1.0


def test_homing(client):
    client.put("T:home.HOMF", 1)
    assert (client.get("T:home.RBV"), client.get("T:home.ATHM"), client.get("T:home.HOMF")) == (2.0, 1, 0)
    assert int(client.get("T:home.MSTA")) & 0x4000
    client.put("T:home.HOMF", 1)
    assert client.get("T:home.RBV") == 2.0


def test_calibration(client):
    move(client, "T:plain", 2.0)
    client.put("T:plain.SET", "Set")
    client.put("T:plain.VAL", 12.0)
    client.put("T:plain.SET", "Use")
    assert (client.get("T:plain.OFF"), client.get("T:plain.RBV"), client.get("T:plain.DRBV")) == (10.0, 12.0, 2.0)
    assert client.metadata("T:plain.VAL").upper_ctrl_limit == 30.0
    move(client, "T:plain", 13.0)
    assert client.get("T:plain.RRBV") == 3000
    client.put("T:plain.OFF", 0.0)
    assert client.get("T:plain.VAL") == 3.0


def test_direction_backlash_and_settling_time(client):
    client.put("T:neg.VAL", 4.0)
    assert (client.get("T:neg.RBV"), client.get("T:neg.DRBV"), client.get("T:neg.TDIR")) == (4.0, -3.0, 0)
    client.subscribe("T:backlash.DMOV")
    move(client, "T:backlash", -3.0)
    until_done(client, "T:backlash")
    assert monitored(client, "T:backlash.DMOV") == [1, 0, 1]


def test_tweaking_and_relative_moves(client):
    move(client, "T:plain", 1.0)
    client.put("T:plain.TWV", 0.25)
    client.put("T:plain.TWR", 1)
    assert (client.get("T:plain.RBV"), client.get("T:plain.TWR")) == (0.75, 0)
    client.put("T:plain.RLV", 0.5)
    assert client.get("T:plain.RBV") == 1.25
    client.put("T:plain.RVAL", 500)
    assert client.get("T:plain.VAL") == client.get("T:plain.RBV") == 0.5


@pytest.mark.parametrize(
    ("field", "value"),
    [("VAL", float("nan")), ("VELO", float("inf")), ("SPMG", "Faster"), ("SPMG", 7), ("RBV", 1.0), ("DMOV", 0)],
)
def test_nonsense_is_refused(client, field, value):
    before = client.get(f"T:plain.{field}")
    with pytest.raises(ca.ErrorResponseReceived):
        client.put(f"T:plain.{field}", value)
    assert client.get(f"T:plain.{field}") == before


def test_disp_refuses_puts(client):
    client.put("T:plain.DISP", 1)
    with pytest.raises(ca.ErrorResponseReceived):
        client.put("T:plain.VAL", 1.0)
    client.put("T:plain.DISP", 0)
    move(client, "T:plain", 1.0)


def test_unknown_fields_do_not_exist(client):
    channel = ca.ClientChannel("T:plain.XYZ", client._circuit)
    client._send(channel.create())
    client.until(lambda: channel.states[ca.CLIENT] is ca.FAILED)


def test_an_instant_motor_is_never_stale(client, order):
    client.subscribe("T:instant.RBV", "T:instant.DMOV")
    for point in range(500):
        target = (point % 37) * 0.5
        client.put("T:instant.VAL", target)
        if order == "ordered":
            assert client.latest("T:instant.RBV") == target
            assert client.latest("T:instant.DMOV") == 1
        assert client.get("T:instant.RBV") == target
    readbacks = [one for one in client.arrived if one[:2] == ("monitor", "T:instant.RBV")]
    assert len(readbacks) <= 501


if __name__ == "__main__":
    asyncio.run(main(shuffled=sys.argv[1] == "shuffled"))
