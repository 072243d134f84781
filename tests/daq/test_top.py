"""What `terasu top` shows of devices, runs and queue; devices are those of BL09U on a server in memory."""

import io
import json

import pytest
from rich.console import Console

from daq.journal import Journal
from daq.queue.actions import Standing
from daq.top.picture import Scene, picture
from daq.top.recent import recent
from daq.top.sight import look
from devices.state import State
from tests.devices.conftest import bl, server, the_facts  # noqa: F401  fixtures

UID = "aaaaaaaa-0000-4000-8000-00000000000"


def drawn(scene, width=150, height=None):
    console = Console(width=width, file=io.StringIO())
    console.print(picture(scene, width, height))
    return console.file.getvalue()


def test_devices_are_shown_by_what_they_are_for(bl):  # noqa: F811
    sight = look(bl)
    assert {one.name for one in sight.gates} >= {"front_end", "shutter", "valve", "hutch"}
    assert sight.light[0].name == "ring"
    assert {"energy", "undulator"} <= {one.name for one in sight.light}
    assert {"counter", "i0", "it"} <= {one.name for one in sight.detectors}
    assert {"dcm_bragg", "sample_stage_x"} <= {one.name for one in sight.motion}
    scene = Scene("BL09U", sight, "nobody holds it", {}, {}, [], Standing({}, {}), [])
    shown = drawn(scene)
    assert all(one.name in shown for one in sight.motion)
    assert "no queue runs" in shown
    assert len(drawn(scene, width=80, height=50).splitlines()) <= 50
    assert "more" in drawn(scene, width=150, height=24)


def test_what_does_not_answer_comes_first_and_is_said(bl, server):  # noqa: F811
    asked = len(server.writes)
    signal = bl.sample_stage.x.readback
    server.disconnect(signal.address)
    sight = look(bl)
    assert sight.motion[0].name == "sample_stage_x"
    assert sight.motion[0].state is State.UNKNOWN
    assert sight.motion[0].text.startswith("does not answer: BL09U:SMP:X")
    assert len(server.writes) == asked
    # ":ID:" in an address is no picture of a card
    assert "BL09U:SMP:X" in drawn(Scene("", sight, "", {}, {}, [], Standing({}, {}), []))


def test_the_queue_is_shown_with_what_waits(bl):  # noqa: F811
    item = {"item_type": "plan", "item_uid": "u", "name": "mv", "args": ["dcm.pitch", 1], "user": "curie"}
    status = {"manager_state": "idle", "worker_environment_exists": True, "queue_stop_pending": False}
    scene = Scene("", look(bl), "", status, {}, [item] * 7, Standing({"u": "the device dcm.pitch"}, {}), [])
    shown = drawn(scene)
    assert "stopped; 7 waiting" in shown
    assert "waits for approval: the device dcm.pitch" in shown
    assert "and 2 more" in shown


def test_the_last_runs_are_read_from_both_ends_of_their_journals(tmp_path):
    journal = Journal(tmp_path)
    for number in range(3):
        journal("start", {"uid": f"{UID}{number}", "time": 1.8e9 + number, "beamline": "bl09u", "plan_name": "count"})
        if number:
            events = {"primary": number}
            journal("stop", {"uid": "s", "run_start": f"{UID}{number}", "exit_status": "fail", "num_events": events})
    found = recent(tmp_path, "bl09u", 2)
    assert len(found) == 2
    every = {one.uid[-1]: (one.status, one.points) for one in recent(tmp_path, "bl09u", 9)}
    assert every == {"0": ("running", None), "1": ("fail", 1), "2": ("fail", 2)}
    assert recent(tmp_path, "bench", 9) == []
    assert recent(tmp_path / "none", "bl09u", 9) == []
    (tmp_path / "2027-01-01").mkdir()
    (tmp_path / "2027-01-01" / "torn.jsonl").write_text(json.dumps({"doc": {}})[:9])
    assert len(recent(tmp_path, "bl09u", 9)) == 3


@pytest.mark.full
def test_a_station_is_watched_while_an_engine_holds_it_and_its_server_dies(tmp_path):
    import os
    import sys

    import pexpect
    import psutil

    from tests.harness import ROOT
    from tests.queue_driver import Queue

    queue = Queue(tmp_path / "data", scale=5.0)
    try:
        queue.up()
        queue.text("add", "ascan", "energy", "7100", "7200", "100", "2.0", "--id", "long")
        queue.text("start")
        environment = {**os.environ, **queue.environment, "TERM": "xterm-256color"}
        child = pexpect.spawn(
            sys.executable,
            ["-m", "daq.cli", "top", "bl09u"],
            cwd=str(ROOT),
            env=environment,
            encoding="utf-8",
            dimensions=(50, 160),
            timeout=40,
        )
        child.expect("held by .* .terasu queue")
        child.expect("MOVING|RUNNING")
        child.expect("ascan energy 7100 7200")
        supervisor = psutil.Process(queue.json("list")["processes"]["supervisor"])
        for one in supervisor.children(recursive=True):
            if "ioc_sim.serve" in one.cmdline() and "bl09u" in one.cmdline():
                one.kill()
        child.expect("UNKNOWN")
        child.expect("does not answer")
        child.expect("stopped; 1 waiting")
        child.send("q")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
    finally:
        queue.close()
