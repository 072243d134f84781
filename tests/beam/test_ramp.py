"""How what is ramped gets there: the closed form against a step-by-step integration, and when it has settled."""

import math

import pytest

from beam.ramp import Ramp


@pytest.mark.parametrize(("distance", "rate", "lag_s"), [(100.0, 0.5, 20.0), (-3.0, 0.5, 20.0), (10.0, 2.0, 0.0)])
def test_the_lag_is_of_first_order(distance, rate, lag_s):
    ramp = Ramp(distance, rate, lag_s, 0.1, 0.0)
    step, at, way = 1e-3, 0.0, 0.0
    for _ in range(int(ramp.duration / step)):
        asked = math.copysign(min(rate * (at + step / 2), abs(distance)), distance)
        way = asked if lag_s == 0 else way + (asked - way) * -math.expm1(-step / lag_s)
        at += step
    assert ramp.position(at) == pytest.approx(way, abs=2e-3 * max(rate, 1))
    assert ramp.position(at / 3) != pytest.approx(distance, abs=0.1)


def test_it_has_settled_when_it_has_been_in_its_band_for_long_enough():
    ramp = Ramp(50.0, 0.5, 20.0, 0.2, 30.0)
    entered = ramp.duration - 30.0
    assert abs(50.0 - ramp.position(entered)) == pytest.approx(0.2)
    assert abs(50.0 - ramp.position(entered - 1.0)) > 0.2
    # 100 s of ramp; then what is 10 K (1 - exp(-5)) behind falls to 0.2 K with 20 s
    assert ramp.duration == pytest.approx(100.0 + 20.0 * math.log(10.0 * (1 - math.exp(-5.0)) / 0.2) + 30.0)


def test_no_way_takes_no_time_and_nonsense_is_refused():
    assert Ramp(0.0, 1.0, 20.0, 0.1, 30.0).duration == 0.0
    for wrong in ((math.nan, 1.0, 0.0, 0.1, 0.0), (1.0, 0.0, 0.0, 0.1, 0.0), (1.0, 1.0, -1.0, 0.1, 0.0)):
        with pytest.raises(ValueError, match="no ramp"):
            Ramp(*wrong)
