"""A plan is looked through as it will run: rules at each message, room for frames, and how far one can see."""

from pathlib import Path

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky.utils import Msg

import beamlines
from daq import plan_call
from daq.check_plan import MadePlan, check_plan
from daq.errors import Refused, UsageError
from daq.foresight import NOT_AHEAD, Foresight
from devices import deadlines
from tests.devices.fake_server import FakeMotor, FakeServer, FakeShutter


@pytest.fixture(scope="module")
def bench():
    server = FakeServer()
    tree = beamlines.load("bench", transport=server)
    for key in ("sample_arm", "detector_z", "beam_stop", "general1", "general2"):
        FakeMotor(server, getattr(tree, key).facts)
    FakeShutter(server, tree.fast_shutter.facts)
    server.post("gp:shutter2:State", 2)  # open
    server.post("gp:scaler1.TP", 1.0)
    tree.server = server
    return tree


def test_a_plan_that_first_does_what_a_rule_needs_is_allowed(bench):
    seen = check_plan(bps.mv, bench.fast_shutter, "close")
    assert seen.whole

    def plan(*, close):
        if close:
            yield from bps.mv(bench.fast_shutter, "close")
        yield from bps.mv(bench.sample_arm, 5.0)
        yield from bps.mv(bench.fast_shutter, "open")

    before = len(bench.server.writes)
    assert check_plan(plan, close=True).moves["sample_arm"].last == 5.0
    with pytest.raises(Refused, match=r"sample_arm 5 mm: interlock, .*: fast_shutter is open, it must be closed"):
        check_plan(plan, close=False)
    assert len(bench.server.writes) == before


def test_a_move_that_does_not_wait_for_what_it_needs_is_refused(bench):
    def plan(*, wait):
        yield Msg("set", bench.fast_shutter, "close", group="shutter")
        if wait:
            yield Msg("wait", None, group="shutter")
        yield Msg("set", bench.sample_arm, 5.0, group="arm")
        yield Msg("wait", None, group="arm")

    assert check_plan(plan, wait=True).whole
    with pytest.raises(Refused, match="fast_shutter is on its way, going to closed"):
        check_plan(plan, wait=False)


def test_a_whole_scan_is_held_against_a_rule_point_by_point(bench):
    assert check_plan(bp.scan, [], bench.detector_z, 100, 300, 5).points == 5
    with pytest.raises(Refused, match="detector_z 350 mm: interlock"):
        check_plan(bp.scan, [], bench.detector_z, 100, 350, 6)


def test_limits_of_every_point(bench):
    with pytest.raises(Refused, match=r"general1 120 mm: allowed -100 … 100 mm"):
        check_plan(bp.scan, [], bench.general1, 0, 120, 7)
    with pytest.raises(Refused, match=r"general1 101 mm: allowed"):
        check_plan(bps.mv, bench.general1.setpoint, 101)


def test_relative_plans_are_checked_where_they_go(bench):
    bench.server.post("gp:m2.RBV", 60.0)
    bench.server.post("gp:m2.VAL", 60.0)
    assert check_plan(bps.mvr, bench.general2, 30).moves["general2"].last == 90.0
    with pytest.raises(Refused, match="general2 110 mm"):
        check_plan(bps.mvr, bench.general2, 50)

    def twice():
        yield from bps.mvr(bench.general2, 30)
        yield from bps.mvr(bench.general2, 30)

    with pytest.raises(Refused, match="general2 120 mm"):
        check_plan(twice)


def adaptive(bench, swallow):
    yield Msg("set", bench.general1, 1.0, group="a")
    yield Msg("wait", None, group="a")
    reading = yield Msg("read", bench.counter)
    try:
        value = reading["counter_i0"]["value"]
    except Exception:
        if not swallow:
            raise
        value = 5.0
    yield Msg("set", bench.general1, value, group="a")


@pytest.mark.parametrize("swallow", [False, True])
def test_a_plan_that_decides_by_a_reading_is_never_called_checked(bench, swallow):
    seen = check_plan(adaptive, bench, swallow)
    assert not seen.whole
    assert seen.checked == "up to message 3; the rest depends on the reading of counter_i0"
    assert seen.lines()[0].startswith("checked: up to message 3; the rest depends on")


def test_bluesky_s_own_adaptive_plans_are_not_called_checked(bench):
    bench.counter.preset_time.put(0.1)
    seen = check_plan(bp.adaptive_scan, [bench.counter], "counter_i0", bench.general1, 0, 5, 0.1, 1, 10, True)
    assert not seen.whole
    assert "counter_i0" in seen.why

    def by_rd():
        value = yield from bps.rd(bench.counter.i0)
        yield from bps.mv(bench.general1, value)

    assert not check_plan(by_rd).whole


def test_a_plan_that_only_hands_readings_on_is_checked_whole(bench):
    def plan():
        for _ in range(2):
            yield from bps.trigger_and_read([bench.counter, bench.general1])

    assert check_plan(plan).whole


def test_a_plan_that_moves_without_a_message_is_refused(bench):
    def plan():
        yield from bps.null()
        bench.general1.set(5.0)

    before = len(bench.server.writes)
    with pytest.raises(Refused, match="by itself, not by a message"):
        check_plan(plan)
    assert len(bench.server.writes) == before


class Camera:
    """As `devices.protocols.WritesFiles` wants it."""

    name, parent = "camera", None

    def __init__(self, directory, frame_bytes):
        self.where, self.frame_bytes, self.frames = directory, frame_bytes, object()

    def directory(self, _):
        return self.where

    def trigger_bytes(self, value_of):
        return value_of(FRAMES) * self.frame_bytes

    def trigger_s(self, value_of):
        return value_of(FRAMES) * 0.1

    def trigger(self):
        raise AssertionError("nothing is triggered")

    def read(self):
        raise AssertionError("nothing is read")


