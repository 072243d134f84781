"""The exported beamline as Tango clients in another process see it, over the wire; the beamline itself is on EPICS."""

import contextlib
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
import tango

from devices.motor import MotorAxis
from ioc_sim.launch import Simulation

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0


class Export:
    """`terasu tango` in a process of its own; the lines that it printed before it was ready."""

    def __init__(self, *words, environment):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "daq.cli", "tango", *words],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if self.lines[-1] == "ready":
                return
        errors = self.process.stderr.read()
        self.kill()
        raise AssertionError(errors)

    @property
    def host(self):
        return self.lines[0].removeprefix("export TANGO_HOST=")

    def __call__(self, name):
        listed = [one for one in self.lines if one.startswith("tango://") and f"/{name}#" in one]
        proxy = tango.DeviceProxy(listed[0] if listed else f"tango://{self.host}/{name}")
        proxy.set_timeout_millis(10_000)
        return proxy

    def end(self):
        """Ask it to end; return its exit status and what it wrote to standard error."""
        self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, errors

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            pipe.close()


class Events:
    """What a subscribed client is told."""

    def __init__(self, proxy, attribute):
        self._queue = queue.Queue()
        self._proxy = proxy
        self._number = proxy.subscribe_event(attribute, tango.EventType.CHANGE_EVENT, self._queue.put)

    def until(self, wanted):
        """Return all events up to the first that is `wanted`."""
        seen, end = [], time.monotonic() + PATIENCE_S
        while not seen or not wanted(seen[-1]):
            seen.append(self._queue.get(timeout=max(0.0, end - time.monotonic())))
        return seen

    def close(self):
        with contextlib.suppress(tango.DevFailed):
            self._proxy.unsubscribe_event(self._number)


@pytest.fixture
def follow():
    with contextlib.ExitStack() as stack:
        yield lambda *what: stack.enter_context(contextlib.closing(Events(*what)))


@pytest.fixture(scope="module")
def servers():
    with Simulation("bl09u", time_scale=10.0, seed=1, sample="none") as running:
        yield running


@pytest.fixture(scope="module")
def environment(servers, tmp_path_factory):
    found = {"TERASU_DATA": str(tmp_path_factory.mktemp("data")), "TANGO_HOST": ""}
    return {**found, **servers.environment}


@pytest.fixture(scope="module")
def export(environment):
    running = Export("bl09u", "--allow-write", environment=environment)
    yield running
    running.kill()


def at_rest(proxy):
    end, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while proxy.state() in (tango.DevState.MOVING, tango.DevState.RUNNING):
        assert time.monotonic() < end
        pause.wait(0.02)


def refused(call, *arguments):
    with pytest.raises(tango.DevFailed) as caught:
        call(*arguments)
    return caught.value.args[0].reason, caught.value.args[0].desc


def test_names_come_from_the_configuration(export):
    wanted = [
        "bl09u/energy/energy",
        "bl09u/id/1",
        "bl09u/dcm/dcm",
        "bl09u/dcm/bragg",
        "bl09u/dcm/perp",
        "bl09u/dcm/pitch",
        "bl09u/dcm/exchange",
        "bl09u/white_slits/x_centre",
        "bl09u/shutter/fe",
        "bl09u/shutter/station",
        "bl09u/counter/1",
        "bl09u/ic/i0",
        "bl09u/ic/it",
        "bl09u/ring/ring",
        "bl09u/daq/engine",
    ]
    names = export.lines[1:-1]
    assert set(wanted) <= set(names)
    assert len(names) == len(set(names))


def test_attributes_say_what_they_are(export):
    config = export("bl09u/dcm/bragg").get_attribute_config("Position")
    assert (config.unit, config.min_value, config.max_value, config.format) == ("deg", "4.0", "75.0", "%.6f")
    assert (config.label, config.data_format) == ("Bragg angle", tango.AttrDataFormat.SCALAR)
    shutter = export("bl09u/shutter/station").get_attribute_config("Indicator")
    assert list(shutter.enum_labels) == ["Closed", "Opening", "Open", "Closing", "Fault"]
    assert shutter.writable == tango.AttrWriteType.READ
    energy = export("bl09u/energy/energy")
    assert energy.get_attribute_config("Position").unit == "eV"
    assert energy.read_attribute("Bragg").value == export("bl09u/dcm/bragg").read_attribute("Position").value


