"""Table and beam stop: what of the beam meets a detector's window, and what goes past to a camera."""

import pytest

from beam import facts
from beam.errors import ConfigError
from beam.slits import gaussian_share


def test_the_table_at_the_right_height_takes_nothing(bench):
    one = bench()
    one.go(7112.0)
    before = one.i0_it()
    one.line.axes["table.y"].move_to(2.0)
    one.line.axes["table.z"].move_to(500.0)
    assert one.i0_it() == pytest.approx(before, rel=1e-3)


def test_a_window_whose_edge_is_in_the_middle_of_the_beam_halves_it(bench):
    one = bench()
    one.go(7112.0)
    i0, it = one.i0_it(10.0)
    for height in (-7.0, 7.0):
        one.line.axes["table.y"].move_to(height)
        assert one.i0_it(10.0)[0] == pytest.approx(i0, rel=1e-3)
        assert one.i0_it(10.0)[1] == pytest.approx(0.5 * it, rel=5e-3)


def test_an_offset_of_the_table_shows_where_its_edges_are(bench):
    one = bench(table_y=0.4)
    one.go(7112.0)
    it = one.i0_it(10.0)[1]
    one.line.axes["table.y"].move_to(6.6)
    assert one.i0_it(10.0)[1] == pytest.approx(0.5 * it, rel=5e-3)


def test_the_beam_stop_stops_the_beam_where_it_is_in(bench):
    one = bench()
    one.go(7112.0)
    assert one.line.past_beam_stop() < 1e-9
    one.line.axes["beam_stop.y"].move_to(3.0)
    assert one.line.past_beam_stop() == pytest.approx(0.5, abs=1e-3)
    one.line.axes["beam_stop.y"].move_to(25.0)
    assert one.line.past_beam_stop() == 1.0


def test_a_small_beam_stop_leaves_the_tails_of_the_beam(bench):
    one = bench()
    one.go(7112.0)
    spot = one.line.spot()
    one.line.axes["beam_stop.y"].move_to(3.0 + 0.5)
    scale = 46.2 / 44.0
    expected = gaussian_share(-99.0, 0.5, spot.rms_y_mm * scale)
    assert one.line.past_beam_stop() == pytest.approx(expected, rel=1e-3)


def test_a_closed_valve_leaves_the_dark(bench):
    one = bench()
    one.go(7112.0)
    one.line.open["valve"] = False
    assert one.count() == pytest.approx([500, 500], rel=0.1)


def test_valves_are_open_at_the_start_and_shutters_closed(bl09u, config):
    from beam.clock import ExperimentClock
    from beam.line import Line
    from beam.sample import load_sample

    line = Line(*bl09u, load_sample("none", config), seed=1, clock=ExperimentClock())
    assert line.open == {"front_end": False, "shutter": False, "valve": True}


def test_a_table_that_carries_what_is_no_detector_is_refused(tmp_path):
    (tmp_path / "facility.toml").write_text(f'extends = "{facts.config_dir()}"\n')
    (tmp_path / "bl09u.toml").write_text('[devices.table]\ncarries = ["slits"]\n')
    with pytest.raises(ConfigError, match=r"devices.table.carries: 'slits' is no device of kind 'ion_chamber'"):
        facts.load("bl09u", tmp_path)
