"""Beam through slits: against the error function's tables, numbers of the ring from elsewhere, and by integration."""

import math

import numpy as np
import pytest

from beam.slits import BeamProfile, Window, clipped, gaussian_share

OPEN = Window(-50.0, 50.0, -50.0, 50.0)


@pytest.fixture(scope="module")
def profile(bl09u):
    facility, beamline = bl09u
    return BeamProfile(beamline.devices["undulator"], facility.ring)


@pytest.mark.parametrize(("sigmas", "share"), [(1.0, 0.682689492), (2.0, 0.954499736), (3.0, 0.997300204)])
def test_share_within_so_many_sigmas(sigmas, share):
    assert gaussian_share(-sigmas * 0.3, sigmas * 0.3, 0.3) == pytest.approx(share, abs=1e-9)
    assert gaussian_share(0.0, 50.0, 0.3) == pytest.approx(0.5, abs=1e-12)


def test_crossed_blades_pass_nothing():
    assert gaussian_share(0.2, -0.2, 0.3) == 0.0
    assert clipped(0.2, 0.2, 0.3) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("sigmas", "variance"), [(1.0, 0.29112509), (2.0, 0.77374130)])
def test_variance_of_a_gaussian_cut_on_both_sides(sigmas, variance):
    """1 - 2a φ(a)/(2Φ(a) - 1), by hand from tables of φ and Φ."""
    _, mean, rms = clipped(-sigmas, sigmas, 1.0)
    assert mean == 0.0
    assert rms**2 == pytest.approx(variance, abs=1e-7)


def test_moments_are_those_of_an_integration():
    low, high, rms = -0.1, 0.7, 0.4
    x = np.linspace(low, high, 20001)
    weight = np.exp(-0.5 * (x / rms) ** 2) / (rms * math.sqrt(2 * math.pi))
    share = np.trapezoid(weight, x)
    mean = np.trapezoid(weight * x, x) / share
    spread = math.sqrt(np.trapezoid(weight * (x - mean) ** 2, x) / share)
    assert clipped(low, high, rms) == pytest.approx((share, mean, spread), rel=1e-7)


def test_size_at_the_source_is_the_electrons(profile):
    """121.1 × 5.82 µm and 9.32 × 1.94 µrad in the long straights, worked out elsewhere; the light adds little."""
    at_source = profile.rms_mm(50_000.0, 0.0)
    assert at_source == pytest.approx((0.1211, 0.00582), rel=0.02)
    far = profile.rms_mm(1e9, 1e6)
    assert far == pytest.approx((9.32e3, 1.94e3), rel=2e-3)


def test_size_far_away_is_the_light_s_divergence(profile):
    """At 7112 eV λ/L = (6.46 µrad)²: with the electrons' 9.32 and 1.94 µrad in quadrature 11.3 and 6.7 µrad."""
    assert profile.rms_mm(7112.0, 1e5) == pytest.approx((1.134e3, 0.674e3), rel=2e-3)


def test_open_slits_take_exactly_nothing(profile):
    for energy in (2100.0, 7112.0, 45_000.0):
        assert profile.behind([OPEN, OPEN], energy, 44.0).share == 1.0


def test_a_cut_beam_is_smaller_and_where_the_opening_is(profile):
    whole = profile.behind([], 7112.0, 44.0)
    cut = profile.behind([Window(0.0, 0.2, -0.1, 0.1)], 7112.0, 44.0)
    assert cut.share < 0.1
    assert 0.0 < cut.x_mm < 0.2
    assert cut.y_mm == pytest.approx(0.0, abs=1e-12)
    assert cut.rms_x_mm == pytest.approx(0.2 / math.sqrt(12), rel=0.02)
    assert cut.rms_x_mm < whole.rms_x_mm


def slits_of(one, name="slits", **blades):
    for blade, at in blades.items():
        one.line.axes[f"{name}.{blade}"].move_to(at)


def test_half_the_beam_passes_one_blade_in_its_middle(bench):
    one = bench()
    one.go(7112.0)
    whole = one.line.flux_ph_per_s(current_ma=400.0)
    for blade in ("left", "right", "bottom", "top"):
        before = one.line.axes[f"slits.{blade}"].position
        slits_of(one, **{blade: 0.0})
        assert one.line.flux_ph_per_s(current_ma=400.0) / whole == pytest.approx(0.5, rel=1e-3)
        slits_of(one, **{blade: before})
    assert one.line.flux_ph_per_s(current_ma=400.0) == whole


def test_white_beam_slits_cast_their_shadow(bench):
    """An opening at 22 m is twice as large at 44 m, where the second pair takes nothing more of its light."""
    one = bench()
    one.go(7112.0)
    slits_of(one, "white_slits", bottom=-0.1, top=0.1)
    first = one.line.flux_ph_per_s(current_ma=400.0)
    slits_of(one, "slits", bottom=-0.2, top=0.2)
    assert one.line.flux_ph_per_s(current_ma=400.0) == pytest.approx(first, rel=1e-4)
    slits_of(one, "slits", bottom=-0.1, top=0.1)
    assert one.line.flux_ph_per_s(current_ma=400.0) < 0.6 * first


def test_crossed_blades_leave_the_dark(bench):
    one = bench()
    one.go(7112.0)
    slits_of(one, left=1.0, right=-1.0)
    assert one.count() == pytest.approx([500, 500], rel=0.1)


def test_the_second_crystal_s_pitch_lifts_the_beam_at_the_slits(bench):
    """2 δ over the 14 m from the crystals: at 10 µrad 0.28 mm."""
    one = bench()
    one.go(7112.0)
    one.line.axes["dcm.pitch"].move_to(10.0)
    assert one.line.course().at(44.0) == pytest.approx(0.28, rel=1e-4)
    assert one.line.course().at(22.0) == 0.0
    open_flux = one.line.flux_ph_per_s(current_ma=400.0)
    slits_of(one, bottom=0.28)
    assert one.line.flux_ph_per_s(current_ma=400.0) / open_flux == pytest.approx(0.5, rel=1e-3)


def test_an_offset_that_no_encoder_sees_shifts_what_passes(bench):
    one = bench(slits_left=0.1)
    one.go(7112.0)
    whole = one.line.flux_ph_per_s(current_ma=400.0)
    slits_of(one, left=-0.1)
    assert one.line.flux_ph_per_s(current_ma=400.0) / whole == pytest.approx(0.5, rel=1e-3)
