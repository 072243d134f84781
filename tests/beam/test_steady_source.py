"""A steady source of pulses: Poisson's law, and the same counts for the same seed, name and exposure."""

import numpy as np
import pytest

from beam.steady import SteadySource

RATES = {2: 1000.0, 3: 0.0}


def test_counts_follow_poissons_law():
    source = SteadySource(1, "gp:scaler1", RATES)
    seen = [source.counts(0.1) for _ in range(2000)]
    first = np.array([one[2] for one in seen])
    assert first.mean() == pytest.approx(100.0, abs=5 * (100.0 / 2000) ** 0.5)
    assert first.var() == pytest.approx(100.0, rel=0.2)
    assert {one[3] for one in seen} == {0}
    assert source.exposures == 2000


def test_counts_depend_on_seed_name_and_exposure_only():
    def four(seed, name, first_dwell=0.1):
        source = SteadySource(seed, name, RATES)
        source.counts(first_dwell)
        return [source.counts(0.1)[2] for _ in range(4)]

    assert four(1, "a") == four(1, "a", first_dwell=7.0)
    assert len({tuple(four(1, "a")), tuple(four(2, "a")), tuple(four(1, "b"))}) == 3
