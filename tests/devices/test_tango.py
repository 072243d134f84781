"""Tango signals against a real server without a database: events, polling, quality, refusals, restarts."""

import contextlib
import math
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from ophyd import Kind

from beam.errors import UnknownName
from devices import State, tango_link, tango_names
from devices.errors import BadReading, NotConnected, NotTaken, TimedOut
from devices.signals import INVALID, Quantity
from devices.tango_device import tango_device
from devices.tango_names import Part, Row
from devices.tango_signal import TangoSignal
from ioc_sim.sockets import hold_port

PATIENCE_S = 20.0
LENGTH = Quantity("float", "mm", writable=True)


class Probe:
    """The server, in a process of its own."""

    def __init__(self, port):
        self.address = f"tango://127.0.0.1:{port}/test/probe/1#dbase=no"
        self._port = port
        self.start()

    def start(self):
        command = [sys.executable, str(Path(__file__).with_name("tango_probe.py")), str(self._port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert select.select([self.process.stdout], [], [], PATIENCE_S)[0]
        assert self.process.stdout.readline() == b"ready\n"

    def kill(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __call__(self, command, argument=None):
        import tango

        return tango.DeviceProxy(self.address).command_inout(command, argument)


@pytest.fixture(scope="module")
def probe():
    with hold_port() as held:
        running = Probe(held.getsockname()[1])
        yield running
        running.kill()


@pytest.fixture
def make(probe):
    with contextlib.ExitStack() as stack:

        def build(row, quantity=LENGTH, wait=True, device=None):
            one = TangoSignal(device or probe.address, row, quantity=quantity, name="axis", attr_name="axis")
            stack.callback(one.destroy)
            if wait:
                one.wait_for_connection(PATIENCE_S)
            return one

        yield build


def until(happened):
    """Wait for something that an event or a poll brings."""
    pause, end = threading.Event(), time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        pause.wait(0.01)


def test_documents(make):
    level = make(Row("Level"))
    (key,) = level.describe().values()
    assert key.pop("source").endswith("/test/probe/1#dbase=no/Level")
    assert key == {
        "dtype": "number",
        "dtype_numpy": "<f8",
        "shape": [],
        "units": "mm",
        "precision": 3,
        "lower_ctrl_limit": -5.0,
        "upper_ctrl_limit": 5.0,
        "limits": {"alarm": {"low": None, "high": 4.0}, "warning": {"low": -3.0, "high": None}},
    }
    before = time.time()
    reading = level.fetch()
    assert abs(reading.time - before) < PATIENCE_S
    assert level.read() == {"axis": {"value": 1.5, "timestamp": reading.time}}


@pytest.mark.parametrize(("quality", "severity"), [("CHANGING", 0), ("WARNING", 1), ("ALARM", 2), ("INVALID", INVALID)])
def test_quality_is_severity(make, probe, quality, severity):
    import tango

    level = make(Row("Level"))
    try:
        probe("Become", int(getattr(tango.AttrQuality, f"ATTR_{quality}")))
        assert level.fetch().severity == severity
        until(lambda: level.sample.severity == severity)
        assert math.isnan(level.sample.value) == (severity == INVALID)
    finally:
        probe("Become", int(tango.AttrQuality.ATTR_VALID))


def test_events_where_they_are_offered_and_polling_where_not(make):
    level = make(Row("Level"))
    until(lambda: not level.polled_s)  # without a database a server accepts no subscriptions at first
    quiet = make(Row("Quiet"), Quantity("int", "s"))
    assert quiet.polled_s == tango_link.POLL_S
    first = quiet.sample.value
    until(lambda: quiet.sample.value > first + 1)


def test_subscribers_hear_of_changes_with_their_time_and_severity(make):
    level = make(Row("Level"))
    heard, arrived = [], threading.Event()

    def hear(value, timestamp, severity, **_):
        heard.append((value, severity, timestamp))
        if value == 2.5:
            arrived.set()

    level.subscribe(hear)
    level.set(2.5).wait(PATIENCE_S)
    assert arrived.wait(PATIENCE_S)
    assert [one[:2] for one in heard][-1] == (2.5, 0)
    level.set(1.5).wait(PATIENCE_S)


def test_setpoint_and_reading_are_parts_of_one_attribute(make):
    level, asked = make(Row("Level")), make(Row("Level", Part.SETPOINT))
    level.start(0.25)
    until(lambda: asked.fetch().value == 0.25)
    assert level.fetch().value == 1.5


def test_a_write_that_was_not_kept_or_not_taken_is_no_success(make):
    level = make(Row("Level"))
    with pytest.raises(NotTaken, match=r"asked for 0\.25 mm, .*Level has 1\.5 mm$"):
        level.set(0.25).wait(PATIENCE_S)
    with pytest.raises(NotTaken, match=r"asked for 9\.0 mm, .* has 1\.5 mm: .*above the maximum authorized"):
        level.set(9.0).wait(PATIENCE_S)
    with pytest.raises(NotTaken, match=r"half a level$"):
        level.set(0.5).wait(PATIENCE_S)
    words = make(Row("Words"), Quantity("string"))
    assert words.get() == "at rest"
    with pytest.raises(NotTaken, match="read-only"):
        words.start("x")


def test_enumerations_are_text_outside(make):
    side = make(Row("Side"), Quantity("enum", enum=("CLOSED", "OPEN")))
    assert (side.sample.value, side.get()) == (1, "OPEN")


@pytest.mark.parametrize(
    ("row", "quantity", "words"),
    [
        (Row("Levle"), LENGTH, r"unknown attribute 'Levle'; did you mean Level\?"),
        (Row("Stopp", Part.COMMAND), Quantity("int", writable=True), r"unknown command 'Stopp'; did you mean Stop\?"),
        (Row("Words"), Quantity("float"), "it is a DevString, wanted as float"),
        (Row("Many"), Quantity("float"), "it is a spectrum, wanted as a scalar"),
        (Row("Level"), Quantity("float", "deg"), "it is in mm, wanted in deg"),
        (Row("Quiet"), Quantity("int", "s", writable=True), "it cannot be written"),
        (Row("Side"), Quantity("enum", enum=("In", "Out")), "its states are CLOSED, OPEN, wanted In, Out"),
        (Row("Broken"), Quantity("float"), "the sensor is unplugged"),
    ],
)
def test_what_is_wrong_is_said_at_the_connection(make, row, quantity, words):
    one = make(row, quantity, wait=False)
    until(lambda: re.search(words, one.trouble))
    with pytest.raises(TimeoutError, match=words):
        one.wait_for_connection(0.0)
    with pytest.raises(NotConnected, match=words):
        _ = one.sample


def test_a_motion_ends_when_the_state_has_left_moving(make, probe):
    ended = threading.Event()
    goal = make(Row("Goal", Part.SETPOINT, moves=True))
    moving = make(Row(tango_names.STATE, Part.MOVING), Quantity("enum", enum=("Idle", "Moving")))
    for command in ("Arrive", "ArriveUnheard"):
        ended.clear()
        goal.start(1.0, ended.set)
        until(lambda: moving.fetch().value == 1)
        assert not ended.is_set()
        probe(command)  # the second one is not followed by an event: the state is asked for, too
        assert ended.wait(PATIENCE_S)
        assert moving.fetch().value == 0


def test_stop_is_a_command(make):
    goal, ended = make(Row("Goal", Part.SETPOINT, moves=True)), threading.Event()
    stop = make(Row("Stop", Part.COMMAND), Quantity("int", writable=True))
    goal.start(1.0, ended.set)
    stop.start(1)
    assert ended.wait(PATIENCE_S)


def test_a_killed_server_is_lost_and_found_again(make, probe):
    level = make(Row("Level"))
    goal, ended, lost = make(Row("Goal", Part.SETPOINT, moves=True)), threading.Event(), threading.Event()
    level.subscribe(lambda connected, **_: connected or lost.set(), event_type="meta", run=False)
    goal.start(1.0, ended.set)
    probe.kill()
    assert lost.wait(PATIENCE_S)
    assert ended.wait(PATIENCE_S)
    with pytest.raises(NotConnected, match=r"not connected .*; last value 1\.5 mm, seen"):
        level.read()
    with pytest.raises(NotConnected):
        level.start(2.0)
    probe.start()
    until(lambda: level.connected)
    level.set(2.0).wait(PATIENCE_S)
    until(lambda: level.sample.value == 2.0)
    level.set(1.5).wait(PATIENCE_S)


@pytest.mark.full
def test_a_frozen_server_is_a_deadline_not_a_hang(make, probe, monkeypatch):
    monkeypatch.setattr(tango_link, "TIMEOUT_MS", 300)
    level = make(Row("Level"))
    probe.process.send_signal(signal.SIGSTOP)
    os.waitpid(probe.process.pid, os.WUNTRACED)
    try:
        with pytest.raises((TimedOut, NotConnected), match="Level"):
            level.fetch()
        until(lambda: not level.connected)
    finally:
        probe.process.send_signal(signal.SIGCONT)
    until(lambda: level.connected)
    assert level.fetch().value == 1.5


def test_an_error_of_the_reading_is_shown_by_its_first_line(make):
    broken = make(Row("Broken"), Quantity("float"), wait=False)
    until(lambda: "unplugged" in broken.trouble)
    broken.arrived(1.0, 1.0, 0)
    with pytest.raises(BadReading, match=r"Broken cannot be read: RuntimeError: the sensor is unplugged; last value"):
        broken.fetch()


@pytest.mark.parametrize(
    ("address", "host", "words"),
    [
        ("bl09u/id/1", "127.0.0.1:1", "no Tango database answers at 127.0.0.1:1"),
        ("bl09u/id/1", "", "TANGO_HOST is not set"),
        ("tango://127.0.0.1:1/bl09u/id/1", "", "no Tango database answers at 127.0.0.1:1"),
    ],
)
def test_the_host_that_does_not_answer_is_named(make, monkeypatch, address, host, words):
    monkeypatch.setenv("TANGO_HOST", host)
    one = make(Row("Level"), device=address, wait=False)
    until(lambda: words in one.trouble)


@pytest.fixture
def any_device(probe):
    one = tango_device(probe.address, name="camera", trigger="Shoot")
    until(lambda: all(each.connected for each in one.signals() if each.attr_name != "broken"))
    yield one
    one.destroy()


def test_a_device_filled_from_the_servers_own_lists(any_device, probe):
    kinds = {one.attr_name: one.kind for one in any_device.signals()}
    assert kinds["level"] == Kind.config
    assert kinds["quiet"] == kinds["picture"] == kinds["many"] == Kind.normal
    assert kinds["tango_state"] == Kind.omitted
    assert any_device.commands["arrive"] == "Arrive"
    assert any_device.side.get() == "OPEN"
    assert any_device.level.limits == (-5.0, 5.0)
    with pytest.raises(UnknownName, match=r"unknown command of tango.*'Arive'; did you mean Arrive"):
        any_device.command("Arive")
    with pytest.raises(UnknownName, match=r"did you mean Shoot"):
        tango_device(probe.address, name="x", trigger="Shot")
    with pytest.raises(NotTaken, match="half a level"):
        any_device.level.set(0.5).wait(PATIENCE_S)


def test_a_trigger_is_a_command_and_images_are_read_after_it(any_device):
    key = any_device.picture.describe()["camera_picture"]
    assert (key["dtype"], key["shape"], key["dtype_numpy"]) == ("array", [2, 3], "<i8")
    for shots in (1, 2):
        any_device.trigger().wait(PATIENCE_S)
        assert any_device.picture.fetch().value[0][0] == shots
        assert any_device.state is State.ON
    with pytest.raises(NotTaken, match="Shoot: RuntimeError: no film"):
        any_device.trigger().wait(PATIENCE_S)


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(NotConnected, match=r"no Tango database answers at 127\.0\.0\.1:1"):
        tango_device("bl09u/camera/1", name="camera")


def test_an_interpreter_with_subscriptions_ends_with_status_0(probe):
    code = (
        "import sys\n"
        "from devices.signals import Quantity\n"
        "from devices.tango_names import Row\n"
        "from devices.tango_signal import TangoSignal\n"
        "one = TangoSignal(sys.argv[1], Row('Level'), quantity=Quantity('float', 'mm'), name='a')\n"
        "one.wait_for_connection(20)\n"
    )
    command = [sys.executable, "-c", code, probe.address]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
