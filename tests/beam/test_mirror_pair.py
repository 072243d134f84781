"""Mirrors of the hard X-ray line: against xraydb, critical angles from the literature, and in the counts."""

import math

import numpy as np
import pytest
import xraydb

from beam import facts
from beam.errors import ConfigError
from beam.mirror import reflectivity

STRIPES = {"Si": -15.0, "Rh": 0.0, "Pt": 15.0}


@pytest.mark.parametrize("coating", STRIPES)
@pytest.mark.parametrize("energy_ev", [2472.0, 7112.0, 14_000.0, 21_336.0, 45_000.0, 75_000.0])
@pytest.mark.parametrize("grazing_mrad", [2.0, 4.0])
def test_reflectivity_is_that_of_xraydb_up_to_the_highest_orders(coating, energy_ev, grazing_mrad):
    theirs = xraydb.mirror_reflectivity(coating, grazing_mrad * 1e-3, np.array([energy_ev]), roughness=3.0)[0]
    ours = reflectivity(coating, math.degrees(grazing_mrad * 1e-3), np.array([energy_ev]), 0.3)[0]
    assert ours == pytest.approx(theirs, rel=5e-3, abs=1e-7)


@pytest.mark.parametrize(("coating", "mrad_kev"), [("Si", 31.0), ("Rh", 67.0), ("Pt", 82.0)])
def test_the_cut_off_is_at_the_critical_angle(coating, mrad_kev):
    """θc E = 31, 67 and 82 mrad keV for silicon, rhodium and platinum (commonly quoted for mirrors)."""
    angle_mrad = 3.0
    energies = 1e3 * mrad_kev / angle_mrad * np.linspace(0.8, 1.2, 801)  # without the edges of platinum
    values = reflectivity(coating, math.degrees(angle_mrad * 1e-3), energies)
    falls = energies[np.argmin(np.gradient(values, energies))]
    assert falls == pytest.approx(1e3 * mrad_kev / angle_mrad, rel=0.04)


def put(one, **axes):
    for key, at in axes.items():
        one.line.axes[f"mirror.{key}"].move_to(at)


def fluxes(one):
    return np.array([one.line.flux_ph_per_s(order, 400.0) for order in (1, 3)])


def test_at_the_start_the_mirrors_are_out_and_change_nothing(bench):
    one = bench()
    one.go(7112.0)
    before = fluxes(one)
    put(one, pitch=1000.0)
    assert (fluxes(one) == before).all()


@pytest.mark.parametrize("stripe", STRIPES)
def test_two_reflections_in_first_and_third_order(bench, stripe):
    one = bench()
    one.go(4000.0)
    before = fluxes(one)
    put(one, x=STRIPES[stripe], pitch=4000.0)
    once = xraydb.mirror_reflectivity(stripe, 4e-3, np.array([4000.0, 12_000.0]), roughness=3.0)
    assert fluxes(one) / before == pytest.approx(once**2, rel=0.01)


def test_the_third_order_is_rejected_and_the_first_is_not(bench):
    """S K: 2472 eV and 7416 eV; silicon at 6 mrad is cut off at 5.2 keV."""
    one = bench()
    one.go(2472.0, harmonic=1)
    before = fluxes(one)
    put(one, x=STRIPES["Si"], pitch=6000.0)
    first, third = fluxes(one) / before
    assert first > 0.6
    assert third < 2e-3


def test_between_stripes_and_at_no_angle_there_is_no_light(bench):
    one = bench()
    one.go(7112.0)
    put(one, x=7.4, pitch=4000.0)
    assert fluxes(one)[0] == 0
    put(one, x=0.0, pitch=0.0)
    assert fluxes(one)[0] == 0
    assert one.count() == pytest.approx([500, 500], rel=0.1)


def test_a_short_footprint_cuts_the_beam(bench):
    """At 0.5 mrad 600 mm of mirror are 0.3 mm high, less than the beam."""
    one = bench()
    one.go(7112.0)
    put(one, x=0.0, pitch=500.0)
    rms = one.line.optics.profile.rms_mm(7112.0, 44.0)[1] * 36 / 44
    reflected = xraydb.mirror_reflectivity("Rh", 5e-4, np.array([7112.0]), roughness=3.0)[0] ** 2
    whole = bench()
    whole.go(7112.0)
    share = math.erf(0.15 / (math.sqrt(2) * rms)) / math.erf(0.72 / (math.sqrt(2) * rms))
    assert fluxes(one)[0] / fluxes(whole)[0] == pytest.approx(reflected * share, rel=0.02)


def test_stripes_that_overlap_are_refused(tmp_path):
    (tmp_path / "facility.toml").write_text(f'extends = "{facts.config_dir()}"\n')
    (tmp_path / "bl09u.toml").write_text("[devices.mirror.stripes.Rh]\nwidth_mm = 30.0\n")
    with pytest.raises(ConfigError, match=r"devices.mirror: stripes Si and Rh overlap"):
        facts.load("bl09u", tmp_path)
