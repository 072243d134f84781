"""Groups, what they may, and what an action file comes to."""

import pytest

from beam import access, facts
from beam.access import OPEN, Access
from beam.errors import ConfigError
from daq.queue.actions import Actions, BadActions
from daq.queue.doorkeeper import Doorkeeper, call_of, find_item
from daq.queue.errors import BadSubmission
from daq.queue.judge import Asked, bound, judge
from daq.queue.permissions import permissions

TEXT = """
schema_version = 1
default_group = "user"
owner_group = "expert"
[groups.user]
not_plans = ["drive_*"]
not_devices = ["front_end"]
approval_plans = ["calibrate_*"]
approval_devices = ["dcm"]
[[groups.user.limit]]
parameter = "dwell_s"
plans = ["xas", "ct"]
low = 0.1
high = 60
[[groups.user.limit]]
device = "temperature"
high = 600
beyond = "approval"
[groups.expert]
members = ["marie", "staff-*"]
may_approve = true
[groups.automated]
members = ["robot"]
plans = ["count"]
"""


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "facility.toml").write_text("")
    (tmp_path / "access.toml").write_text(TEXT)
    return access.load(tmp_path)


def said(rules, **asked):
    plans = asked.pop("plans", ("xas",))
    found = judge(rules.groups["user"], Asked(plans, **asked))
    return found.refused, found.approval


def test_rules_are_held_against_what_is_asked(rules):
    assert said(rules) == ((), ())
    assert said(rules, plans=("drive_home",)) == (("the plan drive_home",), ())
    assert said(rules, plans=("resume", "calibrate_energy")) == ((), ("the plan calibrate_energy",))
    assert said(rules, devices=("front_end", "dcm.bragg", "dcmx")) == (
        ("the device front_end",),
        ("the device dcm.bragg",),
    )
    assert said(rules, parameters={"dwell_s": [1.0, 61.0]}) == (("dwell_s = 61 (0.1 … 60)",), ())
    assert said(rules, parameters={"dwell_s": float("nan")})[0] != ()
    assert said(rules, plans=("count",), parameters={"dwell_s": 99.0}) == ((), ())
    assert said(rules, moves={"temperature": (20.0, 700.0)}) == ((), ("temperature at 700 (… 600)",))
    assert said(rules, moves={"temperature.setpoint": (20.0, 600.0)}) == ((), ())
    assert "moves by what is measured" in said(rules, unforeseen=("temperature",))[1][0]


def test_whose_group_it_is(rules):
    assert rules.group_of("marie", "root") == "expert"
    assert rules.group_of("staff-7", "root") == "expert"
    assert rules.group_of("root", "root") == "expert"
    assert rules.group_of("anybody", "root") == "user"
    door = Doorkeeper(rules, "root", None)
    assert door.group_of("robot", "primary") == "automated"
    assert door.group_of("marie", "user") == "user"
    for user, claimed, why in (("anybody", "expert", "is in the group user"), ("marie", "gods", "there is no group")):
        with pytest.raises(BadSubmission, match=why):
            door.group_of(user, claimed)
    door.may_approve("marie")
    with pytest.raises(BadSubmission, match=r"anybody \(group user\) may not approve.*expert may"):
        door.may_approve("anybody")


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('owner_group = "expert"', 'owner_group = "boss"', "owner_group = 'boss': the groups are"),
        ("[groups.automated]", "[groups.primary]", "taken by the queue's manager"),
        ("low = 0.1", "low = 99", "lies above high"),
        ('parameter = "dwell_s"', "", "parameter or device must be given"),
        ("may_approve = true", 'may_approve = "sometimes"', "may_approve"),
        ('plans = ["count"]', 'plans = ["a:b"]', "plans"),
        ("schema_version = 1", "schema_version = 1\ncolour = 1", "colour"),
    ],
)
def test_a_bad_file_is_named(tmp_path, before, after, reason):
    (tmp_path / "facility.toml").write_text("")
    (tmp_path / "access.toml").write_text(TEXT.replace(before, after))
    with pytest.raises(ConfigError, match=reason):
        access.load(tmp_path)


def test_without_a_file_everybody_may_everything_and_ours_is_sound(tmp_path):
    (tmp_path / "facility.toml").write_text("")
    assert access.load(tmp_path) is OPEN
    ours = access.load(facts.config_dir())
    assert set(ours.groups) == {"user", "expert", "automated"}
    assert Access.model_validate(ours.model_dump()) == ours


def test_the_manager_is_told_which_plans_there_are(rules):
    groups = permissions(rules)["user_groups"]
    assert groups["automated"]["allowed_plans"] == [":^count$"]
    assert groups["user"]["forbidden_plans"] == [":^drive_.*$"]
    assert groups["primary"] == groups["user"]


PLAN = {"item_type": "plan", "name": "calibrate_energy", "args": ["Fe K"], "user_group": "user", "item_uid": "one"}
DESCRIBED = {"xas": {"parameters": [{"name": "edge", "kind": {"name": "POSITIONAL_OR_KEYWORD"}}]}}


def test_what_was_approved_may_start_and_nothing_else(rules, tmp_path):
    actions = Actions(tmp_path)
    door = Doorkeeper(rules, "root", actions)

    def held(item):
        return door.holds(item, DESCRIBED, actions.standing())

    assert held(PLAN) == "the plan calibrate_energy"
    assert held({**PLAN, "name": "xas"}) == ""
    assert held({**PLAN, "name": "xas", "meta": {"submission": {"approval": ["what the worker saw"]}}}) != ""
    assert held({"item_type": "instruction", "name": "queue_stop"}) == ""
    actions.note("marie", "approved", item="one", call=call_of(PLAN))
    assert held(PLAN) == ""
    assert held({**PLAN, "args": ["Cu K"]}) != ""  # changed since
    assert held({**PLAN, "item_uid": "two"}) != ""
    actions.note("", "carried", item="two", before="one")
    assert held({**PLAN, "item_uid": "two"}) == ""
    assert held(PLAN) != ""
    actions.note("", "held", item="three", detail="as the worker found")
    assert held({**PLAN, "name": "xas", "item_uid": "three"}) == "as the worker found"
    assert [one.what for one in actions.all()] == ["approved", "carried", "held"]
    with pytest.raises(BadSubmission, match="may not run drive_home"):
        door.check({"name": "drive_home"}, "curie", "user", {})


def test_a_damaged_file_of_actions_is_named(tmp_path):
    (tmp_path / "actions.jsonl").write_text('{"at": 1}\n')
    with pytest.raises(BadActions, match="line 1"):
        Actions(tmp_path).standing()


def test_items_are_found_by_name_or_number():
    items = [PLAN, {**PLAN, "item_uid": "other", "meta": {"submission": {"id": "one"}}}]
    assert find_item(items, "one")["item_uid"] == "other"  # the name comes first
    assert find_item(items, "oth")["item_uid"] == "other"
    for wanted in ("", "nobody"):
        with pytest.raises(BadSubmission, match="there wait: one, one"):
            find_item(items, wanted)


def test_arguments_in_order_get_their_names():
    described = {"parameters": [{"name": one, "kind": {"name": "POSITIONAL_OR_KEYWORD"}} for one in ("detectors", "n")]}
    assert bound(described, [3], {"m": 1}) == {"n": 3, "m": 1}
    assert bound(described, [["i0"], 3], {}) == {"detectors": ["i0"], "n": 3}
