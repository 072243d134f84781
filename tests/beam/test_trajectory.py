"""Trajectories: each gate where it was asked for, and no axis beyond what it can."""

import numpy as np
import pytest

from beam.errors import OutOfReach
from beam.trajectory import Pace, Stretch, after, plan

X = Pace("x", "mm", -25.0, 25.0, 2.0, 0.1)
Y = Pace("y", "mm", -25.0, 25.0, 2.0, 0.1)


def line(start, stop, gates, gate_s, **still):
    return Stretch(
        {"x": np.linspace(start, stop, gates + 1), **{key: np.full(gates + 1, at) for key, at in still.items()}},
        np.full(gates, gate_s),
    )


def at(made, key, t):
    return np.interp(t, made.times, made.positions[key])


def within(made, paces):
    """Check speeds and accelerations of a table of points."""
    steps = np.diff(made.times)
    assert np.all(steps > 0)
    for key, positions in made.positions.items():
        speed = np.diff(positions) / steps
        assert np.max(np.abs(speed)) <= paces[key].velocity * (1 + 1e-6)
        change = np.diff(speed) / (0.5 * (steps[1:] + steps[:-1]))
        assert np.max(np.abs(change)) <= paces[key].acceleration * 1.05
        assert abs(speed[0]) < 0.1 * paces[key].velocity  # it starts and ends at rest
        assert abs(speed[-1]) < 0.1 * paces[key].velocity


def test_a_line_runs_up_and_down_outside_its_gates():
    made = plan([line(0.0, 1.0, 1000, 1e-3)], {"x": X})
    (row,) = made.gates
    assert (row.step_s, row.number) == (1e-3, 1000)
    edges = row.start_s + row.step_s * np.arange(1001)
    np.testing.assert_allclose(at(made, "x", edges), np.linspace(0, 1, 1001), atol=1e-9)
    assert made.positions["x"][0] < 0 < 1 < made.positions["x"][-1]
    assert made.duration_s < 1.2  # a second of gates
    within(made, {"x": X})


def test_a_raster_is_one_trajectory_whose_turns_are_within_reach():
    paces = {"x": X, "y": Y}
    lines = [line(0.0, 5.0, 100, 0.04, y=0.1 * n) for n in range(6)]
    lines = [one.reversed() if n % 2 else one for n, one in enumerate(lines)]
    made = plan(lines, paces)
    within(made, paces)
    assert made.number == 600
    for n, row in enumerate(made.gates):
        ends = np.array([row.start_s, row.start_s + row.number * row.step_s])
        np.testing.assert_allclose(at(made, "x", ends), [5.0, 0.0] if n % 2 else [0.0, 5.0], atol=1e-6)
        np.testing.assert_allclose(at(made, "y", ends), 0.1 * n, atol=1e-6)


def test_regions_of_different_speed_are_joined_without_a_gap():
    edges = np.concatenate((np.linspace(0, 1, 11), np.linspace(1.01, 1.2, 20)))
    made = plan([Stretch({"x": edges}, np.full(30, 0.1))], {"x": X})
    within(made, {"x": X})
    begin = made.gates[0].start_s
    middle = begin + 0.1 * (np.arange(30) + 0.5)
    asked = 0.5 * (edges[1:] + edges[:-1])
    assert np.max(np.abs(at(made, "x", middle) - asked)) < 0.02  # but for the join they lie where they should
    np.testing.assert_allclose(at(made, "x", middle)[[0, 5, 20, 29]], asked[[0, 5, 20, 29]], atol=1e-6)


def test_gates_of_different_length_make_rows_of_their_own():
    gates = np.concatenate((np.full(5, 0.02), np.full(7, 0.05)))
    made = plan([Stretch({"x": np.linspace(0, 0.12, 13)}, gates)], {"x": X})
    assert [(row.step_s, row.number) for row in made.gates] == [(0.02, 5), (0.05, 7)]
    assert made.gates[1].start_s == pytest.approx(made.gates[0].start_s + 0.1)


def test_too_fast_says_how_long_the_gates_must_be():
    with pytest.raises(OutOfReach, match=r"10 mm/s, 2 mm/s is its limit: gates of 0\.005 s or longer would do"):
        plan([line(0.0, 1.0, 100, 0.001)], {"x": X})
    plan([line(0.0, 1.0, 100, 0.005)], {"x": X})


def test_a_run_up_beyond_the_limits_is_refused():
    with pytest.raises(OutOfReach, match=r"x: the trajectory goes to -25\.0.* run-up and run-down included"):
        plan([line(-25.0, 0.0, 100, 0.2)], {"x": X})


def test_a_path_that_leaves_the_limits_in_the_middle_is_refused():
    phase = np.linspace(0, np.pi, 201)
    bow = Stretch({"x": 24.0 * np.ones(201), "y": 26.0 * np.sin(phase)}, np.full(200, 0.5))
    with pytest.raises(OutOfReach, match=r"y: the trajectory goes to 25\.9\d+ mm at 50\.\d+ s"):
        plan([bow], {"x": X, "y": Y})


def test_what_is_left_after_some_gates():
    lines = [line(0.0, 1.0, 10, 0.1), line(1.0, 0.0, 10, 0.1)]
    rest = after(lines, 13)
    assert [len(one) for one in rest] == [7]
    assert rest[0].positions["x"][0] == pytest.approx(0.7)
    assert [len(one) for one in after(lines, 4)] == [6, 10]
    assert after(lines, 20) == []


def test_a_million_gates_on_a_line_need_a_few_points():
    made = plan([line(-9.0, 9.0, 1_000_000, 1e-4)], {"x": X})
    assert len(made.times) < 50
    assert made.number == 1_000_000
