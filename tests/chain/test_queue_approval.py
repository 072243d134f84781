"""Groups and approval over the wire: no client passes them, and who did what is kept."""

import json

import pytest

from tests.queue_driver import Queue

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    one = Queue(tmp_path_factory.mktemp("approval"))
    one.up()
    yield one
    one.close()


def names(items):
    return [(one["name"], one["user"]) for one in items]


def test_what_waits_for_approval_is_passed_by_and_started_when_approved(queue):
    answer = queue.text("add", "mv", "dcm.pitch", "1.0", "--id", "pitch", "--operator", "curie")
    assert "pitch waits for approval (the device dcm.pitch): terasu queue approve" in answer
    queue.text("add", "count", "num=1", "--id", "behind", "--operator", "curie")
    assert "[waits for approval: the device dcm.pitch]" in queue.text("list")
    queue.text("start")
    queue.text("watch", "--until-stopped")
    assert [one["meta"]["submission"]["id"] for one in queue.history()] == ["behind"]
    assert names(queue.json("list")["items"]) == [("mv", "curie")]

    refused = queue.command("approve", "pitch", "--operator", "curie")
    assert refused.returncode == 3
    assert "curie (group user) may not approve what waits; the group expert may" in refused.stderr
    queue.text("approve", "pitch", "--why", "looked at it")
    assert "[approved by root]" in queue.text("list")
    queue.text("start")
    queue.text("watch", "--until-stopped")
    assert [one["meta"]["submission"]["id"] for one in queue.history()] == ["behind", "pitch"]

    done = queue.json("actions")["actions"]
    told = [(one.get("who", ""), one["what"]) for one in done]
    for wanted in (("curie", "queue_item_add_batch"), ("", "held"), ("root", "approved"), ("root", "queue_start")):
        assert wanted in told
    assert any(one["what"] == "approve" and "may not approve" in one["detail"] for one in done)
    assert "looked at it" in queue.text("actions")


def test_an_unmodified_client_passes_nothing_by(queue):
    def add(plan):
        return queue.qserver("queue", "add", "plan", json.dumps(plan))

    # a plan that needs approval by its name is held by the manager; one of which only the worker knows that it does is
    # refused there, before anything moves, and waits from then on
    before = len(queue.journals())
    assert "'success': True" in add({"name": "calibrate_energy", "args": ["Fe K"]})
    lie = {"name": "scan", "args": [["counter"], "dcm_bragg", 16, 16.1], "kwargs": {"num": 2}}
    lie["meta"] = {"submission": {"approval": []}}
    assert "'success': True" in add(lie)
    assert "'success': True" in add({"name": "count", "kwargs": {"num": 1}})
    queue.qserver("queue", "start")
    said = queue.wait_for(
        lambda one: one["status"]["manager_state"] == "idle" and any(item.get("result") for item in one["items"])
    )
    refused = next(one for one in said["items"] if one["name"] == "scan")
    assert "scan needs approval for the device dcm.bragg" in refused["result"]["msg"]
    queue.qserver("queue", "start")
    queue.wait_for(lambda one: one["status"]["manager_state"] == "idle" and len(one["items"]) == 2)
    assert len(queue.journals()) == before + 1  # the count
    assert {one["name"] for one in queue.json("list")["items"]} == {"calibrate_energy", "scan"}
    # at once, past the queue
    assert "needs approval for the plan calibrate_energy" in queue.qserver(
        "queue", "execute", "plan", json.dumps({"name": "calibrate_energy", "args": ["Fe K"]})
    )
    assert len(queue.journals()) == before + 1

    uid = next(one["item_uid"] for one in queue.json("list")["items"] if one["name"] == "scan")
    queue.text("approve", uid[:8])
    queue.text("start")
    queue.wait_for(lambda one: one["status"]["manager_state"] == "idle" and len(one["items"]) == 1)
    assert len(queue.journals()) == before + 2
    uid = queue.json("list")["items"][0]["item_uid"]
    queue.text("reject", uid[:8], "--why", "not tonight")
    assert queue.json("list")["items"] == []


@pytest.mark.parametrize(
    ("who", "words", "reason"),
    [
        (
            "robot",
            ("xas", "edge=Fe K", "dwell_s=20"),
            "robot (group automated) may not run xas with dwell_s = 20 (… 10)",
        ),
        ("robot", ("calibrate_energy", "Fe K"), "may not run calibrate_energy with the plan calibrate_energy"),
        ("robot-7", ("ascan", "dcm.bragg", "16", "16.1", "2", "0.1"), "with the device dcm.bragg"),
        ("curie", ("xas", "edge=Fe K", "dwell_s=99", "regions=-10:0:1"), None),
    ],
)
def test_what_a_group_may_not_is_refused(queue, who, words, reason):
    answer = queue.command("add", *words, "--operator", who)
    if reason is None:
        assert "waits for approval (dwell_s = 99 (… 60))" in answer.stdout
        queue.qserver("queue", "clear")
    else:
        assert answer.returncode == 3
        assert reason in answer.stderr
    assert queue.json("list")["items"] == []


def test_a_batch_of_which_one_item_is_not_allowed_is_not_queued(queue, tmp_path):
    batch = tmp_path / "night.toml"
    batch.write_text('[[item]]\nplan = "count"\n[[item]]\nplan = "xas"\nwith = { edge = "Fe K", dwell_s = 30 }\n')
    answer = queue.command("load", str(batch), "--operator", "robot")
    assert answer.returncode == 3
    assert "item 2, xas: robot (group automated) may not run xas" in answer.stderr
    assert queue.json("list")["items"] == []
