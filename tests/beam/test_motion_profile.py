import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam.motion import Trapezoid


def test_long_move():
    move = Trapezoid(10.0, velocity=2.0, acceleration_s=0.5)
    assert move.duration == pytest.approx(10 / 2 + 0.5)
    assert move.position(0.5) == pytest.approx(0.5)
    assert move.velocity(2.0) == 2.0
    assert move.position(move.duration) == 10.0


def test_short_move_is_a_triangle():
    move = Trapezoid(-0.25, velocity=2.0, acceleration_s=1.0)
    # a = 2, so sqrt(0.25/2) up and as long down
    assert move.duration == pytest.approx(2 * (0.25 / 2) ** 0.5)
    assert move.position(move.duration / 2) == pytest.approx(-0.125)


def test_base_velocity_starts_with_a_jump():
    move = Trapezoid(10.0, velocity=2.0, acceleration_s=1.0, base_velocity=1.0)
    assert move.velocity(0.0) == 1.0
    assert move.duration == pytest.approx(2 + (10 - 3) / 2)


def test_no_acceleration_time_and_no_way():
    assert Trapezoid(3.0, 1.5, 0.0).duration == pytest.approx(2.0)
    assert Trapezoid(0.0, 1.5, 0.1).duration == 0.0
    assert Trapezoid(3.0, velocity=1.0, acceleration_s=1.0, base_velocity=5.0).duration == pytest.approx(3.0)


@pytest.mark.parametrize("bad", [(1.0, 0.0, 0.1), (1.0, -1.0, 0.1), (float("nan"), 1.0, 0.1), (1.0, 1.0, -0.1)])
def test_impossible_moves_are_refused(bad):
    with pytest.raises(ValueError, match=r"move|acceleration"):
        Trapezoid(*bad)


@given(
    distance=st.floats(-1e3, 1e3),
    velocity=st.floats(1e-3, 1e3),
    acceleration_s=st.floats(0, 10),
    base=st.floats(0, 1),
)
def test_position_is_monotonic_ends_at_the_distance_and_is_the_integral_of_velocity(
    distance, velocity, acceleration_s, base
):
    move = Trapezoid(distance, velocity, acceleration_s, base)
    times = np.linspace(0, move.duration, 2001)
    way = np.array([move.position(t) for t in times]) * np.sign(distance or 1.0)
    slack = 1e-9 * (1 + abs(distance))
    assert np.all(np.diff(way) >= -slack)
    assert way[0] == 0
    assert move.position(move.duration + 1) == distance
    speeds = np.array([move.velocity(t) for t in (times[1:] + times[:-1]) / 2])
    assert np.sum(speeds) * (move.duration / 2000) == pytest.approx(distance, rel=2e-3, abs=1e-9)
    assert np.max(np.abs(speeds), initial=0) <= max(velocity, 0) * (1 + 1e-9)
