"""What is left of a plan whose first points are there already, which runs can be resumed, and how both read as one."""

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import numpy as np
import pytest
from bluesky.utils import Msg

import beamlines
from beam.errors import UnknownName
from daq import recorded_call
from daq.check_plan import check_plan
from daq.errors import DataError, Refused
from daq.export.joined import joined
from daq.export.run_data import RunData
from daq.journal import Journal
from daq.resume import interrupted
from daq.resume.errors import NotResumable
from daq.resume.interrupted import Interrupted
from daq.resume.rest import find_rest
from daq.resume.resuming import AnotherWay, go_on, resuming
from plans.familiar import ascan, dscan
from plans.regions import Region
from tests.devices.fake_server import FakeMotor, FakeServer

FIRST, SECOND = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"


@pytest.fixture(scope="module")
def bench():
    server = FakeServer()
    tree = beamlines.load("bench", transport=server)
    for key in ("general1", "general2", "general3"):
        FakeMotor(server, getattr(tree, key).facts)
    return tree


def taken(bench, positions, motor="general1", **start):
    points = [{f"{motor}_setpoint": one} for one in positions]
    return Interrupted({"uid": FIRST, "motors": [motor], "beamline": "bench", **start}, FIRST, points, None)


def messages(plan):
    """Run a plan as far as its messages go."""
    found, answer = [], None
    while True:
        try:
            msg = plan.send(answer)
        except StopIteration:
            return found
        found.append(msg)
        answer = {} if msg.command == "read" else None


def left(bench, plan, args, positions, **kwargs):
    """Return the messages of what is left to do."""
    before = taken(bench, positions, **kwargs)
    rest = find_rest(plan, list(args), {}, before)
    return messages(go_on(plan(*args), rest, before))


def sets(found):
    return [(one.obj.name, one.args[0]) for one in found if one.command == "set"]


def test_what_is_there_is_left_out_and_the_rest_done(bench):
    motors = ([], bench.general1, 0.0, 3.0, 4)
    found = left(bench, bp.scan, motors, [0.0, 1.0])
    assert sets(found) == [("general1", 2.0), ("general1", 3.0)]
    assert [one.command for one in found].count("save") == 2
    opened = next(one for one in found if one.command == "open_run")
    assert opened.kwargs["continues"] == {"uid": FIRST, "first": FIRST, "taken": 2, "num_points": None}
    assert opened.kwargs["num_points"] == 2
    assert found[-1].command != "save"
    assert any(one.command == "close_run" for one in found)


def test_what_the_next_point_does_not_move_is_brought_where_the_last_one_left_it(bench):
    def plan():
        yield Msg("open_run")
        for x, y in ((0.0, 1.0), (1.0, 1.0), (1.0, 2.0)):
            yield Msg("checkpoint")
            yield from bps.abs_set(bench.general1, x)
            yield from bps.abs_set(bench.general2, y)
            yield from bps.abs_set(bench.general3, 5.0)
            yield from bps.create()
            yield from bps.save()
        yield from bps.create()
        yield from bps.save()
        yield Msg("close_run")

    found = left(bench, plan, (), [0.0, 1.0, 1.0])
    assert sets(found) == [("general1", 1.0), ("general2", 2.0), ("general3", 5.0)]


def test_a_plan_that_went_elsewhere_is_refused(bench):
    with pytest.raises(NotResumable, match=r"its point 2 was at general1 1.5 mm, and would be at 1 mm now"):
        left(bench, bp.scan, ([], bench.general1, 0.0, 3.0, 4), [0.0, 1.5])
    # relative to where things are, as long as they are there
    assert sets(left(bench, dscan_of(bench), (), [0.0, 1.0]))[-1] == ("general1", 0.0)
    with pytest.raises(NotResumable, match="relative to where things are"):
        left(bench, dscan_of(bench), (), [0.3, 1.3])


def dscan_of(bench):
    return lambda: dscan(bench.general1, 0.0, 3.0, 3, 1.0, detectors=[])


class Detector:
    name = "seen"

    @staticmethod
    def describe():
        return {"seen": {}}


def looks():
    yield Msg("open_run")
    reading = yield Msg("read", Detector())
    yield Msg("sleep", None, reading["seen"]["value"])
    yield Msg("close_run")


def flies():
    yield Msg("open_run")
    yield Msg("kickoff", None)
    yield Msg("close_run")


def test_plans_of_which_nothing_can_be_left_out_are_refused(bench):
    for plan, args, why in (
        (bps.mv, (bench.general1, 1.0), "its plan makes 0 runs"),
        (bp.scan, ([], bench.general1, 0.0, 1.0, 2), "has all of its 2 points"),
        (flies, (), "flies .kickoff.: it has no point"),
        (looks, (), "depends on the reading of seen: it cannot be gone on with"),
    ):
        with pytest.raises(NotResumable, match=why):
            left(bench, plan, args, [0.0, 1.0])


def test_a_plan_that_goes_another_way_than_it_was_seen_to_is_ended(bench):
    before = taken(bench, [0.0, 1.0])
    rest = find_rest(bp.scan, [[], bench.general1, 0.0, 3.0, 4], {}, before)

    def other():
        yield Msg("open_run")
        yield Msg("sleep", None, 1.0)

    with pytest.raises(AnotherWay, match="message"):
        messages(go_on(other(), rest, before))


