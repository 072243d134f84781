"""Numbers from outside this project: textbooks, the X-ray Data Booklet, xraydb, independent calculations."""

import math

import numpy as np
import pytest
import xraydb

from beam import constants, crystal
from beam.absorber import mu_t
from beam.crystal import CrystalPair, darwin
from beam.detector import IonChamber
from beam.lineshape import coupling
from beam.ring import RingModel
from beam.tables import core_width_ev, edges_ev, mu_cm2_per_g
from beam.undulator import PlanarUndulator

SI111 = constants.SILICON_LATTICE / math.sqrt(3)


@pytest.fixture(scope="module")
def undulator(bl09u):
    facility, beamline = bl09u
    return PlanarUndulator(beamline.devices["undulator"], facility.ring)


@pytest.mark.parametrize(
    ("gap_mm", "k", "first_ev"),
    [(5, 2.5942, 890), (6, 2.1328, 1186), (8, 1.4691, 1869), (10, 1.0377, 2525)],
)
def test_undulator_k_and_first_harmonic(undulator, gap_mm, k, first_ev):
    assert undulator.k(gap_mm) == pytest.approx(k, abs=1e-4)
    assert undulator.energy_ev(gap_mm) == pytest.approx(first_ev, abs=1)


@pytest.mark.parametrize(("n", "energy_ev"), [(1, 1294.96), (3, 3884.87)])
def test_undulator_energy_at_k_2(undulator, n, energy_ev):
    assert undulator.energy_ev(undulator.gap_for_k(2.0), n) == pytest.approx(energy_ev, rel=1e-5)


@pytest.mark.parametrize(("energy_ev", "n", "gap_mm"), [(2100, 1, 8.67), (7112, 3, 9.50), (15000, 7, 8.80)])
def test_undulator_inverse_tuning(undulator, energy_ev, n, gap_mm):
    assert undulator.gap_mm(energy_ev, n) == pytest.approx(gap_mm, abs=0.006)


@pytest.mark.parametrize(("n", "k", "strength"), [(1, 1, 0.36806), (1, 2, 0.29020), (3, 2, 0.42288), (5, 2, 0.41253)])
def test_kim_coupling(n, k, strength):
    assert coupling(np.array([float(n)]), np.array([float(k)]))[0] == pytest.approx(strength, abs=1e-5)


def test_even_harmonics_have_no_light_on_axis():
    assert coupling(np.array([2.0]), np.array([1.0]))[0] == 0


def test_undulator_flux_and_power_at_k_2(undulator):
    gap = undulator.gap_for_k(2.0)
    assert undulator.flux_density(gap, 1, 400) == pytest.approx(6.577e18, rel=1e-3)
    assert undulator.flux_density(gap, 3, 400) == pytest.approx(9.585e18, rel=1e-3)
    assert undulator.central_cone(gap, 1, 400) == pytest.approx(9.468e15, rel=1e-3)
    assert undulator.power_kw(gap, 400) == pytest.approx(9.03, abs=0.005)


@pytest.mark.parametrize(
    ("energy_ev", "angle_deg"), [(8048, 14.2206), (7112, 16.1401), (2472, 53.1085), (2100, 70.2961)]
)
def test_bragg_angle(energy_ev, angle_deg):
    assert crystal.bragg_deg(energy_ev, SI111) == pytest.approx(angle_deg, abs=6e-5)


def test_bragg_spacing_and_slope():
    assert pytest.approx(3.135601, abs=5e-7) == SI111
    angle = crystal.bragg_deg(7112, SI111)
    step = math.degrees(1e-6)
    slope = (crystal.energy_ev(angle - step, SI111) - crystal.energy_ev(angle + step, SI111)) / 2
    assert slope == pytest.approx(0.02458, abs=1e-5)


def test_fixed_exit_geometry():
    assert crystal.perp_mm(12.5, 25.0) == pytest.approx(12.803, abs=5e-4)
    assert crystal.translation_mm(12.5, 25.0) == pytest.approx(57.753, abs=5e-4)


def test_darwin_width_at_8048(bl09u):
    pair = CrystalPair(bl09u[1].devices["dcm"])
    angle = math.radians(pair.bragg_deg(8048))
    assert pair.darwin_fwhm_ev(8048) == pytest.approx(1.1473, abs=2e-4)
    assert pair.darwin_fwhm_ev(8048) / 8048 == pytest.approx(1.4256e-4, rel=2e-4)
    curve = darwin(np.array([8048.0]), (1, 1, 1))
    assert curve.fwhm[0] * math.tan(angle) * 1e6 == pytest.approx(36.13, abs=0.01)
    assert curve.offset[0] * math.tan(angle) * 1e6 == pytest.approx(31.80, abs=0.01)


