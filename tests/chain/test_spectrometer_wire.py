"""The fluorescence spectrometer of BL09U from the light to the documents, over the wire."""

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import numpy as np
import pytest

SDD, COUNTER = "BL09U:SDD", "BL09U:SC1"


@pytest.fixture
def lit(acquire):
    """BL09U at 7.2 keV, above the iron edge, with light; dark again afterwards."""
    bl = acquire.tree
    acquire(bps.mv(bl.energy, 7200.0))
    acquire(bps.mv(bl.front_end, "open"))
    acquire(bps.mv(bl.shutter, "open"))
    yield bl
    acquire(bps.mv(bl.shutter, "close"))


@pytest.fixture
def events(acquire):
    """Run a plan and return its events' data and the data keys."""

    def run(plan):
        found, keys = [], {}

        def take(name, doc):
            if name == "event":
                found.append(doc["data"])
            elif name == "descriptor":
                keys.update(doc["data_keys"])

        token = acquire.engine.subscribe(take)
        try:
            acquire(plan)
        finally:
            acquire.engine.unsubscribe(token)
        return found, keys

    return run


def test_a_spectrum_shows_what_the_sample_sends_out(lit, acquire, events):
    bl = lit
    acquire(bps.mv(bl.sdd.preset_time, 0.5, bl.counter.preset_time, 0.5))
    (first, second), keys = events(bp.count([bl.counter, bl.sdd], 2))
    spectrum = np.asarray(first["sdd_spectrum"])
    assert keys["sdd_spectrum"]["shape"] == [2048] == list(spectrum.shape)
    assert abs(int(spectrum.argmax()) - 640) <= 2  # Fe Kα, 6.40 keV
    assert abs(int(spectrum[690:760].argmax()) + 690 - 706) <= 2  # Fe Kβ, 7.06 keV
    assert first["sdd_fe_ka"] == spectrum[620:661].sum()
    assert first["sdd_real_time"] == 0.5
    # counts that were lost come back: what is left of the difference is noise and the ring's decay
    assert 5 < first["sdd_dead_time"] < 40
    true = first["sdd_all"] * first["sdd_real_time"] / first["sdd_live_time"]
    assert first["sdd_all_corrected"] == pytest.approx(true)
    assert first["sdd_all_corrected"] == pytest.approx(second["sdd_all_corrected"], rel=0.02)
    assert first["sdd_fe_ka"] != second["sdd_fe_ka"]


def test_dead_time_correction_makes_it_linear(lit, acquire, events):
    """Half the light gives half the corrected counts, though more than half of the raw ones."""
    bl = lit
    acquire(bps.mv(bl.sdd.preset_time, 1.0))
    (full,), _ = events(bp.count([bl.sdd]))
    acquire(bps.mv(bl.dcm.pitch, 30.0))
    (less,), _ = events(bp.count([bl.sdd]))
    acquire(bps.mv(bl.dcm.pitch, 0.0))
    raw, true = (less[key] / full[key] for key in ("sdd_fe_ka", "sdd_fe_ka_corrected"))
    input_full, input_less = (1e3 * one["sdd_dead_time"] / (100 - one["sdd_dead_time"]) / 0.5 for one in (full, less))
    assert input_less < 0.7 * input_full  # in thousands a second: n τ = dead over live
    assert true == pytest.approx(input_less / input_full, rel=0.01)
    assert raw > 1.03 * true


def test_in_the_dark_there_is_background_only(acquire, events):
    bl = acquire.tree
    acquire(bps.mv(bl.sdd.preset_time, 0.2))
    (dark,), _ = events(bp.count([bl.sdd]))
    assert dark["sdd_all"] < 20
    assert dark["sdd_dead_time"] < 0.1


def test_beside_a_counter_it_takes_no_time_of_its_own(simulation, connect):
    client = connect(simulation.ports["beamline"])

    def takes(*starts):
        before = client.get("BL09U:SIM:Time")
        for number in [client.start(pv, 1) for pv in starts]:
            assert client.completed(number)
        return client.get("BL09U:SIM:Time") - before

    client.put(f"{COUNTER}.TP", 0.5)
    client.put(f"{SDD}.PRTM", 0.5)
    assert takes(f"{COUNTER}.CNT", f"{SDD}.ERST") == pytest.approx(0.5)
    assert takes(f"{SDD}.ERST", f"{COUNTER}.CNT") == pytest.approx(0.5)
    assert takes(f"{SDD}.ERST") == pytest.approx(0.5)
    assert takes(f"{COUNTER}.CNT") == pytest.approx(0.5)


def test_a_region_is_moved_by_a_plan_and_counts_there(lit, acquire, events):
    bl = lit
    before = [6.2, 6.6]
    try:
        acquire(bps.mv(bl.sdd.fe_ka, [7.0, 7.15]))
        (one,), _ = events(bp.count([bl.sdd]))
        assert one["sdd_fe_ka"] == np.asarray(one["sdd_spectrum"])[700:716].sum() > 0
    finally:
        acquire(bps.mv(bl.sdd.fe_ka, before))
