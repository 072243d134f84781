from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.regions import BadRegion, Region, default_regions, ev_to_k, expand, k_to_ev, parse_regions


@given(st.floats(0.0, 30.0))
def test_k_and_energy_are_inverse(k):
    assert ev_to_k(k_to_ev(k)) == pytest.approx(k)


def test_k_by_hand():
    # ħ²/2m = 3.81 eV Å²: 10 1/Å are 381 eV
    assert k_to_ev(10.0) == pytest.approx(381.0, abs=0.01)


def test_regions_join_without_a_gap_or_a_double_point():
    points = expand([Region(-10, 0, 5, 0.5), Region(0, 2, 1, 2.0)], 7000.0)
    assert [one.energy_ev for one in points] == [6990.0, 6995.0, 7000.0, 7001.0, 7002.0]
    assert [one.dwell_s for one in points] == [0.5, 0.5, 2.0, 2.0, 2.0]


def test_a_step_that_does_not_divide_the_region():
    points = expand([Region(0, 1, 0.4), Region(1, 2, 0.5)], 0.0)
    assert [round(one.energy_ev, 9) for one in points] == [0.0, 0.4, 0.8, 1.0, 1.5, 2.0]


def test_default_regions_are_equidistant_in_k_above_the_edge():
    points = expand(default_regions(k_max=10.0), 7112.0)
    energies = [one.energy_ev for one in points]
    assert energies == sorted(set(energies))
    assert energies[0] == 6962.0
    k = [ev_to_k(one - 7112.0) for one in energies if one >= 7142.0]
    steps = {round(b - a, 6) for a, b in pairwise(k)}
    assert steps == {0.05}
    assert k[-1] <= 10.0 < k[-1] + 0.05
    near = [one for one in energies if 7082.0 <= one <= 7142.0]
    assert len(near) == 121


def test_regions_as_text():
    assert parse_regions("-150:-30:5:0.5 -30:30:0.5, 2.8k:12k:0.05k:2") == [
        Region(-150, -30, 5, 0.5),
        Region(-30, 30, 0.5, 1.0),
        Region(2.8, 12, 0.05, 2.0, "k"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1:2", "START:STOP:STEP"),
        ("1:2k:0.1", "all in eV or all in k"),
        ("a:2:1", "not a number"),
        ("2:1:0.1", "must rise"),
        ("0:1:0", "must rise"),
        ("nan:1:0.1", "must rise"),
        ("0:1:0.1:-1", "dwell is negative"),
        ("-1k:2k:0.1k", "0 1/Å or more"),
    ],
)
def test_bad_text_is_refused(text, words):
    with pytest.raises(BadRegion, match=words):
        parse_regions(text)


def test_regions_that_overlap_or_are_none_are_refused():
    with pytest.raises(BadRegion, match="begins before"):
        expand([Region(0, 10, 1), Region(5, 20, 1)], 0.0)
    with pytest.raises(BadRegion, match="no regions"):
        expand([], 0.0)
    with pytest.raises(BadRegion, match="2 values"):
        default_regions(12.0, (1.0, 2.0))