def test_an_attribute_alone(export):
    position = tango.AttributeProxy(f"tango://{export.host}/bl09u/dcm/perp/Position")
    reading = position.read()
    assert (reading.value, reading.quality) == (13.0, tango.AttrQuality.ATTR_VALID)
    assert abs(reading.time.totime() - time.time()) < 3600
    assert position.get_config().unit == "mm"


def test_events_while_an_axis_moves_over_channel_access(export, servers, connect, follow):
    bragg = export("bl09u/dcm/bragg")
    positions, states = follow(bragg, "Position"), follow(bragg, "State")
    client = connect(servers.ports["beamline"])
    client.put("BL09U:DCM:Bragg.VAL", 18.2)
    heard = positions.until(lambda one: not one.err and abs(one.attr_value.value - 18.2) < 1e-5)
    assert len(heard) > 3
    values = [one.attr_value.value for one in heard]
    assert values == sorted(values)
    assert tango.AttrQuality.ATTR_CHANGING in [one.attr_value.quality for one in heard]
    assert heard[-1].attr_value.w_value == 18.2
    seen = states.until(lambda one: one.attr_value.value == tango.DevState.MOVING)
    states.until(lambda one: one.attr_value.value == tango.DevState.ON)
    assert not any(one.err for one in seen)
    assert bragg.status() == "at rest at 18.200000 deg"


def test_limits_that_are_moved_are_shown_and_refused_in_our_words(export, servers, connect, follow):
    pitch = export("bl09u/dcm/pitch")
    client, positions = connect(servers.ports["beamline"]), follow(pitch, "Position")
    client.put("BL09U:DCM:Pitch.HLM", 400.0)
    end, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while pitch.get_attribute_config("Position").max_value != "400.0":
        assert time.monotonic() < end
        pause.wait(0.02)
    assert not positions.until(lambda _: True)[0].err
    assert refused(pitch.write_attribute, "Position", 450.0)[0] == "API_WAttrOutsideLimit"
    client.put("BL09U:DCM:Pitch.HLM", 500.0)


def test_a_client_moves_and_waits_for_the_state(export, follow):
    perp = export("bl09u/dcm/perp")
    perp.write_attribute("Position", 14.5)
    assert perp.state() == tango.DevState.MOVING
    at_rest(perp)
    assert perp.read_attribute("Position").value == pytest.approx(14.5, abs=0.002)
    assert perp.state() == tango.DevState.ON


@pytest.mark.parametrize(
    ("device", "attribute", "value", "reason", "words"),
    [
        ("bl09u/dcm/bragg", "Position", 80.0, "API_WAttrOutsideLimit", "above the maximum"),
        ("bl09u/dcm/bragg", "Position", math.nan, "API_WAttrOutsideLimit", "NaN"),
        ("bl09u/energy/energy", "Position", 1500.0, "API_WAttrOutsideLimit", "below the minimum"),
        ("bl09u/ic/i0", "Gain", 1.0, "API_WAttrOutsideLimit", "below the minimum"),
        (
            "bl09u/dcm/bragg",
            "LowLimit",
            0.0,
            "Refused",
            "dcm_bragg_low_soft: limits are not changed through the export",
        ),
        ("bl09u/dcm/bragg", "LowSwitch", 1, "API_AttrNotWritable", "not writable"),
    ],
)
def test_what_is_refused(export, device, attribute, value, reason, words):
    before = export(device).state()
    found = refused(export(device).write_attribute, attribute, value)
    assert found[0] == reason
    assert words in found[1]
    assert export(device).state() == before


def test_a_second_client_is_told_that_the_axis_is_busy(export):
    perp = export("bl09u/dcm/perp")
    perp.write_attribute("Position", 45.0)
    reason, words = refused(export("bl09u/dcm/perp").write_attribute, "Position", 14.0)
    assert (reason, words) == (
        "Busy",
        "dcm_perp: asked for 14 mm while still on its way to 45 mm; wait or stop it first",
    )
    perp.Stop()
    at_rest(perp)


