import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam.electron_yield import desaturated, saturated
from beam.errors import BadSample, BadSpectrum, ConfigError, UnknownName
from beam.sample import load_sample
from beam.sample_film import film_names, load_film
from beam.sum_rules import Integrals, Moments, integrals, moments
from beam.xmcd import MagneticFilm, magnetic_film
from beam.xmcd_analysis import Known, Saturation, analyse

WITHIN = 0.05  # what the analysis must give back

# the points of a spectrum: coarse beside the lines, fine on them
ENERGIES = np.concatenate([np.arange(670.0, 700, 1), np.arange(700, 730, 0.2), np.arange(730, 781, 1.0)])


def changed(film, **figures):
    return MagneticFilm(film.name, film.model.model_copy(update=figures))


def known(film, **more):
    model = film.model
    return Known(holes=model.holes, l3_ev=model.l3_ev, l2_ev=model.l2_ev, tz=model.tz, **more)


def analysed(film, p3_m=1.0, energies=ENERGIES, **more):
    plus, minus = film.mu_per_nm(energies, p3_m), film.mu_per_nm(energies, -p3_m)
    return analyse(energies, plus, minus, known(film, polarisation=p3_m, **more))


def agrees(found, film):
    model = film.model
    return (
        abs(found.moments.orbital / model.orbital_moment_ub - 1) < WITHIN
        and abs(found.moments.spin / model.spin_moment_ub - 1) < WITHIN
    )


def test_iron_by_chen_et_al():
    """Phys. Rev. Lett. 75 (1995) 152: p/r and q/r of iron, 3.39 holes, give 0.085 and 1.98 µB."""
    found = moments(Integrals(-0.10988, -0.018805, 1.0), 3.39)
    assert found == pytest.approx((0.085, 1.98), abs=1e-4)


@given(
    orbital=st.floats(-2, 2),
    spin=st.floats(-5, 5),
    holes=st.floats(0.5, 10),
    r=st.floats(0.01, 100),
    tz=st.floats(-0.3, 0.3),
)
def test_moments_and_integrals_are_a_pair(orbital, spin, holes, r, tz):
    found = moments(integrals(Moments(orbital, spin), holes, r, tz), holes, tz)
    assert found == pytest.approx((orbital, spin), rel=1e-9, abs=1e-9)


@given(u=st.floats(0, 50))
def test_saturation_is_a_pair(u):
    assert desaturated(saturated(u)) == pytest.approx(u, rel=1e-9)
    assert saturated(u) <= u


def test_the_film_has_the_moments_it_was_given(film):
    found = analysed(film)
    assert agrees(found, film)
    # and better than that: no noise, no saturation
    assert found.moments.orbital == pytest.approx(film.model.orbital_moment_ub, rel=0.01)
    assert found.moments.spin == pytest.approx(film.model.spin_moment_ub, rel=0.01)


@pytest.mark.parametrize("figure", ["orbital_moment_ub", "spin_moment_ub"])
@pytest.mark.parametrize("factor", [1 - 2 * WITHIN, 1 + 2 * WITHIN])
def test_a_film_changed_by_twice_the_tolerance_no_longer_agrees(film, figure, factor):
    other = changed(film, **{figure: factor * getattr(film.model, figure)})
    assert agrees(analysed(other), other)
    assert not agrees(analysed(other), film)


def test_tz_counts_seven_times(film):
    other = changed(film, tz=0.02)
    assert agrees(analysed(other), other)
    wrong = analyse(
        ENERGIES, other.mu_per_nm(ENERGIES, 1), other.mu_per_nm(ENERGIES, -1), known(film, polarisation=1.0)
    )
    assert wrong.moments.spin == pytest.approx(1.98 - 0.14, rel=0.01)


@pytest.mark.parametrize("declared", ["holes", "polarisation"])
def test_what_is_declared_matters(film, declared):
    right = known(film, polarisation=0.8)
    plus, minus = film.mu_per_nm(ENERGIES, 0.8), film.mu_per_nm(ENERGIES, -0.8)
    assert agrees(analyse(ENERGIES, plus, minus, right), film)
    wrong = Known(**{**vars(right), declared: 0.9 * getattr(right, declared)})
    assert not agrees(analyse(ENERGIES, plus, minus, wrong), film)