def test_a_call_is_recorded_with_devices_by_name_and_made_again(bench):
    kwargs = {"detectors": [], "md": {"device": "x"}}
    args = (bench.general1, np.float64(0.5), 3, (1, 2), Region(0, 1, 0.5))
    call = recorded_call.record(ascan, args, kwargs)
    assert call["args"][:4] == [{"device": "general1"}, 0.5, 3, [1, 2]]
    plan, again, named = recorded_call.restore(call, bench)
    assert again == [bench.general1, 0.5, 3, [1, 2], Region(0, 1, 0.5)]
    assert named == kwargs
    assert plan.__name__ == "ascan"
    assert recorded_call.record(ascan, (lambda: 1,), {}) is None
    assert recorded_call.record(looks, (), {}) is None
    with pytest.raises(Refused, match="gone, which the plan used"):
        recorded_call.restore({"plan": "ascan", "args": [{"device": "gone"}], "kwargs": {}}, bench)


class Runs:
    """Journals as engines leave them."""

    def __init__(self, directory):
        self.directory, self.journal = directory, Journal(directory)

    def write(self, uid, values, status="fail", stop=True, **start):
        about = {"uid": uid, "time": 1.8e9, "beamline": "bench", "num_points": 4, "motors": ["general1"], **start}
        self.journal("start", about)
        key = {"general1_setpoint": {"source": "x", "dtype": "number", "shape": []}}
        self.journal("descriptor", {"uid": f"d{uid}", "run_start": uid, "name": "primary", "data_keys": key, "time": 1})
        for number, value in enumerate(values, 1):
            event = {"uid": f"{uid}{number}", "descriptor": f"d{uid}", "seq_num": number, "time": 1.8e9 + number}
            self.journal("event", event | {"data": {"general1_setpoint": value}, "timestamps": {}})
        if stop:
            ended = {"uid": f"s{uid}", "run_start": uid, "exit_status": status, "time": 1.8e9, "reason": ""}
            self.journal("stop", ended | {"num_events": {"primary": len(values)}})


CALL = {"plan": "ascan", "args": [{"device": "general1"}, 0.0, 3.0, 3], "kwargs": {"detectors": []}}


@pytest.fixture
def runs(tmp_path):
    return Runs(tmp_path)


def test_an_interrupted_run_is_found_with_what_went_before(runs, bench):
    runs.write(FIRST, [0.0], call=CALL)
    link = {"uid": FIRST, "first": FIRST, "taken": 1, "num_points": 4}
    runs.write(SECOND, [1.0], call=CALL, time=1.8e9 + 60, num_points=3, continues=link)
    found = interrupted(runs.directory, "last", "bench", simulated=False)
    assert (found.uid, found.first, found.total) == (SECOND, FIRST, 4)
    assert [one["general1_setpoint"] for one in found.points] == [0.0, 1.0]
    made = resuming(SECOND, bench, runs.directory, simulated=False)
    seen = check_plan(lambda: made)
    assert (seen.runs, seen.points) == (1, 2)
    assert recorded_call.record(*made.made_of) == CALL
    with pytest.raises(NotResumable, match=f"was gone on with already: resume {SECOND[:8]}"):
        interrupted(runs.directory, FIRST, "bench", simulated=False)
    with pytest.raises(DataError, match="ambiguous"):
        interrupted(runs.directory, "aaaa", "bench", simulated=False)


def test_what_cannot_be_resumed_is_said(runs):
    def why(simulated=False, station="bench"):
        with pytest.raises(NotResumable) as told:
            interrupted(runs.directory, FIRST, station, simulated=simulated)
        return str(told.value)

    with pytest.raises(UnknownName):
        interrupted(runs.directory, FIRST, "bench", simulated=False)
    runs.write(FIRST, [0.0], stop=False)
    with pytest.raises(UnknownName):
        interrupted(runs.directory, "", "bench", simulated=False)
    assert "still under way" in why()
    runs.journal("stop", {"uid": "s", "run_start": FIRST, "exit_status": "abort", "time": 1.8e9})
    assert "does not say what made it" in why()
    assert "taken at bench, not at bl09u" in why(station="bl09u")
    assert "taken at a real beamline, and this is a simulation" in why(simulated=True)
    for path in runs.directory.glob("*/*"):
        path.unlink()
    runs.write(FIRST, [0.0], status="success", call=CALL)
    assert "is complete" in why()
    for path in runs.directory.glob("*/*"):
        path.unlink()
    runs.write(FIRST, [], call=CALL)
    assert "no completed point" in why()


def documents(uid, values, key="x", status="success"):
    yield "start", {"uid": uid, "time": 1.0, "num_points": 3}
    yield "descriptor", {"uid": f"d{uid}", "name": "primary", "run_start": uid, "data_keys": {key: {}}}
    for number, value in enumerate(values, 1):
        yield "event", {"descriptor": f"d{uid}", "seq_num": number, "time": value, "data": {key: value}}
    yield "stop", {"run_start": uid, "exit_status": status, "time": 2.0, "num_events": {"primary": len(values)}}


def test_both_read_as_one():
    first = RunData.from_documents(list(documents("a", [1.0, 2.0], status="abort")))
    second = RunData.from_documents(list(documents("b", [3.0])))
    one = joined([first, second])
    assert one.uid == "a"
    assert one.start["parts"] == ["a", "b"]
    assert one.exit_status == "success"
    assert one.stop["num_events"] == {"primary": 3}
    assert one.primary().columns["x"].tolist() == [1.0, 2.0, 3.0]
    assert one.primary().time.tolist() == [1.0, 2.0, 3.0]
    assert joined([first]) is first
    with pytest.raises(DataError, match="not both have x, y"):
        joined([first, RunData.from_documents(list(documents("b", [3.0], key="y")))])


def test_what_is_gone_on_with_needs_its_scan_to_be_the_same(bench):
    assert sets(left(bench, lambda: ascan(bench.general1, 0.0, 3.0, 3, 1.0, detectors=[]), (), [0.0])) == [
        ("general1", 1.0),
        ("general1", 2.0),
        ("general1", 3.0),
    ]
