import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam.constants import FWHM_PER_SIGMA
from beam.errors import OutOfReach
from beam.lineshape import FAR, natural_line
from beam.undulator import PlanarUndulator


@pytest.fixture(scope="module")
def undulator(bl09u):
    facility, beamline = bl09u
    return PlanarUndulator(beamline.devices["undulator"], facility.ring)


@given(gap=st.floats(5.0, 21.99), n=st.sampled_from([1, 3, 5, 7, 9, 11, 13, 15]))
def test_gap_and_energy_are_a_pair(undulator, gap, n):
    assert undulator.gap_mm(undulator.energy_ev(gap, n), n) == pytest.approx(gap, rel=1e-9)
    assert undulator.gap_for_k(undulator.k(gap)) == pytest.approx(gap, rel=1e-9)


@given(energy=st.floats(2100, 15000))
def test_the_whole_range_of_the_beamline_is_reached(undulator, energy):
    harmonics = undulator.harmonics_for(energy)
    assert undulator.best_harmonic(energy) in harmonics
    for n in harmonics:
        assert undulator.energy_ev(undulator.gap_mm(energy, n), n) == pytest.approx(energy, rel=1e-9)


def test_ppm_magnets_have_a_pair_too(bl09u):
    facility, beamline = bl09u
    ppm = beamline.devices["undulator"].model_copy(update={"magnet": "ppm"})
    undulator = PlanarUndulator(ppm, facility.ring)
    assert undulator.gap_for_k(undulator.k(7.0)) == pytest.approx(7.0, rel=1e-12)


def test_an_energy_out_of_reach_is_refused_with_the_range(undulator):
    with pytest.raises(OutOfReach, match=r"bl09u/id/1 energy 5000 eV: harmonic 1 reaches 890\.0 … 37\d\d\.\d eV"):
        undulator.gap_mm(5000.0, 1)
    with pytest.raises(OutOfReach, match=r"energy 100 eV: reaches 890\.0 …"):
        undulator.best_harmonic(100.0)
    with pytest.raises(OutOfReach, match="harmonic 2: the harmonics in use are 1, 3, 5"):
        undulator.gap_mm(3000.0, 2)
    with pytest.raises(OutOfReach, match="validity"):
        undulator.gap_for_k(50.0)


def test_a_wide_gap_gives_no_light(undulator):
    assert undulator.has_light(21.9)
    assert not undulator.has_light(22.0)
    assert not undulator.has_light(2.2)
    assert undulator.spectral_flux(np.array([2000.0, 7000.0]), 30.0, 400).tolist() == [0, 0]


def test_natural_line_is_sinc_squared_where_nothing_broadens_it():
    for x in (0.0, 0.3, 0.5, 1.0, 2.5):
        assert natural_line(x, 1e-2) == pytest.approx(np.sinc(x) ** 2, abs=2e-3)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 4.0])
def test_broadening_keeps_the_integral_and_lowers_the_peak(sigma):
    x = np.linspace(-300, 300, 60001)
    line = np.array([natural_line(float(one), sigma) for one in x])
    # what lies beyond ±300 falls as 1/(2π²x²)
    assert np.sum(line) * (x[1] - x[0]) + 1 / (math.pi**2 * 300) == pytest.approx(1.0, abs=2e-4)
    assert line.max() == line[30000] < 1
    assert line.min() >= 0


@pytest.mark.parametrize("sigma", [0.3, 1.0, 4.0])
def test_far_from_the_line_both_formulas_agree(sigma):
    edge = FAR * (1 + sigma)
    inside, outside = natural_line(edge * (1 - 1e-9), sigma), natural_line(edge * (1 + 1e-9), sigma)
    assert inside == pytest.approx(outside, rel=0.01)


def test_wide_lines_are_gaussian(undulator):
    sigma = 8.0
    half = natural_line(0.0, sigma) / 2
    assert natural_line(sigma * FWHM_PER_SIGMA / 2, sigma) == pytest.approx(half, rel=0.02)


def test_the_line_of_a_harmonic(undulator):
    gap = undulator.gap_mm(7112.0, 3)
    width = undulator.fwhm_ev(3, gap)
    # natural width 0.886/nN and 2.35 × 2 σ_E, in quadrature, give the lower bound
    floor = 7112 * math.hypot(0.886 / (3 * 190), FWHM_PER_SIGMA * 2 * 8.43e-4)
    # the spread of the electrons' angles (9.3 × 1.9 µrad rms) adds γ²√2 σ'²/(1 + K²/2)
    k = undulator.k(gap)
    angular = 5871**2 * math.sqrt(2) * (9.32e-6) ** 2 / (1 + k * k / 2)
    assert floor < width
    assert width == pytest.approx(math.hypot(floor, 7112 * FWHM_PER_SIGMA * angular), rel=0.05)
    at = undulator.spectral_flux(np.array([7112 - width / 2, 7112.0, 7112 + width / 2]), gap, 400)
    assert at[0] == pytest.approx(at[1] / 2, rel=1e-3)
    assert at[2] == pytest.approx(at[1] / 2, rel=1e-3)
    assert at[1] < undulator.central_cone(gap, 3, 400)


def test_flux_is_proportional_to_the_current(undulator):
    energies = np.array([7100.0, 7112.0])
    gap = undulator.gap_mm(7112.0, 3)
    assert undulator.spectral_flux(energies, gap, 200) == pytest.approx(undulator.spectral_flux(energies, gap, 400) / 2)
    assert undulator.spectral_flux(energies, gap, 0.0).tolist() == [0, 0]


def test_a_small_acceptance_takes_flux_away(bl09u):
    facility, beamline = bl09u
    narrow = beamline.devices["undulator"].model_copy(update={"acceptance_urad": 4.0})
    wide = PlanarUndulator(beamline.devices["undulator"], facility.ring)
    small = PlanarUndulator(narrow, facility.ring)
    energies, gap = np.array([7112.0]), wide.gap_mm(7112.0, 3)
    assert small.spectral_flux(energies, gap, 400)[0] < 0.2 * wide.spectral_flux(energies, gap, 400)[0]
