import math

import numpy as np
import pytest

from beam.apple import Rows
from beam.errors import OutOfReach
from beam.lineshape import natural_line
from beam.polarisation import CIRCULAR_MINUS, CIRCULAR_PLUS, HORIZONTAL, VERTICAL, stokes
from beam.segmented import SegmentedUndulator, SourceState


@pytest.fixture(scope="module")
def undulator(bl13u):
    facility, beamline = bl13u
    return SegmentedUndulator(beamline.devices["undulator"], facility.ring)


@pytest.fixture(scope="module")
def whole(bl13u):
    """The same magnets in one piece."""
    facility, beamline = bl13u
    facts = beamline.devices["undulator"]
    one = {"segments": 1, "periods_per_segment": 64, "phases": facts.phases[:1], "shifters": []}
    return SegmentedUndulator(facts.model_copy(update=one), facility.ring)


@pytest.mark.parametrize("polarisation", [HORIZONTAL, VERTICAL, CIRCULAR_PLUS, CIRCULAR_MINUS])
def test_segments_in_step_are_one_undulator(undulator, whole, polarisation):
    energies = np.linspace(680, 720, 41).tolist()
    many = undulator.light(energies, undulator.state(700.0, polarisation), 400)
    one = whole.light(energies, whole.state(700.0, polarisation), 400)
    assert np.array(many) == pytest.approx(np.array(one), rel=1e-9, abs=1e3)


@pytest.mark.parametrize("n", [1, 3, 5])
def test_the_line_is_the_natural_one_broadened(whole, n):
    """Held against the closed form that planar undulators use, an independent way to the same average."""
    energy = 700.0 * n
    state = whole.state(energy, HORIZONTAL, n)
    k = math.hypot(*whole.array.k(state.gap_mm, state.rows[0]))
    strength = stokes(*whole.array.amplitudes(state.gap_mm, state.rows[0], n)).s0
    cone = 1.431e14 * 64 * 0.4 * strength
    share = whole.electrons.accepted(np.array([energy]), whole.length_m, whole.facts.acceptance_urad)[0]
    spread = n * 64 * whole.electrons.spread(k)
    for detuned in (-0.5, 0.0, 0.2, 1.0):
        at = energy * (1 + detuned / (n * 64))
        expected = cone * share * natural_line(detuned, spread)
        assert whole.light([at], state, 400)[0].s0 == pytest.approx(expected, rel=0.02, abs=0.005 * cone)


def test_shifters_switch_the_helicity_and_nothing_else(undulator):
    plus, minus = undulator.switching_states(706.8)
    assert plus._replace(shifters_deg=()) == minus._replace(shifters_deg=())
    assert plus.shifters_deg == (0.0, 0.0, 180.0)
    first, second = (undulator.light([706.8], state, 400)[0] for state in (plus, minus))
    # energy spread and divergence keep a few per cent of the other half
    assert 0.93 < first.p3 < 0.99
    assert second.p3 == pytest.approx(-first.p3, rel=1e-9)
    assert second.s0 == pytest.approx(first.s0, rel=1e-9)
    # half of the periods in step: a quarter of the light, and a little more as the shorter line is blurred less
    full = undulator.light([706.8], undulator.state(706.8, CIRCULAR_PLUS), 400)[0]
    assert first.s0 == pytest.approx(full.s0 / 4, rel=0.1)


def test_without_spread_the_other_half_vanishes(undulator, bl13u):
    facility, beamline = bl13u
    ideal = facility.ring.model_copy(update={"energy_spread_rel": 1e-7, "emittance_nm_rad": 1e-7})
    perfect = SegmentedUndulator(beamline.devices["undulator"], ideal)
    plus, _ = perfect.switching_states(706.8)
    assert perfect.light([706.8], plus, 400)[0].p3 == pytest.approx(1, abs=1e-6)
    # beside the harmonic the spectrum of the half out of step splits: its light is there
    side = 706.8 * (1 + 1 / 64)
    assert perfect.light([side], plus, 400)[0].p3 < 0.5


def test_opposite_halves_in_step_give_linear_light_that_the_middle_shifter_turns(undulator):
    plus, _ = undulator.switching_states(706.8)
    angles = []
    for middle in (0.0, 90.0, 180.0):
        light = undulator.light([706.8], SourceState(plus.gap_mm, plus.rows, (0.0, middle, 0.0)), 400)[0]
        assert abs(light.p3) < 0.02
        angles.append(light.angle_deg)
    assert (angles[1] - angles[0]) % 180 == pytest.approx(45, abs=2) or (angles[0] - angles[1]) % 180 == pytest.approx(
        45, abs=2
    )
    assert (angles[2] - angles[0]) % 180 == pytest.approx(90, abs=2)


def test_a_half_turn_between_all_segments_extinguishes_the_line(undulator):
    state = undulator.state(700.0, HORIZONTAL)
    dark = state._replace(shifters_deg=(180.0, 180.0, 180.0))
    assert undulator.light([700.0], dark, 400)[0].s0 < 0.03 * undulator.light([700.0], state, 400)[0].s0


def test_one_segment_has_no_fast_switching(whole):
    with pytest.raises(OutOfReach, match="two groups of two or more segments, this undulator has 1 in 1"):
        whole.switching_states(700.0)


def test_switching_beyond_circular_light_is_refused(undulator):
    with pytest.raises(OutOfReach, match=r"circular\+ .* it is within reach of horizontal"):
        undulator.switching_states(2000.0)


def test_an_open_gap_gives_no_undulator_light(undulator):
    state = SourceState(60.0, (Rows(0.0), Rows(0.0)), (0.0, 0.0, 0.0))
    assert undulator.light([700.0, 1500.0], state, 400) == [(0, 0, 0, 0)] * 2
    assert undulator.first_harmonic_ev(state) is None
    assert undulator.power_kw(state, 400) == 0


def test_power_adds_both_planes(undulator):
    state = undulator.state(706.8, CIRCULAR_PLUS)
    x, y = (abs(field) for field in undulator.array.fields_t(state.gap_mm, state.rows[0]))
    length = 64 * 0.056
    assert undulator.power_kw(state, 400) == pytest.approx(0.633 * 9 * (x * x + y * y) * length * 0.4, rel=1e-6)


def test_flux_of_the_central_cone(bl09u, bl13u):
    """X-ray Data Booklet: Q_1(2) = 0.8706, 70 periods, 0.4 A."""
    facility, beamline = bl13u
    facts = beamline.devices["undulator"].model_copy(
        update={"segments": 1, "periods_per_segment": 70, "shifters": [], "acceptance_urad": 1e5}
    )
    ideal = facility.ring.model_copy(update={"energy_spread_rel": 1e-7, "emittance_nm_rad": 1e-7})
    undulator = SegmentedUndulator(facts, ideal)
    energy = 1e3 * 0.949634 * 9 / 5.6 / 3
    light = undulator.light([energy], undulator.state(energy, HORIZONTAL, 1), 400)[0]
    assert light.s0 == pytest.approx(3.488e15, rel=1e-3)
