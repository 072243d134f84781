"""Whatever of a queue dies during a scan: its points are kept, nothing queued is lost, nothing runs twice."""

import os
import signal
import threading

import psutil
import pytest

from daq.journal_reader import read
from tests.queue_driver import LOOK_S, TIMEOUT_S, Queue, idle

POINTS = 41
"""Of a scan that is long enough to be killed in."""
LONG = ("ascan", "energy", "7100", "7140", str(POINTS - 1), "1.0")
SCALE = 10.0

pytestmark = pytest.mark.full


@pytest.fixture
def queue(tmp_path):
    one = Queue(tmp_path / "data", scale=SCALE)
    one.up()
    yield one
    one.close()


def points(path):
    documents = read(path).documents
    primary = [doc["uid"] for name, doc in documents if name == "descriptor" and doc["name"] == "primary"]
    return sum(name == "event" and doc["descriptor"] in primary for name, doc in documents)


def wait_for_points(queue, wanted):
    """Wait until the last of so many runs has taken points; return its journal."""
    pause = threading.Event()
    for _ in range(int(TIMEOUT_S / LOOK_S)):
        found = queue.journals()
        if found and points(found[-1]) >= wanted:
            return found[-1]
        pause.wait(LOOK_S)
    raise AssertionError(queue.text("list"))


def stop_of(queue, path):
    """Return how a run was closed, once the catalogue has it."""
    from daq.catalogue import wait_until_readable

    wait_until_readable(queue.data, path.stem, TIMEOUT_S)
    name, stop = read(path).documents[-1]
    assert name == "stop"
    return stop


def kill(*pids):
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def submit_two(queue):
    """Queue a long scan and a short one, and start."""
    queue.text("add", "--id", "long", *LONG)
    queue.text("add", "--id", "short", "count", "num=2")


def identifiers(items):
    return [one.get("meta", {}).get("submission", {}).get("id", one["name"]) for one in items]


def test_a_worker_killed_in_a_scan_costs_no_point_and_no_plan(queue):
    submit_two(queue)
    queue.text("start")
    path = wait_for_points(queue, 5)
    before = queue.json("list")["processes"]["worker"]
    kill(before)

    said = queue.wait_until_stopped()
    assert said["processes"]["worker"] != before
    assert identifiers(said["items"]) == ["long", "short"]
    first = said["items"][0]
    assert first["result"]["exit_status"] == "failed"
    assert first["result"]["run_uids"] == [path.stem]
    assert "the worker died while this ran" in queue.text("list")
    stop = stop_of(queue, path)
    assert stop["exit_status"] == "fail"
    assert 5 <= stop["num_events"]["primary"] < POINTS

    # again, because somebody asked for it
    queue.text("start")
    queue.text("watch", "--until-stopped")
    assert [one["result"]["exit_status"] for one in queue.history()] == ["failed", "completed", "completed"]
    assert [points(one) for one in queue.journals()][1:] == [POINTS, 2]


def test_where_failures_do_not_stop_it_the_others_go_on_and_the_interrupted_one_waits(queue):
    submit_two(queue)
    queue.text("start", "--keep-going")
    wait_for_points(queue, 5)
    kill(queue.json("list")["processes"]["worker"])

    said = queue.wait_for(lambda one: idle(one["status"]) and identifiers(one["items"]) == ["long"])
    assert [one["result"]["exit_status"] for one in queue.history()] == ["failed", "completed"]
    assert len(queue.journals()) == 2
    assert said["items"][0]["result"]["msg"].startswith("the worker died")


def test_a_scan_goes_on_without_manager_and_without_redis(queue):
    submit_two(queue)
    queue.text("start")
    wait_for_points(queue, 3)
    processes = queue.json("list")["processes"]
    kill(processes["manager"])
    wait_for_points(queue, 6)
    kill(processes["redis"])

    queue.wait_for(lambda one: len(one["items"]) == 0 and idle(one["status"]))
    assert [one["result"]["exit_status"] for one in queue.history()] == ["completed", "completed"]
    assert [points(one) for one in queue.journals()] == [POINTS, 2]
    after = queue.json("list")["processes"]
    assert after["worker"] == processes["worker"]
    assert after["manager"] != processes["manager"]
    assert after["redis"] != processes["redis"]


