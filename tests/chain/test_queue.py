"""One queue on simulated servers: what `terasu queue` and the unmodified `qserver` can put into it, and what not."""

import json

import pytest

from daq.journal_reader import read
from tests.queue_driver import Queue

pytestmark = pytest.mark.full  # the pieces are tested in tests/daq/test_queue_*.py

SHORT_BATCH = """
id = "iron"
[[item]]
plan = "ascan"
args = ["energy", 7100, 7101, 2, 0.1]
repeat = 2
[[item]]
plan = "count"
id = "last"
with.num = 2
"""


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    one = Queue(tmp_path_factory.mktemp("queue"))
    one.up()
    yield one
    one.close()


def start_of(path):
    return read(path).documents[0][1]


def test_a_batch_is_queued_whole_and_once(queue, tmp_path):
    batch = tmp_path / "night.toml"
    batch.write_text(SHORT_BATCH)
    first = queue.json("load", str(batch), "--operator", "curie")
    assert first["queued"] == ["iron/1.1", "iron/1.2", "iron/last"]
    assert 0.0 < first["expected_s"] < 10.0
    assert queue.json("load", str(batch)) == {"queued": [], "expected_s": 0, "known": 3}

    queue.text("start")
    shown = queue.text("watch", "--until-stopped")
    assert "stopped; 0 waiting" in shown
    ran = queue.history()
    assert [one["meta"]["submission"]["id"] for one in ran] == ["iron/1.1", "iron/1.2", "iron/last"]
    assert {one["result"]["exit_status"] for one in ran} == {"completed"}
    # what ran is known as well
    assert queue.json("load", str(batch))["known"] == 3

    start = start_of(queue.journals()[0])
    assert start["uid"] == ran[0]["result"]["run_uids"][0]
    assert start["checked"] == "the whole plan"  # by the worker's own engine
    assert start["operator"] == "curie"
    assert start["submission"]["id"] == "iron/1.1"
    assert start["queue"]["user"] == "curie"

    batch.write_text(SHORT_BATCH.replace("7101", "7102"))
    answer = queue.command("load", str(batch))
    assert answer.returncode == 3
    assert "iron/1.1 was submitted before, with another plan or other arguments" in answer.stderr


def test_of_a_batch_with_one_bad_item_none_is_queued(queue, tmp_path):
    batch = tmp_path / "bad.toml"
    batch.write_text(
        SHORT_BATCH.replace("iron", "gold").replace("last", "end") + '[[item]]\nplan = "mv"\nargs = ["energy", 99]'
    )
    answer = queue.command("load", str(batch))
    assert answer.returncode == 3
    assert answer.stderr == (
        "terasu: item 4, mv: bl09u energy 99 eV: Si(111) reaches 2100 … 15000 eV; nothing of the batch of 4 was "
        "queued\n"
    )
    assert queue.json("list")["items"] == []


def test_qserver_sees_the_plans_and_runs_them(queue):
    allowed = queue.qserver("allowed", "plans")
    assert "'xas'" in allowed
    assert "'ascan'" in allowed
    before = len(queue.journals())
    plan = {"name": "count", "args": [["i0"]], "kwargs": {"num": 3}}
    assert "'success': True" in queue.qserver("queue", "add", "plan", json.dumps(plan))
    # by the schema, without a worker
    for bad, reason in (
        ({"name": "counts"}, "not in the list of allowed plans"),
        ({"name": "count", "args": [["i1"]]}, "i1"),
        ({"name": "xas", "kwargs": {"edge": "Fe K", "dwell_s": "slow"}}, "valid number"),
    ):
        refused = queue.qserver("queue", "add", "plan", json.dumps(bad))
        assert "'success': False" in refused
        assert reason in refused
    # what only the worker can know, it refuses when its turn comes, before anything moves
    outside = {"name": "ascan", "args": ["energy", 7100, 99999, 2, 0.1]}
    assert "'success': True" in queue.qserver("queue", "add", "plan", json.dumps(outside))
    assert "'success': True" in queue.qserver("queue", "start")
    said = queue.wait_for(lambda one: one["status"]["manager_state"] == "idle")
    assert len(queue.journals()) == before + 1  # the other one was not even opened
    (waits,) = said["items"]
    assert waits["result"]["exit_status"] == "failed"
    assert "eV: Si(111) reaches 2100 … 15000 eV" in waits["result"]["msg"]
    assert "[failed before: " in queue.text("list")
    queue.qserver("queue", "clear")


def test_clients_bring_no_code_of_their_own(queue, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("RE.preprocessors.clear()\n")
    assert "no scripts" in queue.qserver("script", "upload", str(script))
    function = {"name": "_open"}
    assert "not allowed" in queue.qserver("function", "execute", json.dumps(function), "background")
    permissions = tmp_path / "permissions.yaml"
    permissions.write_text('user_groups:\n  root:\n    allowed_functions: [":.*"]\n')
    assert "set by who starts" in queue.qserver("permissions", "set", str(permissions))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("xsa",), "unknown plan 'xsa'; did you mean xas"),
        (("xas", "edeg=Fe K"), "unknown parameter of xas 'edeg'; did you mean edge"),
        (("xas", "edge=Fe K", "e0=high"), "xas: e0 = 'high': must be a number"),
        (("mv", "camera", "1"), "camera is nothing that can be moved"),
        (("xas",), "missing a required argument: 'edge'"),
    ],
)
def test_what_cannot_run_is_not_queued(queue, words, reason):
    answer = queue.command("add", *words)
    assert answer.returncode in (2, 3)
    assert reason in answer.stderr
    assert queue.json("list")["items"] == []


def test_everything_ends_with_it(queue):
    import psutil

    processes = queue.json("list")["processes"]
    assert processes.keys() == {"supervisor", "watchdog", "manager", "worker", "redis"}
    busy = queue.command("up", "bl09u")
    assert busy.returncode == 3
    assert f"the queue of bl09u runs already, process {processes['supervisor']}" in busy.stderr
    family = psutil.Process(processes["supervisor"]).children(recursive=True)
    # the catalogue is everybody's, and ends by itself
    servers = [one for one in family if "daq.catalogue.serve" not in one.cmdline()]
    assert len(servers) >= 6
    queue.text("down")
    assert psutil.wait_procs(servers, timeout=5)[1] == []
    assert queue.command("list").returncode == 3


def test_a_station_that_cannot_be_worked_at_is_said_at_once(simulate, tmp_path):
    served = simulate("bl09u", seed=1)
    environment = {name: value for name, value in served.environment.items() if name != "TERASU_SIM_TOKEN"}
    other = Queue(tmp_path / "other")
    answer = other.command("up", "bl09u", environment=environment)
    other.close()
    assert answer.returncode == 3
    assert "is simulated: --allow-simulated" in answer.stderr
