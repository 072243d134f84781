"""The whole soft X-ray line: what a run would export gives the moments of the model and shows its domains."""

import json

import numpy as np
import pytest

from beam import facts
from beam.clock import ExperimentClock
from beam.errors import BadSpectrum, OutOfReach, UnknownName
from beam.polarisation import CIRCULAR_MINUS, CIRCULAR_PLUS, HORIZONTAL, VERTICAL, Polarisation
from beam.soft_line import SoftLine
from beam.xmcd import MagneticFilm, NoFilm
from beam.xmcd_analysis import Known, analyse
from tests.beam.soft_bench import SoftBench

ENERGIES = np.concatenate([np.arange(670.0, 700, 2), np.arange(700, 730, 0.4), np.arange(730, 781, 2.0)])
WITHIN = 0.05


def declared(film, polarisation=1.0):
    """Return what a run's metadata say: the sample's record, and the slope of its detectors."""
    slope_power = 1.0 + 0.6  # drain current with E, mesh with E^-0.6
    return Known.from_record(film.record(), polarisation=polarisation, slope_power=slope_power, electron_yield=True)


def test_the_record_does_not_tell_the_moments(film):
    record = json.loads(json.dumps(film.record()))
    secret = {film.model.orbital_moment_ub, film.model.spin_moment_ub, film.model.white_line_ev}
    assert not secret & set(record.values())
    with pytest.raises(BadSpectrum, match="lacks holes"):
        Known.from_record(NoFilm().record(), polarisation=1.0, slope_power=0.0, electron_yield=False)


def off(found, film):
    model = film.model
    return max(abs(found.orbital / model.orbital_moment_ub - 1), abs(found.spin / model.spin_moment_ub - 1))


def columns(bench):
    """Return mu+ and mu-: drain current over I0 in a field that saturates the film."""
    bench.move(magnet=2.0)
    return [bench.spectrum(ENERGIES, helicity) for helicity in (CIRCULAR_PLUS, CIRCULAR_MINUS)]


@pytest.fixture(scope="module")
def measured(bl13u, film):
    return columns(SoftBench(*bl13u, film))


def test_what_is_measured_gives_the_moments(measured, film):
    found = analyse(ENERGIES, *measured, declared(film))
    assert off(found.moments, film) < WITHIN
    assert found.errors.orbital < 0.5 * WITHIN * film.model.orbital_moment_ub


@pytest.mark.parametrize("figure", ["orbital_moment_ub", "spin_moment_ub"])
def test_another_film_does_not(measured, bl13u, film, figure):
    figures = {figure: (1 + 2 * WITHIN) * getattr(film.model, figure)}
    other = MagneticFilm("other", film.model.model_copy(update=figures), seed=3)
    found = analyse(ENERGIES, *columns(SoftBench(*bl13u, other)), declared(film))
    assert off(found.moments, other) < WITHIN
    assert off(found.moments, film) > WITHIN


def test_field_reversal_is_helicity_reversal(soft_bench):
    bench = soft_bench()
    bench.go(706.8, CIRCULAR_PLUS)
    bench.move(magnet=2.0)
    plus = bench.signals(10.0)
    bench.move(magnet=-2.0)
    reversed_field = bench.signals(10.0)
    bench.go(706.8, CIRCULAR_MINUS)
    both = bench.signals(10.0)
    assert reversed_field[1] / reversed_field[0] > 1.2 * plus[1] / plus[0]
    assert both[1] / both[0] == pytest.approx(plus[1] / plus[0], rel=2e-3)


def test_switching_by_shifters_shows_the_dichroism_diluted_by_its_degree(soft_bench):
    bench = soft_bench()
    bench.move(magnet=2.0)

    def contrast(states):
        ratios = []
        for state in states:
            bench.source(state)
            bench.mono(706.8)
            i0, drain, _, _ = bench.signals(30.0)
            ratios.append(drain / i0)
        return (ratios[0] - ratios[1]) / (ratios[0] + ratios[1]), bench.line.polarisation().p3

    undulator = bench.line.undulator
    full, degree = contrast([undulator.state(706.8, one) for one in (CIRCULAR_PLUS, CIRCULAR_MINUS)])
    assert degree == pytest.approx(-1, abs=1e-6)
    fast, less = contrast(undulator.switching_states(706.8))
    assert fast / full == pytest.approx(-less, abs=0.01)
    assert -less < 0.99


