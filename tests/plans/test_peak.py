import numpy as np
import pytest

from plans.peak import NoPeak, find_peak

X = np.linspace(-5, 5, 41)


def gauss(x, at=0.7, sigma=0.8):
    return np.exp(-(((x - at) / sigma) ** 2) / 2)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("slope", [0.0, 30.0])
def test_a_peak_or_dip_on_any_line(sign, slope):
    found = find_peak(X, 500 + slope * X + sign * 1000 * gauss(X))
    assert found.kind == ("peak" if sign > 0 else "dip")
    assert found.peak == pytest.approx(0.75)
    assert found.cen == pytest.approx(0.7, abs=0.02)
    assert found.com == pytest.approx(0.7, abs=0.02)
    assert found.fwhm == pytest.approx(2.3548 * 0.8, abs=0.05)
    assert found.height == pytest.approx(1000, rel=0.01)


def test_downwards_and_unordered_is_the_same():
    order = np.random.default_rng(1).permutation(len(X))
    assert find_peak(X[order], gauss(X)[order]) == find_peak(X[::-1], gauss(X)[::-1])


def test_an_asymmetric_peak_has_its_centre_of_mass_on_the_longer_side():
    y = np.where(X < 0, gauss(X, 0, 0.5), gauss(X, 0, 1.5))
    found = find_peak(X, y)
    assert found.peak == 0
    assert 0 < found.cen < found.com


@pytest.mark.parametrize(
    ("y", "why"),
    [
        (np.tanh(X), "step"),
        (-np.tanh(X), "step"),
        (X, "noise"),
        (np.full(len(X), 3.0), "noise"),
        (gauss(X, 5.0), r"end of the scan|step|half"),
        (np.random.default_rng(3).poisson(1000, len(X)).astype(float), "noise"),
    ],
)
def test_none_where_there_is_none(y, why):
    with pytest.raises(NoPeak, match=why):
        find_peak(X, y)


def test_points_that_are_no_numbers_do_not_count():
    y = gauss(X)
    y[3] = np.nan
    assert find_peak(X, y).cen == pytest.approx(0.7, abs=0.02)
    with pytest.raises(NoPeak, match="too few"):
        find_peak(X[:6], [1, 2, np.nan, np.inf, 2, 1])


def test_a_weak_peak_in_counting_noise_is_found_and_a_weaker_one_refused():
    rng = np.random.default_rng(7)
    assert find_peak(X, rng.poisson(1000 + 600 * gauss(X))).cen == pytest.approx(0.7, abs=0.2)
    with pytest.raises(NoPeak):
        find_peak(X, rng.poisson(1000 + 30 * gauss(X)))
