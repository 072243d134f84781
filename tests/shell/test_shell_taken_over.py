"""What the shell's engine does when somebody takes its station over."""

import threading

import bluesky.plan_stubs as bps
import pytest
from bluesky.utils import RunEngineInterrupted

from daq.lease import Lease, place
from daq.lease.stand_down import StandDown
from daq.lease.takeovers import path


@pytest.fixture
def station(commands, tmp_path):
    """Return the shell's desk, and a function that takes its station over and returns when that is done."""
    lease = Lease(place(tmp_path, "bl09u"), "shell", log=path(tmp_path))
    lease.acquire()
    StandDown(lease, commands.desk.engine, [commands.desk.tree.shutter])
    other = Lease(place(tmp_path, "bl09u"), "run", log=path(tmp_path))
    yield commands.desk, lambda: other.acquire(take=True)
    other.release()
    lease.release()


def test_what_is_paused_is_aborted_and_the_shutter_closed(station):
    desk, take = station
    stops = []
    desk.engine.subscribe(lambda _, doc: stops.append(doc), "stop")

    def plan():
        yield from bps.open_run()
        yield from bps.mv(desk.tree.shutter, "open")
        yield from bps.checkpoint()
        yield from bps.pause()

    with pytest.raises(RunEngineInterrupted):
        desk.engine(plan())
    assert desk.engine.state == "paused"
    take()
    assert desk.engine.state == "idle"
    assert desk.tree.shutter.reported == "Closed"
    (stop,) = stops
    assert stop["exit_status"] == "abort"
    assert "bl09u was taken over by" in stop["reason"]


def test_what_runs_is_aborted_and_the_shutter_closed(station):
    desk, take = station
    running = threading.Event()

    def plan():
        yield from bps.mv(desk.tree.shutter, "open")
        running.set()
        yield from bps.sleep(60)

    def taking():
        assert running.wait(20)
        take()

    taker = threading.Thread(target=taking)
    taker.start()
    with pytest.raises(RunEngineInterrupted):
        desk.engine(plan())
    taker.join(20)
    assert desk.tree.shutter.reported == "Closed"


def test_an_idle_shell_lets_go_at_once_but_leaves_no_shutter_open(station):
    desk, take = station
    desk.tree.shutter.set("open").wait(5)
    take()
    assert desk.tree.shutter.reported == "Closed"