def test_a_map_at_two_helicities_shows_the_domains(soft_bench):
    bench = soft_bench()
    places = np.linspace(-3, 3, 12)
    maps = []
    for helicity in (CIRCULAR_PLUS, CIRCULAR_MINUS):
        bench.go(706.8, helicity)
        rows = []
        for y in places:
            for x in places:
                bench.move(stage_x=float(x), stage_y=float(y))
                i0, drain, _, _ = bench.signals(0.1)
                rows.append(drain / i0)
        maps.append(np.array(rows))
    dichroism = (maps[0] - maps[1]) / (maps[0] + maps[1])
    truth = [bench.line.sample.domains.magnetisation(float(x), float(y), 0.0, 0.05) for y in places for x in places]
    assert np.corrcoef(dichroism, truth)[0, 1] < -0.99  # µ+ - µ- is negative at L3
    assert np.std(truth) > 0.5


def test_linear_light_shows_no_circular_dichroism(soft_bench):
    bench = soft_bench()
    bench.go(706.8, HORIZONTAL)
    found = []
    for field in (2.0, -2.0):
        bench.move(magnet=field)
        i0, drain, _, _ = bench.signals(10.0)
        found.append(drain / i0)
    assert found[0] == pytest.approx(found[1], rel=3e-3)


def test_all_detectors_see_the_edge(soft_bench):
    bench = soft_bench()
    signals = []
    for energy in (690.0, 706.8):
        bench.go(energy, HORIZONTAL)
        signals.append(bench.signals(5.0))
    before, on = (one[1:] / one[0] for one in signals)
    assert on[0] > 10 * before[0]  # drain current
    assert on[1] < 0.2 * before[1]  # transmission
    assert on[2] > 10 * before[2]  # fluorescence


def test_transmission_is_that_of_the_film(bl13u, film, soft_bench):
    with_film, without = soft_bench(), soft_bench(NoFilm())
    for bench in (with_film, without):
        bench.go(690.0, HORIZONTAL)
    share = with_film.signals(20.0)[2] / without.signals(20.0)[2]
    mu_t = film.mean_per_nm(np.array([690.0]))[0] * film.model.thickness_nm
    assert share == pytest.approx(np.exp(-mu_t), rel=0.01)
    assert without.signals()[1] == pytest.approx(0, abs=30)


def test_monochromator_offset_shifts_the_energy(soft_bench):
    bench = soft_bench(pgm_grating=1e-4)
    bench.go(706.8, HORIZONTAL)
    assert abs(bench.line.energy_ev() - 706.8) > 0.02
    straight = soft_bench()
    straight.go(706.8, HORIZONTAL)
    assert straight.line.energy_ev() == pytest.approx(706.8, abs=0.002)


@pytest.mark.parametrize(
    ("energy_ev", "polarisation", "grating"),
    [
        (180.0, HORIZONTAL, "g600"),
        (250.0, CIRCULAR_PLUS, "g1200"),
        (400.0, VERTICAL, "g1200"),
        (640.0, Polarisation("linear", 45), "g1200"),
        (932.7, CIRCULAR_MINUS, "g1600"),
        (1490.0, CIRCULAR_PLUS, "g1200"),
        (3000.0, HORIZONTAL, "g1200"),
    ],
)
def test_light_over_the_whole_range(soft_bench, energy_ev, polarisation, grating):
    bench = soft_bench()
    bench.go(energy_ev, polarisation, grating, slit_um=30.0)
    assert not bench.line.expose("counter", 1.0).overloaded
    assert bench.signals()[0] > 3e3
    assert bench.line.energy_ev() == pytest.approx(energy_ev, rel=1e-5)
    assert 1e9 < bench.line.flux_ph_per_s() < 1e14


