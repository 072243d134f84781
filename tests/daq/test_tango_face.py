"""Every format of attribute, qualities, errors and commands of an exported device, over the wire."""

import queue
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import tango

from daq.tango_export.backlog import Backlog
from daq.tango_export.progress import Progress
from daq.tango_export.rights import READ_ONLY, Rights
from devices.state import State

PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def face():
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("tango_face_probe.py")), "0"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    address = process.stdout.readline().strip()
    assert address, process.stderr.read()
    yield tango.DeviceProxy(address)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, errors) == (0, "")


def test_states_are_those_of_tango():
    """One by one, in Tango's order: `devices.state` is written without Tango."""
    assert [one.value for one in State] == [
        tango.DevState.values[number].name for number in sorted(tango.DevState.values)
    ]


def test_what_a_number_says_of_itself(face):
    config = face.get_attribute_config("Level")
    assert (config.unit, config.format, config.label) == ("mm", "%.3f", "level")
    assert (config.min_value, config.max_value) == ("-5.0", "5.0")
    assert (config.alarms.max_alarm, config.alarms.min_warning) == ("4.0", "-3.0")
    assert config.alarms.min_alarm == "Not specified"


def test_formats(face):
    assert face.read_attribute("Counts").value == 7
    assert list(face.get_attribute_config("Valve").enum_labels) == ["Closed", "Open"]
    assert face.read_attribute("Words").value == "so it is"
    assert face.status() == "waits ..."  # Tango carries Latin-1
    assert face.state() == tango.DevState.STANDBY
    spectrum, image = face.read_attribute("Spectrum"), face.read_attribute("Image")
    assert spectrum.data_format == tango.AttrDataFormat.SPECTRUM
    assert list(spectrum.value) == [0, 1, 2, 3, 4]
    assert image.data_format == tango.AttrDataFormat.IMAGE
    assert np.array_equal(image.value, np.arange(6.0).reshape(2, 3))


def test_a_refusal_is_one_line(face):
    with pytest.raises(tango.DevFailed) as caught:
        face.write_attribute("Level", 0.25)
    assert (caught.value.args[0].reason, caught.value.args[0].desc) == ("TerasuError", "level 0.25 mm: not today")


@pytest.fixture
def events(face):
    heard, pause = queue.Queue(), threading.Event()
    for _ in range(100):
        try:
            number = face.subscribe_event("Level", tango.EventType.CHANGE_EVENT, heard.put)
        except tango.DevFailed:  # a server without a database accepts none at first
            pause.wait(0.1)
        else:
            break
    yield heard
    face.unsubscribe_event(number)


def test_changes_qualities_and_errors_are_told(face, events):
    events.get(timeout=PATIENCE_S)
    face.write_attribute("Level", 2.0)
    assert events.get(timeout=PATIENCE_S).attr_value.value == 2.0
    for quality in ("WARNING", "ALARM", "INVALID", "VALID"):
        face.Alarm()
        assert events.get(timeout=PATIENCE_S).attr_value.quality == getattr(tango.AttrQuality, f"ATTR_{quality}")
    face.Fail()
    told = events.get(timeout=PATIENCE_S)
    assert told.err
    assert told.errors[0].desc == "the sensor ... is unplugged"
    with pytest.raises(tango.DevFailed, match=r"the sensor \.\.\. is unplugged"):
        face.read_attribute("Level")
    face.Fail()
    assert events.get(timeout=PATIENCE_S).attr_value.value == 2.0


def test_the_backlog_holds_everything_once():
    backlog = Backlog()
    for attribute in ("a", "b", "a"):
        backlog.put("x", attribute)
    assert list(backlog.take()) == [("x", "a"), ("x", "b")]
    backlog.put("x", "a")
    backlog.end()
    assert list(backlog.take()) == []


def test_progress_of_a_run():
    progress = Progress()
    assert not progress.under_way
    progress("start", {"uid": "u", "scan_id": 3, "plan_name": "scan", "num_points": 4, "time": 1.0})
    progress("descriptor", {"uid": "d", "name": "primary"})
    progress("descriptor", {"uid": "b", "name": "baseline"})
    progress("event", {"descriptor": "b", "time": 2.0})
    progress("event", {"descriptor": "d", "time": 3.0})
    assert (progress.run.points, progress.run.percent, progress.last_uid) == (1, 25.0, "")
    progress("stop", {"exit_status": "abort", "reason": "enough", "time": 4.0})
    assert (progress.run.percent, progress.last_uid, progress.last_status) == (25.0, "u", "abort")
    progress("start", {"uid": "v", "time": 5.0})
    assert (progress.run.percent != progress.run.percent, progress.last_uid) == (True, "u")


def test_rights():
    from daq.errors import Refused

    Rights().write()
    for ask in (READ_ONLY.write, READ_ONLY.stop):
        with pytest.raises(Refused, match="read-only"):
            ask()


def test_runs_of_another_process_are_followed_in_their_journal(tmp_path):
    from daq.errors import Refused
    from daq.journal import Journal
    from daq.tango_export.sources import Journals

    source = Journals(tmp_path)
    assert not source.look()
    assert source.stated().state is State.ON
    journal = Journal(tmp_path / "journal")
    journal("start", {"uid": "u", "scan_id": 4, "plan_name": "scan", "num_points": 2, "time": 1.0})
    journal("descriptor", {"uid": "d", "run_start": "u", "name": "primary", "time": 1.0})
    journal("event", {"uid": "e", "descriptor": "d", "seq_num": 1, "time": 2.0})
    assert source.look()
    assert source.stated() == (State.RUNNING, "scan 4, scan, 1 of 2 points")
    assert source.progress.run.percent == 50.0
    with pytest.raises(Refused, match="Abort: the engine runs in another process"):
        source.do("Abort")
    journal("stop", {"uid": "s", "run_start": "u", "exit_status": "abort", "reason": "enough", "time": 3.0})
    assert source.look()
    assert source.stated() == (State.ON, "scan 4, scan, 1 of 2 points: abort, enough")
    source.close()
