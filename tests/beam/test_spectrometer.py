"""A fluorescence spectrometer: what it gets, what it makes of it, and its noise."""

import math

import numpy as np
import pytest
import xraydb

from beam.clock import ExperimentClock
from beam.line import Line
from beam.pulses import fwhm_ev
from beam.sample import load_sample
from beam.spectrometer import Light, LivePulses, PulseLine, Spectrometer


@pytest.fixture(scope="module")
def sdd(bl09u):
    return bl09u[1].devices["sdd"]


@pytest.fixture
def line(bl09u, config):
    made = Line(*bl09u, load_sample("fe_foil", config), seed=1, clock=ExperimentClock())
    made.open.update(dict.fromkeys(made.open, True))
    return made


def tune(line, energy_ev):
    bragg = line.crystals.bragg_deg(energy_ev)
    line.axes["dcm.bragg"].move_to(bragg)
    line.axes["dcm.perp"].move_to(line.crystals.perp_mm(bragg))
    line.axes["undulator.gap"].move_to(line.undulator.gap_mm(energy_ev, 3))


def test_efficiency_is_window_air_and_silicon(sdd):
    energy = 6405.2
    expected = math.exp(
        -xraydb.material_mu("Be", energy) * 1e-4 * sdd.window_um
        - xraydb.material_mu("air", energy, density=0.001225) * 0.1 * sdd.air_mm
    ) * -math.expm1(-xraydb.material_mu("Si", energy) * 1e-4 * sdd.silicon_um)
    assert Spectrometer(sdd).efficiency(energy) == pytest.approx(expected, rel=5e-3)


def test_the_collimator_opens_its_share_of_the_sphere(sdd):
    # 0.2 mm² of 4π (500 mm)²
    assert Spectrometer(sdd).solid_angle_share == pytest.approx(6.366e-8, rel=1e-3)


def test_dead_time_is_that_of_a_detector_that_is_not_paralysed(sdd):
    facts = sdd.model_copy(update={"dead_time_us": 1.0, "background_rate_hz": 0.0})
    light = Light((PulseLine(6.4, 250.0),), 400.0)
    pulses = LivePulses(1, "sdd", facts, lambda: light)
    assert pulses.input_hz == pytest.approx(1e5)
    # n / (1 + n τ): 90 909 of 100 000 a second
    assert pulses.input_hz * pulses.live_share == pytest.approx(90_909, abs=1)


def test_a_line_has_its_width_and_all_its_pulses(sdd):
    pulses = LivePulses(1, "sdd", sdd, lambda: Light((PulseLine(6.4, 1000.0),), 1.0))
    energies = 1e3 * (sdd.offset_kev + sdd.channel_kev * np.arange(sdd.channels))
    rates = pulses.rates_hz - LivePulses(1, "sdd", sdd, lambda: Light((), 0.0)).rates_hz
    mean = float(rates @ energies) / rates.sum()
    assert rates.sum() == pytest.approx(1000.0)
    assert mean == pytest.approx(6400.0, abs=0.5)
    # a channel's own width adds its twelfth
    sigma = math.sqrt(float(rates @ (energies - mean) ** 2) / rates.sum() - (1e3 * sdd.channel_kev) ** 2 / 12)
    assert 2.35482 * sigma == pytest.approx(fwhm_ev(6.4, sdd.noise_ev), rel=1e-3)


def test_noise_depends_on_seed_name_and_number_alone(sdd):
    light = Light((PulseLine(6.4, 250.0),), 400.0)

    def spectra(seed, name, order):
        pulses, found = LivePulses(seed, name, sdd, lambda: light), {}
        for index in order:
            pulses.exposures = index
            found[index] = pulses.begin(0.1).until(0.1).tolist()
        return found

    assert spectra(1, "sdd", range(4)) == spectra(1, "sdd", reversed(range(4)))
    assert spectra(1, "sdd", [0]) != spectra(2, "sdd", [0])
    assert spectra(1, "sdd", [0]) != spectra(1, "other", [0])


def test_counts_follow_poisson_s_law(sdd):
    pulses = LivePulses(3, "sdd", sdd, lambda: Light((PulseLine(6.4, 250.0),), 400.0))
    totals = np.array([pulses.begin(0.01).until(0.01).sum() for _ in range(400)])
    assert totals.mean() == pytest.approx(1000.0, abs=5 * math.sqrt(1000 / 400))
    assert totals.var() / totals.mean() == pytest.approx(1.0, abs=5 * math.sqrt(2 / 400))


def test_light_reaches_it_only_while_all_shutters_are_open(line):
    tune(line, 7200.0)
    assert sum(one.rate_hz for one in line.pulse_light("sdd").lines_per_ma) > 0
    line.open["shutter"] = False
    assert line.pulse_light("sdd").lines_per_ma == ()


def test_fluorescence_goes_with_the_flux_that_meets_the_sample(line):
    tune(line, 7200.0)
    before = line.pulse_light("sdd")
    flux = line.flux_ph_per_s(current_ma=1.0)
    line.axes["dcm.pitch"].move_to(20.0)
    detuned = line.pulse_light("sdd")
    pairs = zip(before.lines_per_ma, detuned.lines_per_ma, strict=True)
    # the first order's lines come first; the third has its own rocking curve
    ratio = next(after.rate_hz / one.rate_hz for one, after in pairs if 6.3 < one.energy_kev < 6.5)
    assert ratio == pytest.approx(line.flux_ph_per_s(current_ma=1.0) / flux)


def test_another_sample_gives_another_spectrum(line, config):
    tune(line, 9100.0)
    iron = {round(one.energy_kev, 2) for one in line.pulse_light("sdd").lines_per_ma}
    line.sample = load_sample("Cu 5um", config)
    copper = {round(one.energy_kev, 2) for one in line.pulse_light("sdd").lines_per_ma}
    assert 6.41 in iron
    assert 6.41 not in copper
    assert 8.05 in copper


def test_air_is_what_the_tables_mix_it_of():
    from beam.absorber import gas_mu_per_cm

    energies = np.array([3000.0, 6405.2, 12_000.0])
    expected = [xraydb.material_mu("air", energy) for energy in energies]
    assert gas_mu_per_cm({"air": 1.0}, energies) == pytest.approx(expected, rel=1e-3)
