"""Filters against xraydb, and the choice of foils for a transmission against all there are."""

import itertools
import math

import numpy as np
import pytest
import xraydb

from beam.filters import FoilSet


@pytest.fixture(scope="module")
def foils(bl09u):
    return FoilSet(bl09u[1].devices["filters"].foils)


@pytest.mark.parametrize("energy_ev", [2100.0, 7112.0, 15_000.0, 45_000.0])
def test_transmission_is_that_of_xraydb(foils, energy_ev):
    expected = math.exp(
        -xraydb.material_mu("Al", energy_ev, density=2.70) * 50e-4
        - xraydb.material_mu("Ti", energy_ev, density=4.51) * 250e-4
    )
    assert foils.transmission(["al_10", "al_40", "ti_250"], energy_ev) == pytest.approx(expected, rel=1e-6)


def test_ten_micrometres_of_aluminium_at_8048_ev(foils):
    """0.8750, by hand from µ = 49.5 cm²/g and 2.70 g/cm³."""
    assert foils.transmission(["al_10"], 8048.0) == pytest.approx(0.8750, abs=2e-3)


@pytest.mark.parametrize("energy_ev", [2472.0, 7112.0, 12_000.0])
def test_no_other_foils_come_nearer(foils, energy_ev):
    every = [chosen for n in range(9) for chosen in itertools.combinations(foils.foils, n)]
    logs = np.log([foils.transmission(one, energy_ev) for one in every])
    for wanted in (1.0, 0.7, 0.31, 0.05, 1e-3):
        found = math.log(foils.transmission(foils.best(wanted, energy_ev), energy_ev))
        assert abs(found - math.log(wanted)) == pytest.approx(np.min(np.abs(logs - math.log(wanted))), abs=1e-9)


def test_nothing_is_put_in_for_all_of_the_light(foils):
    assert foils.best(1.0, 7112.0) == ()


def test_foils_that_are_in_take_their_share_of_each_order(bench):
    one = bench()
    one.go(4000.0)
    line = one.line
    before = [line.flux_ph_per_s(order, 400.0) for order in (1, 3)]
    line.optics.filters["filters"].inserted["al_20"] = True
    ratios = [line.flux_ph_per_s(order, 400.0) / flux for order, flux in zip((1, 3), before, strict=True)]
    expected = [math.exp(-xraydb.material_mu("Al", energy, density=2.70) * 20e-4) for energy in (4000.0, 12_000.0)]
    assert ratios == pytest.approx(expected, rel=1e-3)
    assert ratios[1] > 5 * ratios[0]
