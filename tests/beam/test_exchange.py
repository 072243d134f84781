"""Two pairs of crystals: planes, widths and orders follow the one that is in the beam."""

import numpy as np
import pytest
import xraydb

from beam import constants, facts
from beam.errors import ConfigError


@pytest.fixture
def si311(bench):
    one = bench()
    one.line.axes["dcm.exchange"].move_to(40.0)
    return one


def test_spacing_and_angle(si311):
    """Si(311): 1.63751 Å; 12 keV at 18.4006 deg (by hand from 12398.42/2dE)."""
    assert si311.line.crystals.d_angstrom == pytest.approx(1.63751, abs=1e-5)
    assert si311.line.crystals.bragg_deg(12_000.0) == pytest.approx(18.388, abs=0.005)


@pytest.mark.parametrize("energy_ev", [6000.0, 9000.0, 14_000.0])
def test_darwin_width_is_that_of_xraydb(si311, energy_ev):
    theirs = xraydb.darwin_width(energy_ev, hkl=(3, 1, 1), a=float(constants.SILICON_LATTICE))
    assert si311.line.crystals.darwin_fwhm_ev(energy_ev) == pytest.approx(theirs.energy_fwhm, rel=2e-3)


def test_311_is_narrower_and_darker_than_111(bench, si311):
    one = bench()
    for bench_ in (one, si311):
        bench_.go(9000.0)
    assert si311.line.energy_ev() == pytest.approx(one.line.energy_ev(), abs=0.01)
    assert si311.line.crystals.darwin_fwhm_ev(9000.0) < 0.3 * one.line.crystals.darwin_fwhm_ev(9000.0)
    assert 0.05 < si311.line.flux_ph_per_s(1, 400.0) / one.line.flux_ph_per_s(1, 400.0) < 0.4


def test_the_second_order_of_311_is_forbidden_too(si311):
    assert 2 not in si311.line.crystals.orders
    assert 3 in si311.line.crystals.orders


def test_between_the_pairs_there_is_no_light(bench):
    one = bench()
    one.go(7112.0)
    one.line.axes["dcm.exchange"].move_to(20.0)
    assert one.line.flux_ph_per_s() == 0
    assert one.count() == pytest.approx([500, 500], rel=0.1)


def test_the_sample_is_asked_at_the_energy_of_the_pair_in_the_beam(bench):
    one = bench("fe_foil")
    one.go(7200.0)
    above = one.line.transmission()[0]
    one.count()
    one.line.axes["dcm.exchange"].move_to(40.0)  # at this angle Si(311) passes 13.8 keV
    expected = float(np.exp(-one.line.sample.mu_t(np.array([one.line.energy_ev()]))[0]))
    assert one.line.transmission()[0] == pytest.approx(expected, rel=1e-3)
    assert one.line._sample_passes()[0] == pytest.approx(expected, rel=1e-3)
    assert above < expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[devices.dcm]\nmiller = [3, 1, 1]\n", r"no pair of miller \[3, 1, 1\] is at exchange.start_mm 0"),
        ("[devices.dcm.pairs.Si311]\nposition_mm = 400.0\n", "pair Si311 at 400 mm is out of the exchange's reach"),
    ],
)
def test_pairs_that_do_not_fit_are_refused(tmp_path, text, words):
    (tmp_path / "facility.toml").write_text(f'extends = "{facts.config_dir()}"\n')
    (tmp_path / "bl09u.toml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        facts.load("bl09u", tmp_path)
