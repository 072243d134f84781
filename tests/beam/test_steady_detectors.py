"""What detectors without a beamline see: spectra, currents, voltages and frames, against their averages."""

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
import pytest

from beam.frames import MOST, FrameSource
from beam.oscillation import Oscillation
from beam.picoammeter import Picoammeter
from beam.pulses import PulseSource, fwhm_ev


@dataclass
class Line:
    energy_kev: float
    rate_hz: float


@dataclass
class Spectrum:
    channels: int = 1024
    channel_kev: float = 0.02
    offset_kev: float = 0.0
    noise_ev: float = 50.0
    dead_time_us: float = 5.0
    background_rate_hz: float = 1000.0
    background_decay_kev: float = 4.0
    lines: list = field(default_factory=lambda: [Line(6.404, 2.0e4)])


def test_a_silicon_detector_resolves_manganese_as_they_do():
    # the number of pairs alone sets a limit of 118 … 120 eV at Mn Kα (5.895 keV); good drift detectors reach 125 … 130
    assert fwhm_ev(5.895, 0.0) == pytest.approx(119.0, abs=1.0)
    assert 125 < fwhm_ev(5.895, 45.0) < 130


def test_the_line_stands_where_it_should_and_the_rest_is_background():
    source = PulseSource(1, "a", Spectrum())
    assert source.rates_hz.sum() == pytest.approx(2.1e4, rel=0.01)
    assert abs(source.rates_hz.argmax() * 0.02 - 6.404) < 0.02
    above_half = np.flatnonzero(source.rates_hz > source.rates_hz.max() / 2)
    assert len(above_half) * 0.02 == pytest.approx(fwhm_ev(6.404, 50.0) / 1e3, abs=0.03)
    assert source.rates_hz[50] / source.rates_hz[150] == pytest.approx(math.exp(2.0 / 4.0), rel=1e-3)


def test_dead_time_takes_its_share():
    assert PulseSource(1, "a", Spectrum()).live_share == pytest.approx(1 / (1 + 5e-6 * 2.1e4))


def test_counts_depend_on_seed_name_and_number_but_not_on_who_looks():
    once = PulseSource(1, "a", Spectrum())
    often, other = PulseSource(1, "a", Spectrum()), PulseSource(2, "a", Spectrum())
    for _ in range(2):
        plain, watched = once.begin(2.0), often.begin(2.0)
        seen = [watched.until(live_s) for live_s in (0.3, 1.1, 1.9)]
        assert all((after >= before).all() for before, after in itertools.pairwise(seen))
        assert seen[0].sum() == pytest.approx(0.3 * 2.1e4, rel=0.05)
        assert (plain.until(2.0) == watched.until(2.0)).all()
        assert (other.begin(2.0).until(2.0) != plain.counts).any()
    assert (PulseSource(1, "a", Spectrum()).begin(2.0).until(2.0) != once.begin(2.0).until(2.0)).any()


@pytest.mark.parametrize("known", [True, False])
def test_counts_follow_poisson_also_on_the_way(known):
    source = PulseSource(3, "p", Spectrum())
    totals = [source.begin(1.0 if known else math.inf).until(0.4).sum() for _ in range(400)]
    mean = 0.4 * source.rates_hz.sum()
    assert np.mean(totals) == pytest.approx(mean, abs=5 * math.sqrt(mean / 400))
    assert np.var(totals) == pytest.approx(mean, rel=0.3)


def test_a_current_is_read_with_its_noise_or_saturates():
    meter = Picoammeter(1, "m", [1e-7, -1e-9, 5e-6], 1e-4, 1e-5, 24)
    readings = [meter.read(2.5e-6, 1000) for _ in range(200)]
    shot, own = 1.602e-19 * 1e-7 / 1e-4, (1e-5 * 2.5e-6) ** 2
    one_sample = math.sqrt(shot + own)
    first = np.array([one[0].mean_a for one in readings])
    assert first.mean() == pytest.approx(1e-7, abs=5 * one_sample / math.sqrt(200_000))
    assert first.std() == pytest.approx(one_sample / math.sqrt(1000), rel=0.3)
    assert readings[0][0].sigma_a == pytest.approx(one_sample, rel=0.1)
    assert readings[0][1].mean_a < 0
    assert readings[0][2] == (2.5e-6, 0.0, True)
    assert not readings[0][0].saturated
    again = Picoammeter(1, "m", [1e-7, -1e-9, 5e-6], 1e-4, 1e-5, 24)
    assert again.read(2.5e-6, 1000) == readings[0] != readings[1]
    assert again.read(2.5e-3, 1)[2].saturated is False


def test_a_voltage_oscillates():
    source = Oscillation(1, "v", 1.0, 0.5, 10.0, 0.01)
    first, second = source.samples(1000, 1e-3), source.samples(1000, 1e-3)
    assert first.mean() == pytest.approx(1.0, abs=0.002)
    assert abs(np.fft.rfft(first - first.mean())).argmax() == 10
    assert (first - second).std() == pytest.approx(0.01 * math.sqrt(2), rel=0.1)
    assert (Oscillation(1, "v", 1.0, 0.5, 10.0, 0.01).samples(1000, 1e-3) == first).all()


def test_frames_depend_on_their_number_and_saturate():
    source = FrameSource(1, "f", 64, 96, 1e4, 100.0)
    frame = source.frame(7, 1.0)
    assert (frame.shape, frame.dtype) == ((64, 96), np.uint16)
    assert frame[30:34, 46:50].mean() == pytest.approx(1.01e4, rel=0.02)
    assert frame[0].mean() == pytest.approx(100, rel=0.1)
    assert (source.frame(8, 1.0) != frame).any()
    assert (FrameSource(1, "f", 64, 96, 1e4, 100.0).frame(7, 1.0) == frame).all()
    assert source.frame(1, 100.0).max() == MOST