@pytest.mark.parametrize("energy_ev", [2100.0, 2472.0, 7112.0, 15000.0])
@pytest.mark.parametrize("order", [1, 3, 4, 5])
def test_darwin_curves_are_those_of_xraydb(bl09u, energy_ev, order):
    pair = CrystalPair(bl09u[1].devices["dcm"])
    theirs = xraydb.darwin_width(order * energy_ev, hkl=(order, order, order), a=float(constants.SILICON_LATTICE))
    assert pair.darwin_fwhm_ev(energy_ev, order) == pytest.approx(theirs.energy_fwhm, rel=2e-3)
    step = abs(theirs.denergy[1] - theirs.denergy[0])
    assert pair.throughput_ev(energy_ev, order) == pytest.approx(np.sum(theirs.intensity**2) * step, rel=0.03)
    assert pair.rocking_fwhm_urad(energy_ev, order) == pytest.approx(theirs.rocking_theta_fwhm * 1e6, rel=0.03)


@pytest.mark.parametrize(
    ("formula", "density", "thickness_cm", "energy_ev", "transmission"),
    [("Al", 2.70, 10e-4, 8048, 0.8750), ("Be", 1.848, 250e-4, 2100, 0.0511)],
)
def test_filters(formula, density, thickness_cm, energy_ev, transmission):
    through = math.exp(-mu_t(formula, density, thickness_cm, np.array([float(energy_ev)]))[0])
    assert through == pytest.approx(transmission, abs=2e-3)


def test_absorption_and_edges_of_iron():
    low, high = mu_cm2_per_g("Fe", np.array([7100.0, 7125.0]))
    assert (low, high) == (pytest.approx(53.44, abs=0.01), pytest.approx(405.90, abs=0.01))
    assert [edges_ev(one)["K"] for one in ("S", "Fe", "Cu")] == [2472, 7112, 8979]
    assert core_width_ev("Fe", "K") == pytest.approx(1.25)


def _chamber(bl09u, gas, length_mm):
    chamber = bl09u[1].devices["i0"].model_copy(update={"gas": gas, "length_mm": length_mm})
    return IonChamber("test", chamber)


def test_ion_chamber_with_nitrogen(bl09u):
    response = _chamber(bl09u, {"nitrogen": 1.0}, 100.0).response(8048.0)
    assert 1e-6 / response.charge_c == pytest.approx(1.6067e11, rel=1e-3)
    assert response.transmission == pytest.approx(1.4643e11 / 1.6067e11, rel=1e-4)


def test_ion_chamber_with_nitrogen_and_helium(bl09u):
    response = _chamber(bl09u, {"nitrogen": 0.5, "helium": 0.5}, 50.0).response(2472.0)
    assert 1e-9 / response.charge_c == pytest.approx(8.710e7, rel=1e-3)


@pytest.mark.parametrize("energy_ev", [2100.0, 7112.0, 15000.0, 45000.0, 75000.0])
@pytest.mark.parametrize("name", ["i0", "it"])
def test_ion_chambers_of_the_beamline_are_those_of_xraydb(bl09u, name, energy_ev):
    chamber = bl09u[1].devices[name]
    response = IonChamber(name, chamber).response(energy_ev)
    theirs = xraydb.ionchamber_fluxes(
        gas=dict(chamber.gas), volts=1.0, length=chamber.length_mm / 10, energy=energy_ev, sensitivity=1e-6
    )
    assert 1e-6 / response.charge_c == pytest.approx(theirs.incident, rel=1e-3)
    assert response.transmission == pytest.approx(theirs.transmitted / theirs.incident, rel=1e-4)


@pytest.mark.parametrize(("lifetime_h", "band", "interval_s"), [(10, 0.005, 180.45), (5, 0.001, 18.01)])
def test_topup_interval(bl09u, lifetime_h, band, interval_s):
    ring = bl09u[0].ring.model_copy(update={"lifetime_h": float(lifetime_h), "topup_band_rel": band})
    model = RingModel(ring, seed=1)
    first = model.next_injection_s(0.0)
    assert model.next_injection_s(first + 1e-6) == pytest.approx(interval_s, abs=0.01)


def test_charge_per_topup_shot(bl09u):
    ring = bl09u[0].ring
    revolution_s = ring.circumference_m / constants.SPEED_OF_LIGHT
    model = RingModel(ring, seed=1)
    shot = model.next_injection_s(0.0)
    gained_a = (model.current_ma(shot + 1e-6) - model.current_ma(shot - 1e-6)) * 1e-3
    assert gained_a * revolution_s * 1e9 == pytest.approx(2.327, abs=0.05)
    assert 0.4 * revolution_s * 1e9 == pytest.approx(465.45, abs=0.05)


def test_rf_frequency_closes_on_the_circumference(bl09u):
    ring = bl09u[0].ring
    frequency_mhz = ring.harmonic_number * constants.SPEED_OF_LIGHT / ring.circumference_m * 1e-6
    assert frequency_mhz == pytest.approx(508.75934, abs=1e-4)
    assert frequency_mhz == pytest.approx(ring.rf_frequency_mhz, rel=1e-5)


def test_every_constant_has_unit_and_source():
    named = {name: value for name, value in vars(constants).items() if isinstance(value, constants.Constant)}
    assert len(named) > 5
    assert all(value.unit and value.source for value in named.values())