def test_higher_orders_come_with_odd_harmonics_of_linear_light(soft_bench):
    bench = soft_bench()
    bench.go(250.0, HORIZONTAL, "g600")
    first, second, third, stray = (bench.line.flux_ph_per_s(order) for order in (1, 2, 3, 0))
    assert second < 1e-4 * first
    assert 0.003 < third / first < 0.1
    assert 0.001 < stray / first < 0.02
    bench.go(250.0, CIRCULAR_PLUS, "g600")
    assert bench.line.flux_ph_per_s(3) < 1e-6 * bench.line.flux_ph_per_s()


def test_a_wider_slit_gives_more_light_and_less_resolution(soft_bench):
    bench = soft_bench()
    bench.go(706.8, HORIZONTAL, slit_um=20.0)
    narrow = bench.line.flux_ph_per_s(current_ma=400), bench.line.bandwidth_fwhm_ev()
    bench.go(706.8, HORIZONTAL, slit_um=200.0)
    assert bench.line.flux_ph_per_s(current_ma=400) == pytest.approx(10 * narrow[0], rel=1e-3)
    assert bench.line.bandwidth_fwhm_ev() > 4 * narrow[1]


def test_dark_where_something_is_out_of_place(soft_bench):
    bench = soft_bench()
    bench.go(706.8, HORIZONTAL)
    assert bench.signals()[0] > 1e5
    gap = bench.line.axes["undulator.gap"].position
    for away, back in (
        ({"undulator_gap": 100.0}, {"undulator_gap": gap}),
        ({"pgm_exchange": 20.0}, {"pgm_exchange": 0.0}),
    ):
        bench.move(**away)
        assert np.all(np.abs(bench.signals()) < 60)
        bench.move(**back)
    bench.move(pgm_mirror=7.0)  # the grating then reflects nothing that is light of its orders
    assert bench.signals()[0] < 1e3
    bench.go(706.8, HORIZONTAL)
    bench.line.open["shutter"] = False
    assert np.all(np.abs(bench.signals()) < 60)


def test_the_undulator_says_what_it_does(soft_bench):
    line = soft_bench().line
    assert line.first_harmonic_ev() is None
    assert line.undulator_power_kw() == 0
    line.axes["undulator.gap"].move_to(20.0)
    assert line.first_harmonic_ev() == pytest.approx(241.23, abs=0.1)
    assert line.undulator_power_kw() > 0.5


def test_same_seed_same_counts_other_seed_other_counts(soft_bench):
    def counts(seed):
        bench = soft_bench(seed=seed)
        bench.go(706.8, CIRCULAR_PLUS)
        return [tuple(bench.line.expose("counter", 0.1).counts.values()) for _ in range(3)]

    assert counts(1) == counts(1)
    assert counts(1) != counts(2)


def test_exposures_are_checked_as_at_any_line(soft_bench):
    line = soft_bench().line
    with pytest.raises(OutOfReach, match="dwell time"):
        line.expose("counter", -1.0)
    with pytest.raises(UnknownName, match="did you mean counter"):
        line.expose("countr", 1.0)
    assert dict(line.expose("counter", 0.0).counts) == {1: 0, 2: 0, 3: 0, 4: 0, 5: 0}


def test_an_offset_of_no_axis_is_refused(bl13u, film):
    facility, beamline = bl13u
    wrong = beamline.model_copy(update={"sim": facts.Simulation(offsets={"pgm.gratin": 1.0})})
    with pytest.raises(UnknownName, match=r"did you mean pgm\.grating"):
        SoftLine(facility, wrong, film, seed=1, clock=ExperimentClock())


@pytest.mark.parametrize(("axis", "value"), [("magnet", 8.0), ("stage.x", 60.0), ("cryostat", 2.0)])
def test_an_axis_does_not_leave_its_range(soft_bench, axis, value):
    with pytest.raises(OutOfReach, match="reaches"):
        soft_bench().line.axes[axis].move_to(value)


def test_fluorescence_saturates_by_its_dead_time(soft_bench):
    bench = soft_bench()
    counter = bench.line._counters[0]
    assert counter.read(1e5, dwell_s=1000.0, index=0).counts / 1000 == pytest.approx(1e5 / 1.05, rel=1e-3)
