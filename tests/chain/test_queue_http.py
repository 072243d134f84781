"""bluesky-queueserver-api over ZMQ and over HTTP, unmodified; who is not known gets nothing; all is on loopback."""

import json
import os
import stat
import subprocess
import sys
import warnings

import psutil
import pytest

from daq.queue.place import Place
from daq.queue.web.keys import path_of
from tests.harness import ROOT
from tests.listening import family, reachable
from tests.queue_driver import Queue

pytestmark = pytest.mark.full
COUNT = {"num": 2}
WAIT_S = 60


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    one = Queue(tmp_path_factory.mktemp("http"))
    one.key = one.text("http-user", "bl09u", "curie").strip()
    one.up("--http", "0")
    yield one
    one.close()


@pytest.fixture
def http(queue):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from bluesky_queueserver_api.http import REManagerAPI

        made = REManagerAPI(http_server_uri=queue.environment["QSERVER_HTTP_SERVER_URI"])
    yield made
    made.close()


def item(name, *args, **kwargs):
    from bluesky_queueserver_api import BPlan

    return BPlan(name, *args, **kwargs)


def test_the_api_over_zmq_runs_a_plan(queue):
    before = len(queue.journals())
    probe = [sys.executable, "-m", "tests.chain.queue_api_probe"]
    said = subprocess.run(
        probe, cwd=ROOT, env={**os.environ, **queue.environment}, check=True, capture_output=True, text=True
    )
    told = json.loads(said.stdout.splitlines()[-1])
    assert "not in the list of allowed plans" in told.pop("refused")
    assert told == {"added": True, "started": True, "history": "completed"}
    assert len(queue.journals()) == before + 1


def test_the_api_over_http_runs_a_plan_for_who_logged_in(queue, http):
    with pytest.raises(http.HTTPClientError, match="401"):
        http.queue_get()
    with pytest.raises(http.HTTPClientError, match="401"):
        http.login("curie", password="guessed", provider="/terasu/token")
    with pytest.raises(http.HTTPClientError, match="401"):
        http.item_add(item("count"))
    http.login("curie", password=queue.key, provider="/terasu/token")
    assert "xas" in http.plans_allowed()["plans_allowed"]
    before = len(queue.journals())
    added = http.item_add(item("count", ["i0"], **COUNT))["item"]
    assert (added["user"], added["user_group"]) == ("curie", "user")
    assert http.queue_start()["success"]
    http.wait_for_idle(timeout=WAIT_S)
    assert len(queue.journals()) == before + 1
    told = [(one["who"], one["what"]) for one in queue.json("actions")["actions"]]
    assert ("curie", "queue_item_add") in told
    assert ("curie", "queue_start") in told  # though the protocol does not say who asks


def test_what_a_group_may_not_it_may_not_over_http_either(queue, http):
    http.login("curie", password=queue.key, provider="/terasu/token")
    held = http.item_add(item("calibrate_energy", "Fe K"))["item"]
    http.queue_start()
    http.wait_for_idle(timeout=WAIT_S)
    assert queue.json("list")["items"][0]["item_uid"] == held["item_uid"]
    decision = {"item": held["item_uid"]}
    with pytest.raises(http.RequestFailedError, match=r"curie \(group user\) may not approve"):
        http.send_request(method=("POST", "/api/terasu/approve"), params=decision)
    with pytest.raises(http.HTTPClientError, match=r"40[13]"):
        http.script_upload("1")

    owner = json.loads(path_of(Place("bl09u", queue.data)).read_text())["users"]["root"]
    http.login("root", password=owner, provider="/terasu/token")
    assert http.send_request(method=("POST", "/api/terasu/reject"), params=decision)["success"]
    assert queue.json("list")["items"] == []


def test_keys_are_nobody_elses_and_all_sockets_are_on_loopback(queue):
    path = path_of(Place("bl09u", queue.data))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    said = queue.json("list")["processes"]
    assert "http" in said
    everybody = family(said["supervisor"])
    found = reachable(everybody)
    assert {one.process.split()[1] for one in found if "-m" in one.process} >= {"daq.queue.web.serve"}
    # the worker's client library seeks servers by two sockets on all interfaces, and has no setting for that
    open_to_all = [one for one in found if not one.on_loopback]
    assert [one for one in open_to_all if not (one.protocol == "udp" and "daq.queue.serve" in one.process)] == []
    assert len(open_to_all) <= 2
    secrets = [queue.key, *json.loads(path.read_text())["users"].values()]
    seen = [" ".join(one.cmdline()) for one in everybody] + [json.dumps(one.environ()) for one in everybody]
    seen += [one.read_text(errors="replace") for one in (queue.data / "logs").glob("*") if one.is_file()]
    assert [text[:80] for text in seen for key in secrets if key in text] == []


def test_it_is_started_again_on_its_port(queue, http):
    pid = queue.json("list")["processes"]["http"]
    os.kill(pid, 9)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)
    queue.wait_for(lambda one: one["processes"].get("http") not in (None, pid))
    for _ in range(100):
        try:
            http.login("curie", password=queue.key, provider="/terasu/token")
            break
        except http.HTTPRequestError:
            continue
    assert http.status()["worker_environment_exists"]


def test_the_port_of_somebody_else_is_refused(queue, tmp_path):
    other = Queue(tmp_path / "other")
    port = queue.environment["QSERVER_HTTP_SERVER_URI"].rpartition(":")[2]
    answer = other.command("up", "bl09u", "--sim", "--http", port)
    other.close()
    assert answer.returncode == 3
    assert f"--http {port}: Address already in use" in answer.stderr
