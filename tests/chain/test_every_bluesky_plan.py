"""Every plan of `bluesky.plans` runs on the beamline over the wire, unmodified and guarded, to a complete report."""

import inspect

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from cycler import cycler

from tests.chain.guarded import Station

LEFT_OUT = {
    "fly": "needs a flyer, and the beamline has none",
    "tweak": "asks at the keyboard; the shell has a `tweak` of its own",
}
NUM = 3


def go(station, name):
    """Return the plan called `name`, and how many events it must write; None where that depends on what it sees."""
    tree = station.tree
    x, y, detectors = tree.dcm.pitch, tree.dcm.perp, [tree.counter]
    here = y.position
    plan = getattr(bp, name)
    low, high = (-1.0, 1.0) if name.startswith("rel") else (here - 0.02, here + 0.02)
    ylow, yhigh = (-0.02, 0.02) if name.startswith("rel") else (low, high)
    points = [ylow, 0.5 * (ylow + yhigh), yhigh]
    spiral = (x, y) if name.startswith("rel") else (x, y, 0.0, here)
    arguments = {
        "count": ((NUM,), {}, NUM),
        "scan": ((x, -1, 1), {"num": NUM}, NUM),
        "scan_nd": ((cycler(x, [-1, 0, 1]) + cycler(y, points),), {}, NUM),
        "list_scan": ((x, [-1, 0, 1], y, points), {}, NUM),
        "log_scan": ((x, 0, 1, NUM), {}, NUM),
        "grid_scan": ((x, -1, 1, 2, y, ylow, yhigh, NUM), {"snake_axes": True}, 2 * NUM),
        "outer_product_scan": ((x, -1, 1, 2, y, ylow, yhigh, NUM), {}, 2 * NUM),
        "list_grid_scan": ((x, [-1, 1], y, points), {}, 2 * NUM),
        "inner_product_scan": ((NUM, x, -1, 1, y, ylow, yhigh), {}, NUM),
        "spiral": ((*spiral, 2.0, 0.04, 0.5, 3), {"dr_y": 0.01}, None),
        "spiral_fermat": ((*spiral, 2.0, 0.04, 0.5, 2.0), {"dr_y": 0.01}, None),
        "spiral_square": ((*spiral, 2.0, 0.04, NUM, NUM), {}, NUM * NUM),
        "adaptive_scan": (("i0", x, -1, 1, 0.2, 1.0, 1e9, True), {}, None),
        "tune_centroid": (("i0", x, -1, 1, 0.5), {"num": NUM}, None),
        "x2x_scan": ((x, y, -0.02, 0.02, NUM), {}, NUM),
    }
    if name == "ramp_plan":
        station.engine(bps.mv(x, -1))

        def ramp():
            return (yield from bps.abs_set(x, 1))

        return plan(ramp(), x.readback, lambda: bps.trigger_and_read(detectors), timeout=20), None
    kind = name.removeprefix("relative_").removeprefix("rel_")
    positional, named, events = arguments[kind]
    return plan(detectors, *positional, **named), events


def names():
    found = [one for one in dir(bp) if not one.startswith("_")]
    return [one for one in found if inspect.isgeneratorfunction(inspect.unwrap(getattr(bp, one)))]


@pytest.fixture(scope="module")
def station(simulation, _acquire):
    from beam import facts

    tree = _acquire.tree
    one = Station(tree, facts.load("bl09u")[1])
    one.engine(
        bps.mv(tree.front_end, "open", tree.shutter, "open", tree.counter.preset_time, 0.01, tree.energy, 8000.0)
    )
    yield one
    one.engine(bps.mv(tree.dcm.pitch, 0.0, tree.energy, 8000.0))
    one.clock.destroy()


def test_what_is_left_out_exists():
    assert set(LEFT_OUT) <= set(names())


@pytest.mark.full
@pytest.mark.parametrize("name", [one for one in names() if one not in LEFT_OUT])
def test_it_runs_and_everything_is_there(station, name):
    plan, expected = go(station, name)
    events, stop = station(plan)
    assert stop["exit_status"] == "success", stop["reason"]
    taken = len(events["primary"])
    assert taken == expected if expected is not None else taken > 1
    assert events["integrity"][0]["integrity_verdict"] == "complete"
    if not name.startswith("ramp"):
        assert events["integrity"][0]["integrity_exposures_made"] >= taken
