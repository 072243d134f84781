"""What a dry run says is what the run then does, and nothing moves for it."""

import pytest

from daq import plan_call
from daq.check_plan import check_plan


def test_a_forecast_is_what_happens(acquire):
    import epics

    tree = acquire.tree
    plan, args, kwargs = plan_call.call("energy_scan", ["start=7100", "stop=9100", "num=6", "dwell_s=0.5"], tree)
    before = tree.energy.position, epics.caget("BL09U:SIM:Exposures"), epics.caget("BL09U:SIM:Time")
    seen = check_plan(plan, *args, **kwargs)
    assert (tree.energy.position, epics.caget("BL09U:SIM:Exposures"), epics.caget("BL09U:SIM:Time")) == before
    assert (seen.whole, seen.runs, seen.points) == (True, 1, 7)  # six and the dark counts
    assert (seen.moves["energy"].low, seen.moves["energy"].high, seen.moves["energy"].count) == (7100.0, 9100.0, 6)
    assert seen.moves["energy"].unit == "eV"

    acquire(plan(*args, **kwargs))
    took_s = epics.caget("BL09U:SIM:Time") - before[2]
    assert 0.8 * took_s < seen.least_s <= took_s
    assert epics.caget("BL09U:SIM:Exposures") - before[1] == seen.points
    bragg = seen.moves["dcm_bragg"]
    assert bragg.last == pytest.approx(tree.dcm.bragg.position, abs=1e-4)


def test_a_plan_that_decides_by_what_it_reads_is_not_called_checked(acquire):
    import bluesky.plan_stubs as bps

    def adaptive():
        yield from bps.mv(acquire.tree.energy, 7100)
        reading = yield from bps.read(acquire.tree.counter)
        yield from bps.mv(acquire.tree.energy, reading["i0"]["value"])

    seen = check_plan(adaptive)
    assert not seen.whole
    assert seen.messages == 3
