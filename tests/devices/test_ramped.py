"""Slow axes: when they have arrived, and how long one waits for them."""

import pytest

from beam.errors import OutOfReach
from devices import deadlines
from devices.errors import BadReading, MoveFailed, TimedOut
from devices.state import State


def test_it_arrives_where_its_readback_proves_it(bl):
    bl.temperature.set(350.0).wait(1)
    assert bl.temperature.position == 350.0
    assert bl.temperature.read()["temperature"]["value"] == 350.0
    assert bl.temperature.status_text == "settled at 350.00 K"


@pytest.mark.parametrize("kelvin", [79.0, 901.0, float("nan")])
def test_what_it_does_not_reach_is_refused_before_anything_moves(bl, server, kelvin):
    with pytest.raises(OutOfReach, match=r"temperature .* K: allowed 80 … 900 K"):
        bl.temperature.set(kelvin)
    assert server.writes == []


def test_outside_the_band_it_has_not_arrived(bl):
    bl.fake.ramps["temperature"].lands_at = lambda target: target - 0.3
    with pytest.raises(
        MoveFailed, match=r"ended at 349\.7 K, asked for 350 K \(tolerance 0\.2 K\): the controller says"
    ):
        bl.temperature.set(350.0).wait(1)


def test_an_invalid_reading_is_no_arrival(bl):
    bl.fake.ramps["temperature"].lands_at = lambda target: float("nan")
    with pytest.raises(BadReading, match="invalid"):
        bl.temperature.set(350.0).wait(1)


def test_its_deadline_follows_ramp_lag_and_settling(bl, server):
    ramp_s = 100.0 / 0.5
    assert bl.temperature.nominal_s(395.0) > ramp_s + bl.temperature.facts.settle_s
    server.post("BL09U:TEMP:Rate", 0.05)
    assert bl.temperature.nominal_s(395.0) > 10 * ramp_s
    bl.fake.ramps["temperature"].hold = True
    status = bl.temperature.set(395.0)
    assert status._deadline_s == pytest.approx(
        1.5 * bl.temperature.nominal_s(395.0) / deadlines.PATIENCE.time_scale + deadlines.PATIENCE.margin_s
    )
    assert bl.temperature.state is State.MOVING
    bl.temperature.stop(success=True)


def test_it_is_not_waited_for_for_ever(bl, impatient):
    bl.fake.ramps["temperature"].hold = True
    with pytest.raises(TimedOut, match=r"temperature: waited .* for the end of its move to 350 K"):
        bl.temperature.set(350.0).wait(5)


def test_a_potentiostat_reads_its_current(bl, server):
    server.post("BL09U:POT:Current", 0.002)
    bl.potential.set(0.5).wait(1)
    assert bl.potential.read()["potential_current"]["value"] == 0.002
    assert bl.potential.describe()["potential"]["units"] == "V"
