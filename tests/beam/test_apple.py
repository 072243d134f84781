"""The check values are of the project's list of facts: computed by others' codes or printed elsewhere."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from beam.apple import AppleArray, Rows
from beam.constants import SPEED_OF_LIGHT
from beam.electrons import ElectronBeam, k_per_tesla
from beam.errors import OutOfReach
from beam.lineshape import coupling
from beam.polarisation import (
    CIRCULAR_MINUS,
    CIRCULAR_PLUS,
    FIXED,
    HORIZONTAL,
    VERTICAL,
    Polarisation,
    parse,
    stokes,
)


def array_of(bl09u, period_mm, low_mm=15.0):
    ring = ElectronBeam(bl09u[0].ring)
    return AppleArray(
        "bl13u/id/1",
        period_mm=period_mm,
        gap_mm=(low_mm, 150.0),
        energy_at_k0_ev=ring.energy_at_k0_ev(period_mm),
        harmonics=[1, 3, 5],
    )


@pytest.fixture(scope="module")
def array(bl09u):
    made = array_of(bl09u, 56.0)
    made.amplitudes(20.0, Rows(0.0), 1)  # imports scipy, which would spend an example's deadline
    return made


polarisations = st.one_of(
    st.sampled_from(FIXED),
    st.floats(-90, 90).map(lambda angle: Polarisation("linear", angle)),
    st.floats(-0.999, 0.999).map(lambda degree: Polarisation("elliptic", degree)),
)


def test_k_at_gap_20(array):
    assert array.k(20.0, Rows(0.0))[1] == pytest.approx(3.264, abs=5e-4)
    assert array.k(20.0, Rows(28.0))[0] == pytest.approx(2.035, abs=5e-4)
    assert array.first_harmonic_ev(20.0, Rows(0.0)) == pytest.approx(241.23, abs=0.1)


def test_circular_light_at_gap_20_is_that_of_the_fitted_circular_field(array):
    rows = array.rows_for(CIRCULAR_PLUS, 20.0)
    assert rows.phase_mm == pytest.approx(18.065, abs=2e-3)
    x, y = (abs(field) for field in array.fields_t(20.0, rows))
    assert (x, y) == (pytest.approx(0.3302, abs=5e-5), pytest.approx(0.3302, abs=5e-5))
    ratio = 20 / 56
    fitted = 1.54 * math.exp(-4.46 * ratio + 0.43 * ratio**2)  # Elleaume et al., used nowhere else
    assert fitted == pytest.approx(0.3308, abs=5e-5)
    assert x == pytest.approx(fitted, rel=2.5e-3)


def test_iron_l3_in_circular_light_takes_k_1_0767_in_each_plane(array):
    setting = array.setting(706.8, CIRCULAR_PLUS)
    assert array.k(*setting) == pytest.approx((1.0767, 1.0767), abs=1e-4)


@pytest.mark.parametrize(
    ("period_mm", "energy_ev", "n", "gap_mm"),
    [
        (56, 250, 1, 20.39),
        (56, 852.7, 1, 36.99),
        (56, 930, 1, 38.77),
        (56, 2000, 3, 32.74),
        (56, 180, 1, 16.85),
        (56, 3000, 3, 40.45),
        (75, 50, 1, 16.42),
    ],
)
def test_inverse_tuning(bl09u, period_mm, energy_ev, n, gap_mm):
    assert array_of(bl09u, period_mm).gap_mm(energy_ev, HORIZONTAL, n) == pytest.approx(gap_mm, abs=0.006)


@pytest.mark.parametrize(
    ("polarisation", "lowest_ev", "within"),
    # the list's circular value is of the fitted field, which is 1 % higher than the two planes give at this gap
    [(HORIZONTAL, 151, 0.5), (VERTICAL, 266, 0.5), (CIRCULAR_PLUS, 208, 4), (CIRCULAR_MINUS, 208, 4)],
)
def test_lowest_energy_at_gap_15(array, polarisation, lowest_ev, within):
    assert array.range_ev(polarisation)[0] == pytest.approx(lowest_ev, abs=within)


def test_degree_of_circular_polarisation_of_the_motion(array):
    for ratio, degree in ((1.0, 1.0), (0.5, 0.8)):
        x, y = array.peak_fields_t(20.0)
        phase = 56 / math.pi * math.atan2(ratio * y, x)
        assert array.field_ellipse(20.0, Rows(phase)).p3 == pytest.approx(degree, abs=1e-12)
        assert array.field_ellipse(20.0, Rows(-phase)).p3 == pytest.approx(-degree, abs=1e-12)


@given(gap=st.floats(15.0, 55.9), polarisation=polarisations, n=st.sampled_from([1, 3, 5]))
def test_gap_and_energy_are_a_pair_in_each_polarisation(array, gap, polarisation, n):
    assume(n in array.harmonics_in(polarisation))
    energy = array.energy_ev(gap, polarisation, n)
    assert array.gap_mm(energy, polarisation, n) == pytest.approx(gap, rel=1e-9)
    setting = array.setting(energy, polarisation, n)
    assert n * array.first_harmonic_ev(*setting) == pytest.approx(energy, rel=1e-9)


@given(gap=st.floats(15.0, 55.9), polarisation=polarisations)
def test_the_rows_give_the_polarisation_asked_for(array, gap, polarisation):
    rows = array.rows_for(polarisation, gap)
    assert abs(rows.phase_mm) <= 28
    assert abs(rows.antiphase_mm) <= 28
    motion = array.field_ellipse(gap, rows)
    value, turned = polarisation.value, math.radians(2 * polarisation.value)
    wanted = {
        "horizontal": lambda: (1, 0, 0),
        "vertical": lambda: (-1, 0, 0),
        "circular+": lambda: (0, 0, 1),
        "circular-": lambda: (0, 0, -1),
        "linear": lambda: (math.cos(turned), math.sin(turned), 0),
        "elliptic": lambda: (math.sqrt(1 - value**2), 0, value),
    }[polarisation.mode]()
    assert (motion.p1, motion.p2, motion.p3) == pytest.approx(wanted, abs=1e-9)
    # the first harmonic is polarised as the motion is where that is linear or circular, in the same sense elsewhere
    light = stokes(*array.amplitudes(gap, rows, 1))
    if polarisation.mode == "elliptic":
        assert light.p3 * polarisation.value >= 0
    else:
        assert (light.p1, light.p2, light.p3) == pytest.approx(wanted, abs=1e-9)


@given(gap=st.floats(15.0, 55.9), polarisation=polarisations)
def test_rows_and_polarisation_are_a_pair(array, gap, polarisation):
    found = array.polarisation_of(gap, array.rows_for(polarisation, gap), tolerance=1e-9)
    same = {("linear", 0.0): "horizontal", ("linear", 90.0): "vertical", ("elliptic", 0.0): "horizontal"}
    near = {"linear": [0.0, 90.0], "elliptic": [0.0]}.get(polarisation.mode, [])
    if any(abs(abs(polarisation.value) - special) < 1e-3 for special in near):
        special = min(near, key=lambda one: abs(abs(polarisation.value) - one))
        assert found.mode in {polarisation.mode, same[polarisation.mode, special]}
        return
    assert found.mode == polarisation.mode
    assert found.value == pytest.approx(polarisation.value, abs=1e-6)


def test_rows_between_the_polarisations_are_none_of_them(array):
    assert array.polarisation_of(20.0, Rows(5.0, 7.0)) is None
    # beyond the circular phase the long axis stands upright
    assert array.polarisation_of(20.0, Rows(24.0)) is None


@given(gap=st.floats(15.0, 55.9), angle=st.floats(-90, 90), n=st.sampled_from([1, 3, 5]))
def test_linear_light_is_that_of_a_planar_undulator(array, gap, angle, n):
    rows = array.rows_for(Polarisation("linear", angle), gap)
    k = math.hypot(*array.k(gap, rows))
    strength = coupling(np.array([float(n)]), np.array([k]))[0] * (1 + k * k / 2) / n
    assert stokes(*array.amplitudes(gap, rows, n)).s0 == pytest.approx(strength, rel=1e-9)


def test_circular_light_has_the_first_harmonic_alone(array):
    rows = array.rows_for(CIRCULAR_PLUS, 20.0)
    k2 = sum(one * one for one in array.k(20.0, rows))
    # a helical undulator: F_1 = K²/(1 + K²/2)², with K² = Kx² + Ky²
    assert stokes(*array.amplitudes(20.0, rows, 1)).s0 == pytest.approx(k2 / (1 + k2 / 2), rel=1e-9)
    for n in (2, 3, 5):
        assert stokes(*array.amplitudes(20.0, rows, n)).s0 == pytest.approx(0, abs=1e-20)
    assert stokes(*array.amplitudes(20.0, Rows(0.0), 2)).s0 == 0
    with pytest.raises(OutOfReach, match=r"harmonic 3: in circular\+ the harmonics in use are 1"):
        array.gap_mm(1000.0, CIRCULAR_PLUS, 3)


def test_an_energy_out_of_reach_is_refused_with_the_range_that_can(array):
    with pytest.raises(
        OutOfReach,
        match=r"bl13u/id/1 energy 250 eV: vertical reaches 265\.9 … \d+\.\d eV; "
        r"it is within reach of horizontal 151\.0 … .* eV, circular\+ 2\d+\.\d … .* eV, circular-",
    ):
        array.best_harmonic(250.0, VERTICAL)
    with pytest.raises(OutOfReach, match=r"circular- in harmonic 1 reaches .* within reach of horizontal"):
        array.gap_mm(1800.0, CIRCULAR_MINUS)
    with pytest.raises(OutOfReach, match="no polarisation reaches it"):
        array.best_harmonic(100.0, HORIZONTAL)


def test_beyond_the_validity_there_is_no_light(array):
    assert array.has_light(55.9)
    assert not array.has_light(56.0)
    assert not array.has_light(5.6)
    with pytest.raises(OutOfReach):
        array.gap_mm(0.999 * array.energy_ev(150.0, HORIZONTAL), HORIZONTAL)


def test_the_strongest_harmonic_is_taken(array):
    assert array.best_harmonic(700.0, HORIZONTAL) == 1
    assert array.harmonics_for(3000.0, HORIZONTAL) == [3, 5]
    strength = {n: stokes(*array.amplitudes(*array.setting(3000.0, HORIZONTAL, n), n)).s0 for n in (3, 5)}
    assert strength[array.best_harmonic(3000.0, HORIZONTAL)] == max(strength.values())


def test_k_of_one_tesla():
    assert k_per_tesla(10.0) == pytest.approx(0.93373, abs=1e-5)
    assert SPEED_OF_LIGHT == 299792458


@given(polarisation=polarisations)
def test_polarisations_are_read_as_they_are_written(polarisation):
    read = parse(str(polarisation))
    assert read.mode == polarisation.mode
    assert read.value == pytest.approx(polarisation.value, rel=1e-11)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("diagonal", "possible are horizontal, vertical"),
        ("linear", r"linear ANGLE"),
        ("linear 91", r"linear 91 deg: -90 … 90 deg"),
        ("elliptic 1.2", r"elliptic 1.2: -1 … 1"),
    ],
)
def test_other_polarisations_are_refused(text, words):
    with pytest.raises(OutOfReach, match=words):
        parse(text)


def test_helicity_is_reversed_where_there_is_one():
    assert CIRCULAR_PLUS.reversed() == CIRCULAR_MINUS
    assert Polarisation("elliptic", 0.8).reversed() == Polarisation("elliptic", -0.8)
    for one in (HORIZONTAL, Polarisation("linear", 45), Polarisation("elliptic", 0)):
        with pytest.raises(OutOfReach, match="no helicity to reverse"):
            one.reversed()
