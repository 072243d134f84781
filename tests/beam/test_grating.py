"""The check values of angles, resolution and reflectivity are of the project's list of facts."""

import numpy as np
import pytest
import xraydb
from hypothesis import given
from hypothesis import strategies as st

from beam import grating
from beam.errors import OutOfReach
from beam.grating import Angles, GratingMonochromator, Motors
from beam.mirror import reflectivity


@pytest.fixture(scope="module")
def pgm(bl13u):
    return GratingMonochromator(bl13u[1].devices["pgm"])


def changed(pgm, **figures):
    return GratingMonochromator(pgm.facts.model_copy(update=figures))


@pytest.mark.parametrize(
    ("energy_ev", "lines", "cff", "alpha", "beta"),
    [
        (930, 1200, 2.25, 88.3928, -86.3819),
        (860, 2000, 2.25, 87.8431, -85.1424),
        (400, 800, 5.0, 89.1769, -85.8811),
    ],
)
def test_angles(energy_ev, lines, cff, alpha, beta):
    found = grating.angles(energy_ev, lines, cff)
    assert found == pytest.approx((alpha, beta), abs=6e-5)
    assert grating.cff(found) == pytest.approx(cff, rel=1e-9)


def test_mirror_angle_at_930():
    assert grating.motors(grating.angles(930, 1200, 2.25)).mirror_deg == pytest.approx(2.6127, abs=6e-5)


@given(
    energy=st.floats(50, 5000),
    lines=st.floats(300, 2400),
    cff=st.floats(1.1, 15),
    order=st.sampled_from([1, 2, 3]),
)
def test_energy_and_angles_are_a_pair(energy, lines, cff, order):
    found = grating.angles(energy, lines, cff, order)
    assert found.beta_deg < 0 < found.alpha_deg
    assert grating.energy_ev(found, lines, order) == pytest.approx(energy, rel=1e-7)
    assert grating.cff(found) == pytest.approx(cff, rel=1e-6)


@given(alpha=st.floats(45, 89.9), beta=st.floats(-89.9, -45))
def test_angles_and_motors_are_a_pair(alpha, beta):
    assert grating.angles_of(grating.motors(Angles(alpha, beta))) == pytest.approx((alpha, beta), abs=1e-11)


@given(cff=st.floats(1.1, 15), distance=st.floats(1, 60))
def test_cff_and_focus_are_a_pair(cff, distance):
    assert grating.cff_for_focus(grating.focus_m(cff, distance), distance) == pytest.approx(cff, rel=1e-12)


def test_fixed_focus_is_where_the_grating_images_the_source(pgm):
    """A plane grating images r to r' with cos²α/r + cos²β/r' = 0 (Fermat, second order)."""
    at = grating.angles(930, 1200, 2.25)
    a, b = np.cos(np.deg2rad(at))
    assert a**2 / 30.0 - b**2 / grating.focus_m(2.25, 30.0) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("source_um", "slit_um", "power"), [(1e-6, 10, 25_351), (20, 1e-6, 57_039), (20, 10, 23_166)])
def test_resolving_power_of_source_and_slit(pgm, source_um, slit_um, power):
    one = changed(
        pgm,
        source_um=source_um,
        source_distance_m=20.0,
        exit_distance_m=10.0,
        mirror_slope_urad=0.0,
        grating_slope_urad=0.0,
    )
    at = one.motors(930.0, "g1200")
    assert 930 / one.broadening_ev(at, "g1200", slit_um).total == pytest.approx(power, rel=1e-4)


def test_slope_errors_are_those_of_turning_mirror_and_grating(pgm):
    """A slope error is a small turn; the energies that pass before and after it differ by the broadening."""
    at = pgm.motors(930.0, "g1200")
    width = pgm.broadening_ev(at, "g1200", 20.0)
    small = 1e-5  # deg
    lines = 1200.0
    where = grating.angles_of(at)

    def shift(alpha, beta):
        return abs(grating.energy_ev(Angles(where.alpha_deg + alpha, where.beta_deg + beta), lines) - 930.0) / small

    per_urad = 2.3548 * np.rad2deg(1e-6)
    # the light's directions stay, the normal turns: α grows and β (of the other sign) grows as much
    assert width.grating_slope == pytest.approx(shift(small, small) * per_urad * 0.1, rel=1e-3)
    # the mirror turns the light by twice its own turn
    assert width.mirror_slope == pytest.approx(shift(2 * small, 0) * per_urad * 0.2, rel=1e-3)