def test_truncation_of_the_lines_is_below_one_per_cent(film):
    low, high = film.model.l3_ev - 8, film.model.l2_ev + 15
    assert max(film.truncation(low, 713.35, high)) < 0.01
    assert max(film.truncation(low, 713.35, high)) < 1e-6


def test_lorentzians_lose_moments_in_their_tails(film):
    """Over 690 … 760 eV, 1 eV Lorentzians with these moments return 0.0826 and 1.877 µB."""
    sharp = changed(film, l3_fwhm_ev=1e-3, l2_fwhm_ev=1e-3, lorentz_fwhm_ev=1.0)
    shares = sharp.truncation(690.0, 713.35, 760.0)
    assert min(shares) > 0.01
    energies = np.linspace(690, 760, 70_001)
    dichroism = sharp.dichroism_per_nm(energies)
    white = 2 * (sharp._on_lines(energies, sharp._white))
    cut = energies < 713.35
    found = moments(
        Integrals(
            float(np.trapezoid(dichroism[cut], energies[cut])),
            float(np.trapezoid(dichroism, energies)),
            float(np.trapezoid(white, energies)),
        ),
        film.model.holes,
    )
    assert found == pytest.approx((0.0826, 1.877), rel=0.02)  # how the areas are shared among the lines is not told


def yields(film, power=0.0):
    """Total electron yield over I0 of both helicities; the detectors add a slope."""
    slope = (ENERGIES / 700.0) ** power
    depth = film.model.escape_nm
    return [saturated(depth * film.mu_per_nm(ENERGIES, p3_m)) * slope for p3_m in (1.0, -1.0)]


def saturation(film):
    model = film.model
    before = float(film.pre_edge_per_nm(np.array([model.l3_ev]))[0])
    return Saturation(model.escape_nm * before, model.escape_nm * film.jump_per_nm)


def test_saturation_and_slope_must_be_declared(film):
    plus, minus = yields(film, power=1.6)
    right = known(film, slope_power=1.6, saturation=saturation(film))
    assert agrees(analyse(ENERGIES, plus, minus, right), film)
    for left_out in ({"slope_power": 0.0}, {"saturation": None}):
        assert not agrees(analyse(ENERGIES, plus, minus, Known(**{**vars(right), **left_out})), film)


def test_scale_does_not_matter(film):
    plus, minus = film.mu_per_nm(ENERGIES, 1), film.mu_per_nm(ENERGIES, -1)
    one, other = (analyse(ENERGIES, scale * plus, scale * minus, known(film)) for scale in (1.0, 1e-9))
    assert other.moments == pytest.approx(one.moments, rel=1e-6)


def test_errors_tell_the_scatter_of_the_moments(film):
    random = np.random.default_rng(5)
    found = []
    for _ in range(200):
        plus, minus = (
            film.mu_per_nm(ENERGIES, p3_m) + 3e-5 * random.standard_normal(ENERGIES.size) for p3_m in (1, -1)
        )
        found.append(analyse(ENERGIES, plus, minus, known(film)))
    scatter = np.std([one.moments for one in found], axis=0)
    told = np.mean([one.errors for one in found], axis=0)
    # the subtraction of the drift adds to what the points on the lines scatter
    assert np.all(told < 1.2 * scatter)
    assert np.all(told > 0.3 * scatter)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda e, p, m: (e[:-1], p, m), "one length"),
        (lambda e, p, m: (e, p * np.nan, m), "no numbers"),
        (lambda e, p, m: (e[::-1], p, m), "must ascend"),
        (lambda e, p, m: (e[60:], p[60:], m[60:]), "0 points below 698.8 eV, at least 4"),
        (lambda e, p, m: (e[:120], p[:120], m[:120]), "0 points above 734.9 eV"),
        (lambda e, p, m: (e, -p, -m), "no edge rises"),
    ],
)
def test_unusable_spectra_are_refused(film, change, words):
    columns = change(ENERGIES, film.mu_per_nm(ENERGIES, 1), film.mu_per_nm(ENERGIES, -1))
    with pytest.raises(BadSpectrum, match=words):
        analyse(*columns, known(film))


