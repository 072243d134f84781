"""What a sample sends out, against the tables themselves (xraydb) and against limits that have a closed form."""

import math

import numpy as np
import pytest
import xraydb

from beam.fluorescence import Emission, Geometry, compton_ev
from beam.sample_formula import formula_sample
from beam.sample_model import model_sample

SQUARE = Geometry(45.0, 45.0, 1.0)
E = 8000.0


def line(emission, energy_ev, near):
    """Return photons per photon in the line nearest to an energy."""
    return min(emission.of(energy_ev), key=lambda one: abs(one.energy_ev - near)).per_photon


def test_a_thin_foil_sends_out_what_the_tables_say():
    foil = formula_sample("Fe 1nm")
    edge = xraydb.xray_edges("Fe")["K"]
    ka1 = xraydb.xray_lines("Fe")["Ka1"]
    area = xraydb.atomic_density("Fe") * 1e-7
    ionised = area * float(xraydb.mu_elam("Fe", E, kind="photo")) * (1 - 1 / edge.jump_ratio)
    expected = ionised * edge.fyield * ka1.intensity
    assert line(Emission(foil, SQUARE), E, ka1.energy) == pytest.approx(expected, rel=2e-3)


def test_scattering_of_a_thin_foil_is_the_cross_sections_share():
    foil = formula_sample("Al 1um")
    geometry = Geometry(45.0, 45.0, 0.25)
    area = xraydb.atomic_density("Al") * 1e-4
    escape = 1 - area * float(xraydb.mu_elam("Al", E))  # half of the way in, half of it out
    elastic = 0.25 * area * float(xraydb.mu_elam("Al", E, kind="coh")) * escape
    inelastic = 0.25 * area * float(xraydb.mu_elam("Al", E, kind="incoh")) * escape
    found = {round(one.energy_ev): one.per_photon for one in Emission(foil, geometry).of(E)}
    assert found[8000] == pytest.approx(elastic, rel=5e-3)
    assert found[round(compton_ev(E))] == pytest.approx(inelastic, rel=5e-3)


def test_compton_scattering_at_right_angles():
    # E / (1 + E / 510.99895 keV), by hand
    assert compton_ev(10_000.0) == pytest.approx(9808.06, abs=0.01)


@pytest.mark.parametrize(("incidence", "take_off"), [(45.0, 45.0), (30.0, 60.0), (80.0, 10.0)])
def test_self_absorption_of_a_thick_sample_has_its_closed_form(incidence, take_off):
    thick = formula_sample("Fe 1mm")
    edge, ka1 = xraydb.xray_edges("Fe")["K"], xraydb.xray_lines("Fe")["Ka1"]
    photo, total, out = (
        float(xraydb.mu_elam("Fe", *args)) for args in ((E, "photo"), (E, "total"), (ka1.energy, "total"))
    )
    ratio = math.sin(math.radians(incidence)) / math.sin(math.radians(take_off))
    expected = photo * (1 - 1 / edge.jump_ratio) / (total + ratio * out) * edge.fyield * ka1.intensity
    found = line(Emission(thick, Geometry(incidence, take_off, 1.0)), E, ka1.energy)
    assert found == pytest.approx(expected, rel=5e-3)


def test_nothing_fluoresces_below_its_edge():
    brass = Emission(formula_sample("CuZn 8.4g/cm3 1um"), SQUARE)
    at = {energy: {round(one.energy_ev, -1) for one in brass.of(energy)} for energy in (8900.0, 9300.0, 9800.0)}
    copper, zinc = 8050, 8640
    assert (copper in at[8900.0], zinc in at[8900.0]) == (False, False)
    assert (copper in at[9300.0], zinc in at[9300.0]) == (True, False)
    assert (copper in at[9800.0], zinc in at[9800.0]) == (True, True)


def test_l_lines_need_l_edges():
    lead = Emission(formula_sample("Pb 1um"), SQUARE)
    alpha = xraydb.xray_lines("Pb")["La1"].energy
    assert not any(abs(one.energy_ev - alpha) < 1 for one in lead.of(13_000.0))
    assert any(abs(one.energy_ev - alpha) < 1 for one in lead.of(13_100.0))


def test_a_model_s_edge_is_seen_in_its_fluorescence(config):
    foil = model_sample(config / "samples" / "fe_foil.toml")
    thin = Geometry(1.0, 89.0, 0.0)  # little way in, so that the line goes with the absorption
    emission = Emission(foil, thin)
    energies = np.arange(7105.0, 7160.0, 1.0)
    lines = np.array([line(emission, energy, 6405.2) for energy in energies])
    assert energies[np.argmax(np.gradient(lines))] == pytest.approx(foil.reference_ev, abs=2.0)
    # the EXAFS of the model shows, too: it is no bare step
    assert np.ptp(lines[30:]) > 0.02 * lines[-1]


def test_an_empty_beam_sends_out_nothing():
    from beam.sample_curve import empty

    assert Emission(empty(), SQUARE).of(E) == []
