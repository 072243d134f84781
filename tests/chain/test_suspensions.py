"""Points that were spoiled are dropped and repeated, and the run says so; whatever the plan."""

import threading

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky.utils import Msg

from daq.guard import SpoiledPoint
from daq.integrity import Incomplete
from tests.chain.guarded import Station


@pytest.fixture(scope="module")
def station(simulation, _acquire):
    from beam import facts

    one = Station(_acquire.tree, facts.load("bl09u")[1])
    yield one
    one.clock.destroy()


@pytest.fixture(autouse=True)
def _as_before(station, simulation):
    yield
    simulation.faults.clear()
    if station.tree.ring.mode.get() != "TopUp":
        station.engine([Msg("sleep", None, 600.0)])


class Nth:
    """Holds for the n-th message of a kind."""

    def __init__(self, n, command, obj=None):
        self.left, self.command, self.obj = n, command, obj

    def __call__(self, message):
        if message.command == self.command and (self.obj is None or message.obj is self.obj):
            self.left -= 1
            return self.left == 0
        return False


def opened(station):
    tree = station.tree
    station.engine(
        bps.mv(tree.front_end, "open", tree.shutter, "open", tree.energy, 7000.0, tree.counter.preset_time, 1.0)
    )


def report(events):
    (one,) = events["integrity"]
    return {key.removeprefix("integrity_"): value for key, value in one.items()}


@pytest.fixture
def clearing(station, simulation):
    """Let what a fault did end as soon as the run has noticed it."""

    def arrange(fault, target):
        before = station.guard.say

        def say(line):
            before(line)
            if line.startswith("suspended"):
                simulation.faults.clear(fault, target)

        station.guard.say = say

    before = station.guard.say
    yield arrange
    station.guard.say = before


@pytest.mark.parametrize("plan", ["count", "scan"])
def test_a_beam_dump_spoils_one_point_and_waits_for_the_refill(station, simulation, clearing, plan):
    tree = station.tree
    opened(station)
    clearing("beam_dump", "ring")
    made = (
        bp.count([tree.counter, tree.ring], 5)
        if plan == "count"
        else bp.scan([tree.counter, tree.ring], tree.energy, 7000, 7010, 5)
    )
    at = Nth(3, "trigger", tree.counter)
    events, stop = station(made, at, lambda: simulation.faults.set("beam_dump", "ring"))
    assert stop["exit_status"] == "success"
    assert len(events["primary"]) == 5
    assert min(one["ring_current"] for one in events["primary"]) > 50
    light = [one["i0"] for one in events["primary"]]
    assert min(light) > 0.5 * max(light)
    # an injection may come before, where the tests before have left the ring so
    first = next(one for one in events["suspensions"] if "no beam" in one["suspension_reason"])
    assert (first["suspension_point"], "no beam: ring.current is 0 mA" in first["suspension_reason"]) == (3, True)
    assert first["suspension_waited"] > 100  # the ring fills at 2 mA/s
    told = report(events)
    assert told["verdict"] == "complete"
    assert told["points_repeated"] >= 1
    assert told["exposures_made"] == told["exposures_triggered"] >= 6
    assert tree.shutter.is_open


def test_a_shutter_that_the_safety_system_closes_is_opened_again_and_the_point_repeated(station, simulation, clearing):
    tree = station.tree
    opened(station)
    clearing("shutter_permit_withdrawn", "shutter")
    at = Nth(2, "trigger", tree.counter)
    events, stop = station(
        bp.count([tree.counter], 4), at, lambda: simulation.faults.set("shutter_permit_withdrawn", "shutter")
    )
    assert stop["exit_status"] == "success"
    light = [one["i0"] for one in events["primary"]]
    assert len(light) == 4
    assert min(light) > 0.5 * max(light)
    assert events["suspensions"][0]["suspension_point"] == 2
    assert "station shutter closed: shutter is closed" in events["suspensions"][0]["suspension_reason"]


def test_the_undulators_permission_withdrawn_in_mid_move(station, simulation, clearing):
    tree = station.tree
    opened(station)
    station.engine([Msg("set", tree.energy, 6000, group="e"), Msg("wait", None, group="e")])
    clearing("undulator_permit_withdrawn", "undulator")
    moving = threading.Event()

    def withdraw():
        moving.set()
        simulation.faults.set("undulator_permit_withdrawn", "undulator")

    at = Nth(2, "wait")  # the second point's move is under way
    plan = bp.scan([tree.counter], tree.energy, 6000, 9000, 3)
    events, stop = station(plan, at, withdraw)
    assert moving.is_set()
    assert stop["exit_status"] == "success"
    assert [round(one["energy"]) for one in events["primary"]] == [6000, 7500, 9000]
    assert any("undulator.gap.permit is Denied" in one["suspension_reason"] for one in events["suspensions"])


def test_a_plan_that_cannot_repeat_fails_and_says_why(station, simulation):
    tree = station.tree
    opened(station)

    def plan():
        yield Msg("open_run")
        yield Msg("clear_checkpoint")
        simulation.faults.set("beam_dump", "ring")
        yield Msg("trigger", tree.counter, group="t")
        yield Msg("wait", None, group="t")
        yield Msg("create", None, name="primary")
        yield Msg("read", tree.counter)
        yield Msg("save")
        yield Msg("close_run")

    with pytest.raises(SpoiledPoint, match=r"no beam: ring.current is 0 mA"):
        station(plan())
    assert station.stop["exit_status"] == "fail"
    assert "primary" not in station.events


def test_a_plan_that_ends_early_does_not_close_as_a_success(station):
    tree = station.tree

    def plan():
        yield Msg("open_run", num_points=3)
        yield Msg("trigger", tree.counter, group="t")
        yield Msg("wait", None, group="t")
        yield Msg("create", None, name="primary")
        yield Msg("read", tree.counter)
        yield Msg("save")
        yield Msg("close_run")

    with pytest.raises(Incomplete, match="1 of 3 events were written"):
        station(plan())
    assert station.stop["exit_status"] == "fail"
    assert report(station.events)["verdict"] == "1 of 3 events were written"
