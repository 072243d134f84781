"""Regions of a spectrum, and how long an acquisition lasts: sums by hand, without a network."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from ioc_sim.records.mca_fields import mca
from ioc_sim.records.mca_presets import remaining
from ioc_sim.records.mca_regions import Region, sums

SPECTRUM = np.array([1, 1, 1, 5, 9, 5, 3, 3, 3, 0])


def test_a_region_is_summed_with_both_ends_and_a_sloping_background():
    found = sums(SPECTRUM, Region(2, 6, 0))
    assert found.total == 1 + 5 + 9 + 5 + 3
    assert list(found.background) == [1, 1.5, 2, 2.5, 3]
    assert found.net == 23 - 10


def test_the_background_is_averaged_around_either_end():
    found = sums(SPECTRUM, Region(1, 7, 1))
    assert list(found.background[[0, -1]]) == [1, 3]
    assert sums(SPECTRUM, Region(2, 6, -1)).net == 23


def test_at_the_spectrums_ends_there_are_fewer_channels_to_average():
    found = sums(SPECTRUM, Region(0, 9, 2))
    assert found.background[0] == 1
    assert found.background[-1] == pytest.approx((3 + 3 + 0) / 3)


@pytest.mark.parametrize("region", [Region(-1, -1, 0), Region(5, 4, 0), Region(10, 12, 0), Region(-1, 5, 0)])
def test_what_is_no_region_has_no_sums(region):
    assert sums(SPECTRUM, region) is None


def test_a_region_that_reaches_beyond_the_spectrum_is_cut():
    assert sums(SPECTRUM, Region(8, 20, -1)).total == 3


@pytest.fixture
def values():
    return {name: spec.value for name, spec in mca(10).items()} | {"NUSE": 10}


PULSES = SimpleNamespace(rates_hz=np.full(10, 100.0), live_share=0.5)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, math.inf),
        ({"PRTM": 3.0}, 3.0),
        ({"PRTM": 3.0, "ERTM": 2.0}, 1.0),
        ({"PRTM": 3.0, "ERTM": 4.0}, 0.0),
        ({"PLTM": 3.0}, 6.0),
        ({"PRTM": 3.0, "PLTM": 1.0}, 2.0),
        ({"PCT": 500.0, "PCTL": 0, "PCTH": 4}, 2.0),
        ({"PCT": 500.0, "PCTL": 0, "PCTH": 4, "ACT": 250}, 1.0),
        ({"R3IP": 1, "R3P": 1000.0, "R3LO": 0, "R3HI": 9, "R3BG": -1}, 2.0),
        ({"R3IP": 1, "R3P": 1000.0, "R3LO": 0, "R3HI": 9, "R3BG": 0}, math.inf),
        ({"R3IP": 0, "R3P": 1000.0, "R3LO": 0, "R3HI": 9, "R3BG": -1}, math.inf),
    ],
)
def test_the_first_preset_ends_an_acquisition(values, given, seconds):
    assert remaining(values | given, PULSES) == pytest.approx(seconds)