@given(bandwidth=st.floats(0.03, 0.2))
def test_slit_and_bandwidth_are_a_pair(pgm, bandwidth):
    at = pgm.motors(700.0, "g1200")
    slit = pgm.slit_um(bandwidth, at, "g1200")
    assert pgm.broadening_ev(at, "g1200", slit).total == pytest.approx(bandwidth, rel=1e-9)


@given(energy=st.floats(350, 1600), name=st.sampled_from(["g600", "g1200", "g1600"]), cff=st.floats(1.8, 4))
def test_motors_and_energy_are_a_pair(pgm, energy, name, cff):
    assert pgm.energy_ev(pgm.motors(energy, name, cff), name) == pytest.approx(energy, rel=1e-7)


@pytest.mark.parametrize(
    ("energy_ev", "name"),
    [(180, "g600"), (1600, "g600"), (250, "g1200"), (3000, "g1200"), (350, "g1600"), (3000, "g1600")],
)
def test_each_grating_covers_its_range(pgm, energy_ev, name):
    assert pgm.energy_ev(pgm.motors(float(energy_ev), name), name) == pytest.approx(energy_ev)


def test_what_cannot_be_is_refused(pgm):
    with pytest.raises(
        OutOfReach, match=r"3000 eV: grating g600 covers 180 … 1600 eV; it is covered by g1200 250 … 3000"
    ):
        pgm.motors(3000.0, "g600")
    with pytest.raises(OutOfReach, match=r"100 eV: grating g600 covers .*no grating covers it"):
        pgm.motors(100.0, "g600")
    with pytest.raises(OutOfReach, match=r"cff 8: 1\.5 … 6"):
        pgm.motors(700.0, "g1200", 8.0)
    with pytest.raises(OutOfReach, match="grating 'g700': there are g600, g1200, g1600"):
        pgm.motors(700.0, "g700")
    with pytest.raises(
        OutOfReach, match=r"bl13u/pgm/grating .* deg for 250 eV at cff 1\.5, g1200: reaches 0\.3 … 5 deg"
    ):
        pgm.motors(250.0, "g1200", 1.5)
    with pytest.raises(OutOfReach, match=r"bandwidth 5 eV: 0\.0\d+ … "):
        pgm.slit_um(5.0, pgm.motors(700.0, "g1200"), "g1200")
    with pytest.raises(OutOfReach, match=r"1200/mm at cff 2\.25 diffracts above 1\.661 eV"):
        grating.angles(1.0, 1200, 2.25)
    with pytest.raises(OutOfReach, match="above 1"):
        grating.angles(700.0, 1200, 1.0)
    with pytest.raises(OutOfReach, match="above 0 eV"):
        grating.angles(-5.0, 1200, 2.25)
    with pytest.raises(OutOfReach, match="no energy"):
        grating.energy_ev(Angles(80.0, -85.0), 1200)


def test_the_exchange_holds_one_grating_or_none(pgm):
    assert [pgm.grating_at(one) for one in (-40.0, 0.0, 40.1, 20.0)] == ["g600", "g1200", "g1600", None]


@pytest.mark.parametrize(
    ("coating", "energy_ev", "angle_deg", "value"),
    [("Au", 930, 1.0, 0.8185), ("Pt", 500, 1.0, 0.8427), ("Ni", 860, 1.5, 0.2365)],
)
def test_reflectivity(coating, energy_ev, angle_deg, value):
    assert reflectivity(coating, angle_deg, np.array([float(energy_ev)]))[0] == pytest.approx(value, abs=1e-3)


@pytest.mark.parametrize("coating", ["Au", "Pt", "Ni"])
@pytest.mark.parametrize("angle_deg", [0.8, 1.5, 3.0])
def test_reflectivity_is_that_of_xraydb(coating, angle_deg):
    energies = np.array([200.0, 500.0, 700.0, 930.0, 1500.0])
    theirs = xraydb.mirror_reflectivity(
        coating, np.deg2rad(angle_deg), energies, xraydb.atomic_density(coating), roughness=3.0
    )
    assert reflectivity(coating, angle_deg, energies, 0.3) == pytest.approx(theirs, rel=0.02, abs=1e-4)


def test_mirrors_suppress_higher_orders(pgm):
    at = pgm.motors(930.0, "g1200")
    first, third = pgm.efficiency(at, "g1200", [930.0, 2790.0], [1, 3])
    diffracted = pgm.facts.gratings["g1200"].efficiency
    assert 0 < first < diffracted[1]
    assert third / first < 0.1 * diffracted[3] / diffracted[1]
    assert pgm.orders("g1200") == [1, 2, 3]
    assert Motors(*at) == at