def test_impossible_declarations_are_refused(film):
    plus, minus = yields(film)
    with pytest.raises(BadSpectrum, match="degree of polarisation 0"):
        analyse(ENERGIES, plus, minus, known(film, polarisation=0.0))
    with pytest.raises(BadSpectrum, match="check the declared saturation"):
        analyse(ENERGIES, plus, minus, known(film, saturation=Saturation(0.5, 5.0)))


def test_absorption_is_tabulated_beside_the_edge(film, config):
    import xraydb

    energies = np.array([600.0, 770.0, 1000.0, 2000.0])
    theirs = xraydb.mu_elam("Fe", energies) * 7.874 * 1e-7
    assert film.mean_per_nm(energies) == pytest.approx(theirs, rel=0.03)
    assert film.pre_edge_per_nm(energies)[0] == pytest.approx(theirs[0], rel=0.03)


@pytest.mark.parametrize(
    ("written", "instead", "words"),
    [
        ('element = "Fe"', 'element = "Xx"', "no L2,3 edges"),
        ("l2_ev = 719.9", "l2_ev = 700.0", "l3_ev < l2_ev must hold"),
        ("holes = 3.39", "holes = 11.0", "less than or equal to 10"),
    ],
)
def test_a_film_that_cannot_be_is_refused(config, tmp_path, written, instead, words):
    text = (config / "samples" / "fe_film.toml").read_text()
    assert written in text
    path = tmp_path / "wrong.toml"
    path.write_text(text.replace(written, instead))
    with pytest.raises(ConfigError, match=words):
        magnetic_film(path)


def spot_map(film, field_t, spot_um=0.05, points=24):
    places = np.linspace(0, 6, points)
    see = film.domains.magnetisation
    return np.array([[see(float(x), float(y), field_t, spot_um) for x in places] for y in places])


def test_domains_are_both_ways_without_field_and_one_way_in_a_high_one(film):
    here = spot_map(film, 0.0)
    assert here.min() < -0.9
    assert here.max() > 0.9
    assert abs(here.mean()) < 0.2
    assert spot_map(film, 0.5).mean() > 0.5
    assert np.all(spot_map(film, 1.0) == 1.0)
    assert np.all(spot_map(film, -3.0) == -1.0)


def test_domains_come_from_the_seed(film, config):
    again, other = (magnetic_film(config / "samples" / "fe_film.toml", seed) for seed in (3, 4))
    assert np.array_equal(spot_map(film, 0.0), spot_map(again, 0.0))
    assert not np.array_equal(spot_map(film, 0.0), spot_map(other, 0.0))


def test_a_wide_spot_sees_less_contrast(film):
    assert spot_map(film, 0.0, spot_um=0.6).std() < 0.5 * spot_map(film, 0.0, spot_um=0.05).std()


def test_stripes_have_their_period(film):
    size, points = film.domains.size_um, 256
    places = np.arange(points) * size / points
    see = film.domains.magnetisation
    rows = np.array([[see(float(x), float(y), 0.0, 0.01) for x in places] for y in places[::4]])
    power = (np.abs(np.fft.rfft(rows, axis=1)) ** 2).mean(axis=0)
    share = power.cumsum() / power.sum()
    # waves of one length in all directions: seen along x, hardly any is shorter
    stripes = size / 0.8
    assert share[round(0.8 * stripes)] < 0.75 < 0.9 < share[round(1.4 * stripes)]


def test_films_are_found_by_name(config):
    assert film_names(config) == ["fe_film"]
    assert load_film("fe_film", config).model.element == "Fe"
    assert load_film("none", config).record()["name"] == "none"
    with pytest.raises(UnknownName, match="did you mean fe_film"):
        load_film("fe_flim", config)
    with pytest.raises(BadSample, match="no magnetic film; this beamline carries fe_film, none"):
        load_film("fe_foil", config)
    with pytest.raises(BadSample, match="soft X-ray beamlines alone"):
        load_sample("fe_film", config)
