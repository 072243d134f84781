import math

import pytest

from devices.errors import BadReading, Busy, NotConnected, Overloaded, Stopped, TimedOut
from devices.state import State


def test_a_trigger_gives_all_channels_of_one_exposure(bl):
    bl.counter.trigger().wait(1)
    reading = bl.counter.read()
    assert list(reading) == ["count_time", "i0", "it"]
    assert reading["count_time"]["value"] == 1.0
    assert len({one["timestamp"] for one in reading.values()}) == 1


def test_proven_readings_are_not_asked_for(bl):
    bl.counter.trigger().wait(1)
    assert bl.counter.i0.fetched == 0


def test_readings_that_the_monitors_do_not_prove_are_asked_for(bl, server):
    bl.counter.trigger().wait(1)
    server.late = True
    bl.counter.trigger().wait(1)
    assert bl.counter.i0.fetched == 1
    assert bl.counter.read()["i0"]["value"] == 2000.0


def test_a_counter_without_number_of_exposures_is_asked(bl):
    bl.counter.exposures.online = False
    bl.counter.trigger().wait(1)
    assert bl.counter.i0.fetched == bl.counter.it.fetched == 1


def test_an_end_without_an_exposure_is_no_reading(bl, server):
    server.on_write["BL09U:SC1.CNT"] = lambda value, done: done()
    with pytest.raises(BadReading, match="made no exposure"):
        bl.counter.trigger().wait(1)


def test_a_count_that_was_refused_says_why(bl, server, monkeypatch):
    monkeypatch.setattr(type(bl.counter.counting), "refusal", "no high voltage")
    server.on_write["BL09U:SC1.CNT"] = lambda value, done: done()
    with pytest.raises(BadReading, match=r"^counter: did not count: no high voltage$"):
        bl.counter.trigger().wait(1)


def test_one_stale_channel_is_enough_to_ask(bl, server):
    fake = bl.fake.scaler
    plain_post = server.post

    def post(pv, value, **kwargs):
        plain_post(pv, value, **kwargs)
        if pv.endswith(".S3"):
            server.signals[pv].latest = server.signals[pv].latest._replace(time=0.0)

    server.post = post
    bl.counter.trigger().wait(1)
    assert bl.counter.it.fetched == 1
    assert fake.exposures == 1


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_no_number_is_no_reading(bl, bad):
    bl.fake.scaler.counts[2] = lambda n: bad
    with pytest.raises(BadReading, match=r"i0 \(BL09U:SC1.S2\) is not a number"):
        bl.counter.trigger().wait(1)


def test_overload_fails_clearly(bl, server):
    bl.fake.scaler.before_done = lambda: server.post("BL09U:IT:Overload", 1)
    server.post("BL09U:IT:Gain", 1e5)
    with pytest.raises(Overloaded, match=r"counter: it is overloaded at a gain of 1e\+05 V/A; lower it.gain"):
        bl.counter.trigger().wait(1)
    assert bl.counter.state is State.ALARM


def test_an_exposure_cut_short_is_no_reading(bl):
    bl.fake.scaler.short = 0.3
    with pytest.raises(Stopped, match=r"counted 0\.3 s of 1 s"):
        bl.counter.trigger().wait(1)


def test_deadline(bl, impatient):
    bl.fake.scaler.hold = True
    with pytest.raises(TimedOut, match=r"counter: waited .* s for the end of a count of 1 s; last value 1, seen"):
        bl.counter.trigger().wait(5)


def test_lost_server(bl, server):
    bl.fake.scaler.hold = True
    status = bl.counter.trigger()
    server.disconnect("BL09U:SC1")
    with pytest.raises(NotConnected, match="lost its server while counting"):
        status.wait(1)


def test_two_triggers_at_once_are_refused_and_pause_gives_up(bl, server):
    bl.fake.scaler.hold = True
    first = bl.counter.trigger()
    assert bl.counter.state is State.RUNNING
    with pytest.raises(Busy):
        bl.counter.trigger()
    bl.counter.pause()
    assert first.success
    assert server.writes[-1] == ("BL09U:SC1.CNT", 0)


def test_late_end_of_an_exposure_given_up_is_ignored(bl):
    bl.fake.scaler.hold = True
    bl.counter.trigger()
    late = bl.fake.scaler.pending.pop()
    bl.counter.pause()
    second = bl.counter.trigger()
    late()
    assert not second.done
    bl.fake.scaler.finish()
    second.wait(1)


def test_defaults_are_right(bl):
    assert bl.counter.hints == {"fields": ["i0", "it"]}
    configuration = bl.counter.read_configuration()
    assert set(configuration) == {"counter_preset_time", "i0_gain", "it_gain"} | (
        {"count_time", "i0", "it"} & set(configuration)
    )
    assert bl.counter.describe()["i0"]["units"] == "counts"
    assert bl.counter.describe()["count_time"]["units"] == "s"
