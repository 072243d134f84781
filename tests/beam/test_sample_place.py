"""Where a stage has put the sample, and what of the beam meets it."""

import math

import pytest

from beam.clock import ExperimentClock
from beam.line import Line
from beam.sample import load_sample
from beam.sample_place import share_on_sample
from tests.beam.test_spectrometer import tune


@pytest.fixture(scope="module")
def stage(bl09u):
    return bl09u[1].devices["sample_stage"]


def test_far_from_its_edges_all_light_meets_the_sample(stage):
    assert share_on_sample(stage, 0.0, 0.0) == 1.0  # exactly: results do not change with a stage


def test_half_the_light_meets_it_at_an_edge_a_quarter_at_a_corner(stage):
    assert share_on_sample(stage, stage.left_mm, 0.0) == pytest.approx(0.5)
    assert share_on_sample(stage, 0.0, stage.top_mm) == pytest.approx(0.5)
    assert share_on_sample(stage, stage.right_mm, stage.bottom_mm) == pytest.approx(0.25)


def test_an_edge_is_as_wide_as_the_beam(stage):
    # half the width (FWHM) inside the edge: (1 + erf(√ln 2)) / 2
    half = 0.5e-3 * stage.beam_um[0]
    assert share_on_sample(stage, stage.left_mm + half, 0.0) == pytest.approx(
        0.5 + 0.5 * math.erf(math.sqrt(math.log(2)))
    )


def test_beside_the_sample_the_beam_passes_and_nothing_fluoresces(bl09u, config):
    line = Line(*bl09u, load_sample("fe_foil", config), seed=1, clock=ExperimentClock())
    line.open.update(dict.fromkeys(line.open, True))
    tune(line, 7200.0)
    on, through = line.pulse_light("sdd"), line.beam_behind().flux_ph_per_s
    line.axes["sample_stage.x"].move_to(20.0)
    off = line.pulse_light("sdd")
    assert sum(one.rate_hz for one in on.lines_per_ma) > 100
    assert off.lines_per_ma == ()
    assert line.beam_behind().flux_ph_per_s == pytest.approx(through / line.transmission()[0])
    line.axes["sample_stage.x"].move_to(bl09u[1].devices["sample_stage"].right_mm)
    half = line.pulse_light("sdd")
    assert half.lines_per_ma[0].rate_hz == pytest.approx(on.lines_per_ma[0].rate_hz / 2)
