"""Paths: points are the middles of gates."""

import numpy as np
import pytest

from plans.fly_xas import edges_of, fly_regions
from plans.paths import BadPath, line, of_spec, raster, spiral
from plans.regions import BadRegion


def middles(stretch, key):
    return 0.5 * (stretch.positions[key][1:] + stretch.positions[key][:-1])


def test_points_of_a_line_are_the_middles_of_its_gates():
    one = line("x", 0.0, 1.0, 11, 0.01)
    np.testing.assert_allclose(middles(one, "x"), np.linspace(0, 1, 11), atol=1e-12)
    with pytest.raises(BadPath, match="2 points or more"):
        line("x", 0.0, 1.0, 1, 0.01)
    with pytest.raises(BadPath, match="gate_s 0 s"):
        line("x", 0.0, 1.0, 11, 0.0)


def test_every_second_line_of_a_raster_goes_back():
    lines = raster(("x", 0.0, 1.0, 3), ("y", 0.0, 2.0, 3), 0.1)
    assert [one.positions["y"][0] for one in lines] == [0.0, 1.0, 2.0]
    np.testing.assert_allclose(middles(lines[1], "x"), [1.0, 0.5, 0.0])
    straight = raster(("x", 0.0, 1.0, 3), ("y", 0.0, 2.0, 3), 0.1, snake=False)
    np.testing.assert_allclose(middles(straight[1], "x"), [0.0, 0.5, 1.0])


def test_points_of_a_spiral_are_equally_far_apart():
    one = spiral(("x", 1.0), ("y", 2.0), 1.0, 0.1, 0.1)
    x, y = one.positions["x"] - 1, one.positions["y"] - 2
    steps = np.hypot(np.diff(x), np.diff(y))
    assert steps[10:].min() > 0.09
    assert steps.max() < 0.15
    assert np.hypot(x[-1], y[-1]) == pytest.approx(1.0, abs=0.02)
    assert len(one) == pytest.approx(np.pi / 0.01, rel=0.01)
    with pytest.raises(BadPath, match="pitch"):
        spiral(("x", 0.0), ("y", 0.0), 1.0, 2.0, 0.1)


def test_a_scanspec_value_has_a_stretch_for_each_run_without_a_gap():
    specs = pytest.importorskip("scanspec.specs")
    lines = specs.Linspace("y", 0, 1, 2) * ~specs.Linspace("x", 0, 1, 5)
    found = of_spec(specs.Fly(0.5 @ lines), str, None)
    assert [len(one) for one in found] == [5, 5]
    np.testing.assert_allclose(middles(found[1], "x"), np.linspace(1, 0, 5))
    assert set(found[0].gate_s) == {0.5}
    with pytest.raises(BadPath, match="no duration"):
        of_spec(lines, str, None)
    assert set(of_spec(lines, str, 0.1)[0].gate_s) == {0.1}


def test_regions_of_a_spectrum_join():
    edges, gates = edges_of(fly_regions("-10:0:2:0.1 0:5:0.5:0.2", None, None), 7112.0)
    np.testing.assert_allclose(edges, 7112 + np.concatenate((np.arange(-10, 0, 2), np.arange(0, 5.1, 0.5))))
    np.testing.assert_allclose(gates, [0.1] * 5 + [0.2] * 10)
    energies, _ = edges_of(fly_regions(None, None, 10.0), 7112.0)
    assert np.all(np.diff(energies) > 0)
    with pytest.raises(BadRegion, match="must begin where the one before it ends"):
        edges_of(fly_regions("-10:0:2:0.1 5:10:0.5:0.2", None, None), 7112.0)
    with pytest.raises(BadRegion, match="more than 0 s"):
        edges_of(fly_regions("-10:0:2:0", None, None), 7112.0)
