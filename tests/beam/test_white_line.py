import numpy as np
import pytest

from beam.errors import OutOfReach
from beam.grating import grating_deg
from beam.white_line import white_line

ENERGIES = np.arange(680.0, 740.0, 0.5)


def line(centre, height=1.0):
    step = 0.5 + np.arctan(ENERGIES - centre) / np.pi
    return 0.1 + 0.05 * step + height * np.exp(-0.5 * ((ENERGIES - centre) / 0.9) ** 2)


@pytest.mark.parametrize("centre", [706.8, 705.13, 711.0])
def test_a_line_is_found_between_the_points(centre):
    assert white_line(ENERGIES, line(centre), 707.0) == pytest.approx(centre, abs=0.03)


def test_where_nothing_stands_out_there_is_no_line():
    assert white_line(ENERGIES, line(725.0), 700.0) is None  # it rises towards the end of what is looked at
    assert white_line(ENERGIES, ENERGIES * 1.0, 707.0) is None
    assert white_line(ENERGIES[:2], ENERGIES[:2], 680.0) is None


def test_an_angle_of_the_grating_for_each_energy_with_the_mirror_at_rest(bl13u):
    from beam.grating import GratingMonochromator, Motors

    pgm = GratingMonochromator(bl13u[1].devices["pgm"])
    at = pgm.motors(706.8, "g1200")
    for wanted in (700.0, 706.8, 713.0):
        angle = grating_deg(wanted, at.mirror_deg, 1200.0)
        assert pgm.energy_ev(Motors(at.mirror_deg, angle), "g1200") == pytest.approx(wanted, abs=1e-6)
    assert grating_deg(706.8, at.mirror_deg, 1200.0) == pytest.approx(at.grating_deg, abs=1e-9)
    with pytest.raises(OutOfReach, match="no angle"):
        grating_deg(5.0, 0.001, 1200.0)
