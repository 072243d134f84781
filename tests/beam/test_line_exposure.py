import numpy as np
import pytest

from beam import facts
from beam.clock import ExperimentClock
from beam.errors import OutOfReach, UnknownName
from beam.line import Line
from beam.sample import load_sample


def test_an_exposure_counts_clock_and_chambers_and_advances_the_clock(bench):
    one = bench()
    one.go(7112.0)
    start, number = one.line.clock.now(), one.line.exposures
    exposure = one.line.expose("counter", 0.5)
    assert (exposure.index, exposure.start_s, exposure.dwell_s) == (number, start, 0.5)
    assert exposure.counts[1] == 5_000_000
    assert set(exposure.counts) == {1, 2, 3, 4}
    assert one.line.clock.now() == start + 0.5
    assert one.line.exposures == number + 1


def test_no_dwell_time_no_counts(bench):
    one = bench()
    one.go(7112.0)
    assert dict(one.line.expose("counter", 0.0).counts) == {1: 0, 2: 0, 3: 0, 4: 0}


@pytest.mark.parametrize("dwell_s", [-1.0, float("nan"), 1e9])
def test_an_impossible_dwell_time_is_refused(bench, dwell_s):
    one = bench()
    made = one.line.exposures
    with pytest.raises(OutOfReach, match="dwell time"):
        one.line.expose("counter", dwell_s)
    assert one.line.exposures == made


def test_an_unknown_scaler_is_refused(bench):
    with pytest.raises(UnknownName, match="did you mean counter"):
        bench().line.expose("countr", 1.0)


@pytest.mark.parametrize("energy_ev", np.geomspace(2100, 15000, 12))
def test_counts_are_good_and_within_full_scale_over_the_whole_range(bench, energy_ev):
    one = bench()
    one.go(float(energy_ev))
    assert not one.line.expose("counter", 1.0).overloaded
    assert np.all(one.i0_it() > 5e3)
    assert np.all(one.count() < 9e6)


def test_counts_at_7_kev(bench):
    one = bench()
    one.go(7000.0)
    assert np.all(one.i0_it() > 1e5)
    assert np.all(one.i0_it() < 1e6)


def test_too_much_gain_overloads_one_chamber(bench):
    one = bench()
    one.go(7112.0)
    one.line.gain_v_per_a["it"] *= 1e3
    exposure = one.line.expose("counter", 1.0)
    assert exposure.overloaded == {"it"}
    assert exposure.counts[3] == 10_000_000


def test_same_seed_same_counts_other_seed_other_counts(bench):
    def counts(seed):
        one = bench("fe_foil", seed=seed)
        found = []
        for energy in (7100.0, 7112.0, 7130.0):
            one.go(energy)
            found.append(tuple(one.line.expose("counter", 0.1).counts.values()))
        return found

    assert counts(1) == counts(1)
    assert counts(1) != counts(2)


def test_axes_quantise_and_add_their_offset(bench):
    axis = bench(dcm_bragg=0.01).line.axes["dcm.bragg"]
    axis.move_to(16.1234567)
    assert axis.position == 16.1234567
    assert axis.encoder == pytest.approx(16.123455, abs=1e-12)
    assert axis.quantise(16.1234567) == axis.encoder
    assert axis.true == pytest.approx(16.133455, abs=1e-12)


@pytest.mark.parametrize("position", [3.0, 80.0, float("nan")])
def test_an_axis_does_not_leave_its_range(bench, position):
    axis = bench().line.axes["dcm.bragg"]
    with pytest.raises(OutOfReach, match=r"bl09u/dcm/bragg .* deg: reaches 4 … 75 deg"):
        axis.move_to(position)
    assert axis.position == axis.facts.start


def test_the_undulator_says_what_it_does(bench):
    line = bench().line
    assert line.first_harmonic_ev() is None
    assert line.undulator_power_kw() == 0
    line.axes["undulator.gap"].move_to(10.0)
    assert line.first_harmonic_ev() == pytest.approx(2525, abs=1)
    assert line.undulator_power_kw() == pytest.approx(9.03 * (1.0377 / 2) ** 2, rel=0.01)


def test_beyond_the_validity_of_the_gap_there_is_no_light(bench):
    one = bench()
    one.go(7112.0)
    one.line.axes["undulator.gap"].move_to(25.0)
    assert one.count() == pytest.approx([500, 500], rel=0.1)


def test_an_offset_of_no_axis_is_refused(bl09u, config):
    facility, beamline = bl09u
    wrong = beamline.model_copy(update={"sim": facts.Simulation(offsets={"dcm.brag": 1.0})})
    with pytest.raises(UnknownName, match=r"did you mean dcm\.bragg"):
        Line(facility, wrong, load_sample("none", config), seed=1, clock=ExperimentClock())


def test_clock_parts_add_up_whatever_their_order(bench):
    one, two = bench(), bench()
    for dwell in (0.1, 0.25, 0.7):
        one.line.expose("counter", dwell)
    for dwell in (0.7, 0.1, 0.25):
        two.line.expose("counter", dwell)
    assert one.line.clock.now() == two.line.clock.now()
