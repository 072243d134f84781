import numpy as np
import pytest

from beam.inflection import first_inflection, slope


def test_the_first_inflection_of_a_broadened_step():
    energies = np.arange(7000.0, 7300.0, 0.25)
    step = np.arctan(energies - 7110.3)
    assert first_inflection(energies, step, 7112.0) == pytest.approx(7110.3, abs=0.01)
    assert first_inflection(energies, 5 - 3 * step, 7112.0) != pytest.approx(7110.3, abs=0.5)
    assert first_inflection(energies, np.ones_like(energies), 7112.0) is None
    assert first_inflection(energies, step, 9000.0) is None


def test_the_first_of_two_inflections_counts_unless_it_is_small():
    energies = np.arange(7050.0, 7200.0, 0.1)

    def edge(first_height):
        return first_height * np.arctan(energies - 7110.0) + np.arctan(energies - 7120.0)

    assert first_inflection(energies, edge(0.8), 7112.0) == pytest.approx(7110.0, abs=0.1)
    assert first_inflection(energies, edge(0.3), 7112.0) == pytest.approx(7120.0, abs=0.1)


def test_without_a_tabulated_energy_the_steepest_rise_is_taken():
    energies = np.arange(7000.0, 7300.0, 0.25)
    assert first_inflection(energies, np.arctan(energies - 7210.3)) == pytest.approx(7210.3, abs=0.01)


def test_an_affine_change_does_not_move_it():
    energies = np.arange(7000.0, 7300.0, 0.25)
    step = np.arctan(energies - 7110.3) + 0.2 * np.sin(energies / 3)
    assert first_inflection(energies, 3 * step - 7, 7112.0) == pytest.approx(
        first_inflection(energies, step, 7112.0), abs=1e-6
    )


def test_the_slope_of_a_line_and_of_a_step():
    energies = np.concatenate([np.arange(7000.0, 7100.0, 5.0), np.arange(7100.0, 7200.0, 0.1)])
    inner = slice(5, -30)
    assert slope(energies, 2e-3 * energies)[inner] == pytest.approx(np.full(len(energies), 2e-3)[inner], rel=1e-6)
    step = slope(energies, np.arctan((energies - 7150) / 3))
    assert step[inner] == pytest.approx((3 / (9 + (energies - 7150) ** 2))[inner], abs=6e-3)
