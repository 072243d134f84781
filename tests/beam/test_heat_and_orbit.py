"""What drifts and shakes: heat on the crystals, and the direction of the electrons; and electrons from the sample."""

import math

import numpy as np
import pytest

from beam import facts
from beam.clock import ExperimentClock
from beam.heat_load import HeatLoad
from beam.line import Line
from beam.orbit import OrbitNoise
from beam.sample import load_sample

TAU_S, PER_KW = 600.0, 0.3


@pytest.fixture
def heat():
    source = {"default": "assumed"}
    return HeatLoad(facts.HeatLoad(behind="front_end", pitch_urad_per_kw=PER_KW, time_constant_s=TAU_S, source=source))


@pytest.fixture
def line(bl09u, config):
    made = Line(*bl09u, load_sample("fe_foil", config), seed=4, clock=ExperimentClock())
    go(made, 7200.0)
    return made


def go(line, energy_ev):
    bragg = line.crystals.bragg_deg(energy_ev)
    line.axes["undulator.gap"].move_to(line.undulator.gap_mm(energy_ev, line.undulator.best_harmonic(energy_ev)))
    line.axes["dcm.bragg"].move_to(bragg)
    line.axes["dcm.perp"].move_to(line.crystals.perp_mm(bragg))


def after(heat, now_s, power_kw):
    heat.go_on(now_s, power_kw)
    return heat.pitch_urad


def test_heat_is_approached_exponentially_and_lost_again(heat):
    assert after(heat, 100.0, 10.0) == 0.0
    assert after(heat, 100.0 + TAU_S, 10.0) == pytest.approx(10 * PER_KW * (1 - math.exp(-1)), abs=0.01)
    assert after(heat, 1e6, 0.0) == pytest.approx(10 * PER_KW, abs=0.01)
    assert after(heat, 1e6 + TAU_S, 0.0) == pytest.approx(10 * PER_KW * math.exp(-1), abs=0.01)


def test_how_often_one_looks_does_not_matter_while_the_power_stays(heat):
    for now in np.linspace(0.0, TAU_S, 50):
        last = after(heat, float(now), 5.0)
    assert last == pytest.approx(5 * PER_KW * (1 - math.exp(-1)), abs=0.01)


def test_the_crystals_drift_only_with_light_on_them(line):
    for dwell_s in (0.1, 600.0, 0.1):
        line.expose("counter", dwell_s)
    assert line.pitch_urad() == 0.0
    line.open["front_end"] = True
    line.expose("counter", 3000.0)
    power = line.undulator_power_kw()
    line.expose("counter", 0.1)
    drift = line.pitch_urad()
    assert drift == pytest.approx(PER_KW * power * (1 - math.exp(-5)), rel=0.02)
    assert line.course().slope_rad == pytest.approx(2e-6 * drift)


def test_an_unknown_shutter_before_the_crystals_is_refused(bl09u, config):
    facility, beamline = bl09u
    dcm = beamline.devices["dcm"]
    wrong = dcm.model_copy(update={"heat_load": dcm.heat_load.model_copy(update={"behind": "frontend"})})
    other = beamline.model_copy(update={"devices": {**beamline.devices, "dcm": wrong}})
    with pytest.raises(Exception, match="frontend"):
        Line(facility, other, load_sample("none", config), seed=4, clock=ExperimentClock())


def test_the_orbit_averages_over_an_exposure(bl09u):
    ring = bl09u[0].ring
    noise = OrbitNoise(ring, 3)
    for dwell_s in (0.0, 1.0, 10.0):
        shakes = np.array([noise.at(index, dwell_s) for index in range(4000)])
        expected = 1e-6 * ring.orbit_rms_urad / math.sqrt(1 + 2 * ring.orbit_bandwidth_hz * dwell_s)
        assert shakes.std(axis=0) == pytest.approx([expected] * 2, rel=0.05)
        assert abs(shakes.mean()) < 0.1 * expected


def test_a_shaking_beam_is_seen_where_a_blade_cuts_it(line):
    for shutter in line.open:
        line.open[shutter] = True

    def spread():
        counts = np.array([line.expose("counter", 0.01).counts[2] for _ in range(200)])
        return counts.std() / counts.mean()

    wide = spread()
    line.axes["slits.bottom"].move_to(0.0)  # half of the beam: here its height matters most
    assert spread() > 3 * wide


def test_electron_yield_follows_absorption_and_energy(line, config):
    for shutter in line.open:
        line.open[shutter] = True
    edge = line.sample.reference_ev
    found = []
    for energy in (edge - 100.0, edge + 100.0):
        go(line, energy)
        counts = line.expose("counter", 10.0).counts
        dark = 500.0 * 10.0
        found.append((counts[4] - dark) / (counts[2] - dark))
    mu = line.sample.mu_t(np.array([edge - 100.0, edge + 100.0]))
    # thin against the escape depth: in proportion to µ·t, and to the energy; I0 takes its part by E⁻³ or so
    assert found[1] / found[0] == pytest.approx(mu[1] / mu[0], rel=0.1)
    line.sample = load_sample("none", config)
    assert line.expose("counter", 10.0).counts[4] == pytest.approx(5000.0, abs=50)