def test_stop_says_that_the_move_was_stopped_until_init(export):
    perp = export("bl09u/dcm/perp")
    target = 12.5 if perp.read_attribute("Position").value > 31 else 49.5
    perp.write_attribute("Position", target)
    perp.Init()  # refused: it moves; what is under way goes on
    assert "Init was refused: dcm_perp: Init is not allowed in state MOVING" in perp.status()
    perp.Stop()
    at_rest(perp)
    assert abs(perp.read_attribute("Position").value - target) > 0.01
    assert f"the last command ended early: dcm_perp: stopped on its way to {target:g} mm" in perp.status()
    perp.Init()
    assert perp.status().startswith("at rest at")
    assert "ended early" not in perp.status()


def test_a_shutter_opens_and_closes(export, follow):
    shutter = export("bl09u/shutter/station")
    states = follow(shutter, "State")
    shutter.Open()
    states.until(lambda one: one.attr_value.value == tango.DevState.OPEN)
    assert shutter.read_attribute("Indicator").value == 2
    shutter.Close()
    states.until(lambda one: one.attr_value.value == tango.DevState.CLOSE)


def test_a_counter_counts(export):
    counter = export("bl09u/counter/1")
    counter.write_attribute("PresetTime", 0.5)
    before = counter.read_attribute("Exposures").value
    counter.Start()
    at_rest(counter)
    assert counter.read_attribute("Exposures").value == before + 1
    assert counter.read_attribute("Elapsed").value == pytest.approx(0.5)
    assert counter.state() == tango.DevState.ON


def test_what_is_written_is_what_is_taken_while_events_of_the_last_value_are_pushed(export, follow):
    counter = export("bl09u/counter/1")
    presets = follow(counter, "PresetTime")
    for wanted in [0.1 + 0.001 * number for number in range(200)]:
        counter.write_attribute("PresetTime", wanted)
        assert counter.read_attribute("PresetTime").value == pytest.approx(wanted)
    presets.until(lambda one: one.attr_value.value == pytest.approx(0.299))


def test_devices_and_events_are_on_loopback_only(export, follow):
    follow(export("bl09u/dcm/bragg"), "Position").until(lambda _: True)
    sockets = psutil.Process(export.process.pid).net_connections("tcp")
    listening = [one.laddr.ip for one in sockets if one.status == psutil.CONN_LISTEN]
    assert len(listening) >= 3  # devices, heartbeats, events
    assert set(listening) == {"127.0.0.1"}


def test_our_own_tango_axis_takes_an_exported_one_for_its_like(export):
    from beam import facts

    perp = facts.load("bl09u")[1].devices["dcm"].perp
    given = perp.model_copy(update={"tango": f"tango://{export.host}/bl09u/dcm/perp", "prefix": ""})
    axis = MotorAxis(given, name="perp")
    try:
        axis.wait_for_connection(timeout=PATIENCE_S)
        axis.set(16.0).wait(PATIENCE_S)
        assert axis.position == pytest.approx(16.0, abs=0.002)
        assert axis.limits == (12.0, 50.0)
    finally:
        axis.destroy()


def test_without_a_database_and_read_only(environment):
    export = Export("bl09u", "--nodb", environment=environment)
    try:
        bragg = export("bl09u/dcm/bragg")
        assert bragg.state() == tango.DevState.ON
        line = "the export is read-only: it was started without --allow-write"
        assert refused(bragg.write_attribute, "Position", 20.0) == ("Refused", line)
        assert refused(bragg.Stop) == ("Refused", line)
        assert refused(export("bl09u/shutter/fe").Open) == ("Refused", line)
        engine = export("bl09u/daq/engine")
        assert engine.state() == tango.DevState.ON
        assert engine.status().startswith("no run in")
        assert refused(engine.Pause) == ("Refused", line)
        assert export.end() == (0, "")
    finally:
        export.kill()