def test_a_killed_watchdog_is_replaced_with_its_manager_and_worker(queue):
    submit_two(queue)
    queue.text("start")
    path = wait_for_points(queue, 3)
    before = queue.json("list")["processes"]
    kill(before["watchdog"])
    said = queue.wait_for(lambda one: idle(one["status"]) and one["processes"]["worker"] != before["worker"])
    assert identifiers(said["items"]) == ["long", "short"]
    assert not any(psutil.pid_exists(before[name]) for name in ("watchdog", "manager", "worker"))
    assert stop_of(queue, path)["exit_status"] in ("abort", "fail")
    assert len(queue.journals()) == 1


def test_redis_killed_between_plans_loses_nothing(queue):
    submit_two(queue)
    before = queue.json("list")
    kill(before["processes"]["redis"])
    said = queue.wait_for(lambda one: one["processes"].get("redis") not in (None, before["processes"]["redis"]))
    assert identifiers(said["items"]) == ["long", "short"]


def test_a_killed_catalogue_catches_up(queue):
    queue.text("add", *LONG)
    queue.text("start")
    wait_for_points(queue, 3)
    catalogue = [
        one
        for one in psutil.Process(queue.json("list")["processes"]["worker"]).children()
        if "daq.catalogue.serve" in one.cmdline()
    ]
    assert len(catalogue) == 1
    catalogue[0].kill()
    queue.text("watch", "--until-stopped")
    (path,) = queue.journals()
    assert stop_of(queue, path)["exit_status"] == "success"
    assert points(path) == POINTS


def test_everything_killed_at_once_is_there_again_and_runs_only_when_asked(queue):
    submit_two(queue)
    queue.text("start")
    path = wait_for_points(queue, 5)
    family = psutil.Process(queue.json("list")["processes"]["supervisor"])
    family.suspend()  # at once: it must not start one again while the others are killed
    everybody = [*family.children(recursive=True), family]
    for one in everybody:
        one.kill()
    psutil.wait_procs(everybody, timeout=10)
    queue.process.communicate()

    queue.up()
    said = queue.json("list")
    assert identifiers(said["items"]) == ["long", "short"]
    assert "the queue's processes died while this ran" in said["items"][0]["result"]["msg"]
    stop = stop_of(queue, path)
    assert stop["exit_status"] == "fail"
    assert stop["num_events"]["primary"] >= 5
    assert len(queue.journals()) == 1


def test_a_queue_that_is_told_to_end_at_once_aborts_the_scan_and_keeps_it(queue):
    submit_two(queue)
    queue.text("start")
    path = wait_for_points(queue, 3)
    refused = queue.command("down")
    assert refused.returncode == 3
    assert "a plan runs in the queue of bl09u" in refused.stderr
    queue.text("down", "--now")
    stop = stop_of(queue, path)
    assert stop["exit_status"] == "abort"
    assert stop["num_events"]["primary"] >= 3
    queue.process.communicate()

    queue.up()
    assert identifiers(queue.json("list")["items"]) == ["long", "short"]


def test_pause_resume_and_abort(queue):
    submit_two(queue)
    queue.text("start")
    path = wait_for_points(queue, 3)
    queue.text("pause")
    assert queue.json("list")["status"]["re_state"] == "paused"
    assert queue.text("list").startswith("paused: resume or abort; 1 waiting")
    refused = queue.command("start")
    assert "a plan is paused" in refused.stderr
    taken = points(path)
    queue.text("resume")
    wait_for_points(queue, taken + 2)
    queue.text("abort")
    said = queue.wait_until_stopped()
    assert identifiers(said["items"]) == ["long", "short"]
    assert "[aborted before" in queue.text("list")
    assert stop_of(queue, path)["exit_status"] == "abort"


def test_all_end_when_the_supervisor_is_killed(queue):
    queue.text("add", *LONG)
    queue.text("start")
    path = wait_for_points(queue, 3)
    family = psutil.Process(queue.json("list")["processes"]["supervisor"])
    others = [one for one in family.children(recursive=True) if "daq.catalogue.serve" not in one.cmdline()]
    family.kill()
    assert psutil.wait_procs(others, timeout=10)[1] == []
    assert stop_of(queue, path)["exit_status"] in ("abort", "fail")
    queue.process.communicate()
    queue.process = None
