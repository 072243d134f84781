import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam import crystal
from beam.crystal import CrystalPair, is_allowed
from beam.errors import OutOfReach

D = 3.1356


@pytest.fixture(scope="module")
def pair(bl09u):
    return CrystalPair(bl09u[1].devices["dcm"])


@given(angle=st.floats(0.5, 89.0))
def test_bragg_angle_and_energy_are_a_pair(angle):
    assert crystal.bragg_deg(crystal.energy_ev(angle, D), D) == pytest.approx(angle, rel=1e-9)


@given(angle=st.floats(0, 89), offset=st.floats(1, 50))
def test_crystal_gap_and_exit_height_are_a_pair(angle, offset):
    assert crystal.exit_offset_mm(angle, crystal.perp_mm(angle, offset)) == pytest.approx(offset, rel=1e-12)


@pytest.mark.parametrize("energy", [1900.0, 0.0, -5.0, math.nan])
def test_an_energy_that_no_angle_diffracts_is_refused(energy):
    with pytest.raises(OutOfReach, match="diffract above 1977"):
        crystal.bragg_deg(energy, D)


@pytest.mark.parametrize("angle", [0.0, -3.0, 91.0, math.nan])
def test_an_angle_that_diffracts_nothing_is_refused(angle):
    with pytest.raises(OutOfReach, match="up to 90 deg"):
        crystal.energy_ev(angle, D)


def test_what_the_diamond_structure_allows():
    allowed = [(1, 1, 1), (3, 3, 3), (2, 2, 0), (4, 0, 0), (4, 4, 4), (5, 5, 5)]
    assert all(is_allowed(planes) for planes in allowed)
    assert not any(is_allowed(planes) for planes in [(2, 2, 2), (2, 0, 0), (1, 1, 0), (6, 6, 6)])


def test_a_forbidden_order_transmits_nothing(bl09u):
    asked = bl09u[1].devices["dcm"].model_copy(update={"harmonic_orders": [2, 3]})
    pair = CrystalPair(asked)
    assert pair.orders == (1, 3)
    assert pair.throughput_ev(7112.0, 2) == 0
    assert pair.rocking(0.0, 7112.0, 2) == 0


def test_rocking_curve(pair):
    assert pair.rocking(0.0, 7112.0) == 1
    width = pair.rocking_fwhm_urad(7112.0)
    # wider than one crystal's Darwin curve by about √2
    darwin = pair.darwin_fwhm_ev(7112.0) / 7112 * math.tan(math.radians(pair.bragg_deg(7112.0))) * 1e6
    assert 1.2 * darwin < width < 1.5 * darwin
    assert pair.rocking(width / 2, 7112.0) == pytest.approx(0.5, abs=1e-6)
    assert pair.rocking(-width / 2, 7112.0) == pytest.approx(0.5, abs=1e-6)
    values = [pair.rocking(step * 5.0, 7112.0) for step in range(200)]
    assert all(low <= high for high, low in itertools.pairwise(values))
    assert 0 < values[-1] < 1e-3


def test_higher_orders_rock_more_sharply(pair):
    first, third = pair.rocking_fwhm_urad(7112.0), pair.rocking_fwhm_urad(7112.0, 3)
    assert third < first / 10
    # which is how a beamline rejects them
    assert pair.rocking(first / 2, 7112.0, 3) < 0.01


def test_bandwidth_adds_the_divergence(pair):
    darwin = pair.darwin_fwhm_ev(7112.0)
    spread = 7112 * 12e-6 / math.tan(math.radians(pair.bragg_deg(7112.0)))
    assert pair.bandwidth_fwhm_ev(7112.0, 0.0) == pytest.approx(darwin)
    assert pair.bandwidth_fwhm_ev(7112.0, 12.0) == pytest.approx(math.hypot(darwin, spread))
    assert pair.bandwidth_fwhm_ev(7112.0) == pair.bandwidth_fwhm_ev(7112.0, pair.facts.divergence_urad)


def test_exit_aperture(pair):
    angle = pair.bragg_deg(7112.0)
    right = pair.perp_mm(angle)
    assert pair.aperture(angle, right) == pytest.approx(1.0)
    off = 0.5 * pair.facts.exit_aperture_mm / (2 * math.cos(math.radians(angle)))
    assert pair.aperture(angle, right + off) == pytest.approx(0.5)
