"""Spectra gate by gate, the light along a way, and a sample that is turned."""

import math
import tomllib

import numpy as np
import pytest

from beam import facts
from beam.clock import ExperimentClock
from beam.facts import ConfigError
from beam.flight import SeenOnTheWay
from beam.gated_pulses import GatedPulses
from beam.line import Line
from beam.sample import load_sample
from beam.spectrometer import PulseLine

BL09U = facts.load("bl09u")
SDD = BL09U[1].devices["sdd"]
IRON = [PulseLine(6.4, 2e5), PulseLine(7.06, 3e4)]


@pytest.fixture(scope="module")
def line():
    return Line(*BL09U, load_sample("fe_foil", facts.config_dir()), seed=1, clock=ExperimentClock())


def test_spectra_have_the_counts_that_the_live_time_leaves():
    pulses = GatedPulses(1, "sdd", SDD)
    real = np.full(200, 0.01)
    found = pulses.count(0, np.tile(pulses.rates(IRON), (200, 1)), real)
    total = 2.3e5 + SDD.background_rate_hz
    np.testing.assert_allclose(found.input_hz, total)
    np.testing.assert_allclose(found.live_s, real / (1 + 1e-6 * SDD.dead_time_us * total))
    low, high = SDD.channels_of(6.2, 6.6)
    ka = found.counts[:, low : high + 1].sum(axis=1)
    corrected = ka * found.real_s / found.live_s
    assert corrected.mean() == pytest.approx(2e5 * 0.01, rel=0.01)
    assert ka.std() == pytest.approx(math.sqrt(ka.mean()), rel=0.2)
    np.testing.assert_allclose(found.output_hz, found.counts.sum(axis=1) / 0.01)


def test_a_gate_s_counts_depend_on_its_number_not_on_the_block():
    rates = np.tile(GatedPulses(1, "sdd", SDD).rates(IRON), (6, 1))
    whole = GatedPulses(1, "sdd", SDD).count(10, rates, np.full(6, 0.01))
    part = GatedPulses(1, "sdd", SDD).count(13, rates[:3], np.full(3, 0.01))
    np.testing.assert_array_equal(whole.counts[3:], part.counts)
    other = GatedPulses(2, "sdd", SDD).count(10, rates, np.full(6, 0.01))
    assert (other.counts != whole.counts).any()


def test_what_is_seen_on_the_way_is_what_is_seen_there(line):
    for axis, at in {"undulator.gap": 6.76855, "dcm.bragg": 15.9375, "dcm.perp": 12.9997}.items():
        line.axes[axis].move_to(at)
    way = {"sample_stage.x": np.linspace(-3.0, -1.0, 41)}
    seen = SeenOnTheWay(line.apart(), lambda one: np.array(one.beam_behind_at(2.0)), way)
    found = seen.numbers(0, 41)
    for gate in (0, 20, 40):
        line.axes["sample_stage.x"].move_to(float(way["sample_stage.x"][gate]))
        np.testing.assert_allclose(found[gate], line.beam_behind_at(2.0), rtol=1e-6)
    assert found[0, 1] > 1.5 * found[-1, 1]  # the way leads from beside the sample onto it
    line.axes["sample_stage.x"].move_to(0.0)


def test_a_turned_sample_is_thicker(line):
    line.axes["dcm.bragg"].move_to(15.9375)
    upright = line.transmission()[0]
    line.axes["sample_stage.omega"].move_to(60.0)
    assert line.transmission()[0] == pytest.approx(upright**2, rel=0.02)  # 1/cos 60° = 2
    line.axes["sample_stage.omega"].move_to(0.0)
    assert line.transmission()[0] == upright


@pytest.mark.parametrize(
    ("device", "change", "words"),
    [
        ("flyer", {"triggers": ["sdd", "sdd"]}, "each can be there once"),
        ("flyer", {"triggers": ["i0"]}, "'i0' is no camera or spectrometer"),
        ("sdd", {"mapping": None}, "'sdd' has no table `mapping`"),
        ("sample_stage", {"omega": {"high_deg": 89.0}}, "-80 … 80 is allowed"),
    ],
)
def test_what_is_wired_must_be_there(device, change, words):
    raw = tomllib.loads((facts.config_dir() / "bl09u.toml").read_text())
    for key, value in change.items():
        if isinstance(value, dict):
            raw["devices"][device][key] |= value
        elif value is None:
            del raw["devices"][device][key]
        else:
            raw["devices"][device][key] = value
    with pytest.raises(ConfigError, match=words):
        facts.validate(facts.Beamline, raw, facts.config_dir() / "bl09u.toml")
