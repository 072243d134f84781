"""The engine of a session as a Tango device: what it measures, and Pause, Resume and Abort from another process."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import tango

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    from daq.catalogue import stop_catalogue

    data = tmp_path_factory.mktemp("data")
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("tango_engine_probe.py")), str(data)],
        env={**os.environ, "TANGO_HOST": "", "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()
        stop_catalogue(data)


@pytest.fixture(scope="module")
def engine(session):
    host = session.stdout.readline().strip()
    assert host, session.stderr.read()
    return tango.DeviceProxy(f"tango://{host}/bl09u/daq/engine")


def begin(session):
    session.stdin.write("\n")
    session.stdin.flush()


def ended(session):
    """Return what the session says of its run: bluesky prints besides."""
    for line in session.stdout:
        if line.startswith("["):
            return json.loads(line)
    raise AssertionError(session.stderr.read())


def until(happened):
    end, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while not happened():
        assert time.monotonic() < end
        pause.wait(0.02)


def points(engine):
    return engine.read_attribute("Points").value


@pytest.mark.full
def test_a_run_is_followed_paused_resumed_and_aborted(session, engine):
    assert engine.state() == tango.DevState.ON
    with pytest.raises(tango.DevFailed, match="Pause: no plan runs"):
        engine.Pause()
    heard = threading.Event()
    number = engine.subscribe_event(
        "State",
        tango.EventType.CHANGE_EVENT,
        lambda event: not event.err and event.attr_value.value == tango.DevState.STANDBY and heard.set(),
    )
    begin(session)
    until(lambda: engine.state() == tango.DevState.RUNNING and points(engine) > 2)
    assert engine.read_attribute("Plan").value == "count"
    assert engine.read_attribute("PointsExpected").value == 40
    assert 0 < engine.read_attribute("Progress").value < 100
    engine.Pause()
    assert engine.state() == tango.DevState.STANDBY
    assert heard.wait(PATIENCE_S)
    assert "paused over Tango: Resume lets it go on" in engine.status()
    before = points(engine)
    threading.Event().wait(0.5)  # ten points' time
    assert points(engine) == before
    with pytest.raises(tango.DevFailed, match="Pause: the engine is paused"):
        engine.Pause()
    engine.Resume()
    until(lambda: points(engine) > before)
    engine.Abort()
    status, taken, uid = ended(session)
    assert status == "abort"
    assert taken < 40
    until(lambda: engine.state() == tango.DevState.ON)
    assert engine.read_attribute("LastUid").value == uid
    assert engine.read_attribute("LastExitStatus").value == "abort"
    engine.unsubscribe_event(number)


@pytest.mark.full
def test_a_run_that_was_paused_ends_well(session, engine):
    begin(session)
    until(lambda: engine.state() == tango.DevState.RUNNING and points(engine) > 2)
    engine.Pause()
    engine.Resume()
    status, points_taken, *_ = ended(session)
    assert status == "success"
    assert points_taken in (40, 41)  # Bluesky goes back to its checkpoint: the last point may be taken once more
    until(lambda: engine.read_attribute("Progress").value == 100.0)


@pytest.mark.full
def test_the_session_ends_with_status_0(session, engine):
    session.stdin.close()
    assert session.wait(PATIENCE_S) == 0
    assert session.stderr.read() == ""