class Frames:
    name, parent = "frames", None

    @staticmethod
    def get():
        return 1

    def set(self, value):
        raise AssertionError("a plan that is looked through sets nothing")


FRAMES = Frames()


def taking(camera, triggers, frames):
    yield Msg("set", FRAMES, frames, group="n")
    yield Msg("wait", None, group="n")
    for _ in range(triggers):
        yield Msg("trigger", camera, group="t")
        yield Msg("wait", None, group="t")


def test_frames_are_held_against_the_room_on_their_disk(tmp_path):
    seen = check_plan(taking, Camera(tmp_path / "not" / "yet", 1e3), 3, 10)
    assert (seen.files["camera"].bytes, seen.files["camera"].triggers) == (3e4, 3)
    assert seen.files["camera"].free_bytes > 0
    assert seen.least_s == pytest.approx(3.0)
    with pytest.raises(Refused, match=r"camera: 3 acquisitions would write 3e\+06 GB to .*are free there"):
        check_plan(taking, Camera(tmp_path, 1e14), 3, 10)
    elsewhere = check_plan(taking, Camera(Path("/nowhere/at/all"), 1e14), 3, 10)
    assert elsewhere.files["camera"].free_bytes is None
    assert "not on this machine" in repr(elsewhere)


def test_the_duration_says_how_well_it_is_known(bench, monkeypatch):
    seen = check_plan(bp.count, [bench.counter], 100, 1.0)
    assert seen.least_s >= 100
    assert seen.expected_s - seen.uncertainty_s <= seen.least_s <= seen.expected_s
    assert "±" in repr(seen)
    monkeypatch.setattr(deadlines.PATIENCE, "time_scale", 100.0)
    assert seen.expected_s < 10


def test_what_does_not_answer_is_named_to_the_plans_that_need_it(config_copy):
    server = FakeServer()
    tree = beamlines.load("bench", config_copy, server)
    FakeMotor(server, tree.general1.facts)
    server.disconnect("gp:m2")
    assert tree.absent().keys() == {"general2"}
    assert check_plan(bps.mv, tree.general1, 1).whole
    for plan in (lambda: bps.mv(tree.general2, 1), lambda: bp.count([tree.general2])):
        with pytest.raises(Refused, match=r"the plan needs general2: gp:m2\.\w+ and \d+ more do not answer"):
            check_plan(plan)


def test_what_can_be_walked_only_once_is_not_walked(bench):
    with pytest.raises(UsageError, match=r"check_plan\(xas, 'Fe K'\)"):
        check_plan(bp.count([]))
    with pytest.raises(UsageError, match="count: delay can be read only once"):
        check_plan(bp.count, [], num=3, delay=iter([1, 2]))


def run(engine_plan, said):
    """Return the messages of a plan as an engine would see them."""
    return list(Foresight(said.append)(iter(engine_plan)))


def test_the_engine_checks_named_plans_ahead_and_says_so_of_others(bench):
    said = []
    plan = plan_call.with_roles(bp.scan, bench)([bench.counter], bench.general1, 0, 1, num=2)
    assert isinstance(plan, MadePlan)
    (start,) = [msg for msg in run(plan, said) if msg.command == "open_run"]
    assert (start.kwargs["checked"], said) == ("the whole plan", [])

    bare = bp.scan([bench.counter], bench.general1, 0, 1, 2)
    (start,) = [msg for msg in run(bare, said) if msg.command == "open_run"]
    assert start.kwargs["checked"] == NOT_AHEAD
    assert said == ["not checked ahead: each move is checked as its message comes"]

    refused = plan_call.with_roles(bp.scan, bench)([bench.counter], bench.general1, 0, 101, num=2)
    with pytest.raises(Refused):
        run(refused, said)


def test_a_detector_without_a_list_is_told_so(bench):
    count, scan = (plan_call.with_roles(one, bench) for one in (bp.count, bp.scan))
    for call in (lambda: count(bench.counter), lambda: count(bench.general1), lambda: count(bench.counter, 3)):
        with pytest.raises(UsageError, match=r"count: detectors = \w+: must be a list: count\(\[\w+\]\)"):
            call()
    with pytest.raises(UsageError, match=r"scan\(\[counter\], …\)"):
        scan(bench.counter, bench.general1, 0, 1, 3)
    assert isinstance(count(num=2), MadePlan)
    assert isinstance(scan(bench.general1, 0, 1, 3), MadePlan)


@pytest.mark.parametrize("waits", [True, False])
def test_one_axis_for_two_moves_at_once_is_refused_before_anything_moves(bench, waits):
    def plan():
        yield Msg("set", bench.general1, 1.0, group="a")
        if waits:
            yield Msg("wait", None, group="a")
        yield Msg("set", bench.general1, 2.0, group="a")
        yield Msg("wait", None, group="a")

    before = len(bench.server.writes)
    if waits:
        assert check_plan(plan).moves["general1"].last == 2.0
    else:
        with pytest.raises(Refused, match="general1: general1 and general1 would move it at the same time"):
            check_plan(plan)
    assert len(bench.server.writes) == before


def test_what_is_only_queued_is_not_held_against_where_devices_are_now(bench):
    told = []

    def plan():
        told.append((yield Msg("locate", bench.general1)))
        yield from bps.mv(bench.general1, 0.0)
        told.append((yield Msg("locate", bench.general1)))

    made = MadePlan(plan, (), {})
    made.check()
    made.check(later=True)
    assert [bool(one.get("may_change")) for one in told] == [False, False, True, False]
