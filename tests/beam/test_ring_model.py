import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam.errors import BadEvents
from beam.ring import RING_MODES, RingEvent, RingModel, events_from_json, events_to_json

STORY = (
    RingEvent(1000.0, "dump"),
    RingEvent(1100.0, "refill"),
    RingEvent(2000.0, "topup_off"),
    RingEvent(9000.0, "topup_on"),
)


@pytest.fixture(scope="module")
def ring(bl09u):
    return bl09u[0].ring


def test_topup_keeps_the_current_in_its_band(ring):
    model = RingModel(ring, seed=3)
    currents = [model.current_ma(t) for t in np.linspace(0, 3600, 5001)]
    assert max(currents) == pytest.approx(400, rel=1e-4)
    assert min(currents) == pytest.approx(400 * (1 - ring.topup_band_rel), rel=1e-4)
    assert model.mode(1234.0) == "TopUp"


def test_current_depends_on_seed_and_time_alone(ring):
    times = [0.0, 17.0, 4000.0, 123.4, 9999.0]
    first, again, other = RingModel(ring, 3, STORY), RingModel(ring, 3, STORY), RingModel(ring, 4, STORY)
    forward = [first.current_ma(t) for t in times]
    backward = [again.current_ma(t) for t in reversed(times)]
    assert forward == backward[::-1]
    assert forward != [other.current_ma(t) for t in times]


def test_events_may_come_in_any_order(ring):
    times = np.linspace(0, 12000, 101)
    one, two = RingModel(ring, 3, STORY), RingModel(ring, 3, STORY[::-1])
    assert [one.current_ma(t) for t in times] == [two.current_ma(t) for t in times]


def test_the_course_of_events(ring):
    model = RingModel(ring, 3, STORY)
    modes = [model.mode(t) for t in (999.9, 1000.0, 1150.0, 1310.0, 2000.0, 9000.1, 9100.0)]
    assert modes == ["TopUp", "Dumped", "Refilling", "TopUp", "Decay", "Refilling", "TopUp"]
    assert set(modes) == set(RING_MODES)
    assert model.current_ma(1050.0) == 0
    assert model.current_ma(1150.0) == pytest.approx(50 * ring.refill_rate_ma_per_s)
    tau = ring.lifetime_h * 3600
    assert model.current_ma(5600.0) == pytest.approx(model.current_ma(2000.0) * math.exp(-3600 / tau), rel=1e-9)


def test_a_future_event_does_not_change_the_past(ring):
    with_event = RingModel(ring, 3, [RingEvent(500.0, "dump")])
    without = RingModel(ring, 3)
    for t in np.linspace(0, 499.9, 57):
        assert with_event.current_ma(t) == without.current_ma(t)
        assert with_event.next_injection_s(t) == without.next_injection_s(t)


def test_gate_closes_around_the_injection(ring):
    model = RingModel(ring, 3)
    shot = model.next_injection_s(0.0)
    before, after = ring.topup_gate_before_s, ring.topup_gate_after_s
    offsets = [-before - 0.01, -before + 0.01, 0.01, after - 0.01, after + 0.01]
    assert [model.topup_gate(shot + offset) for offset in offsets] == [True, False, False, False, True]


def test_next_injection_is_where_the_current_rises(ring):
    model = RingModel(ring, 3)
    shot = model.next_injection_s(0.0)
    assert model.current_ma(shot + 1e-6) > model.current_ma(shot - 1e-6) + 1
    assert RingModel(ring, 3, [RingEvent(0.0, "topup_off")]).next_injection_s(1.0) == math.inf


@settings(deadline=None, max_examples=20)
@given(start=st.floats(0, 11000), span=st.floats(0.01, 3000))
def test_mean_current_is_the_integral(bl09u, start, span):
    model = RingModel(bl09u[0].ring, 3, STORY)
    times = np.linspace(start, start + span, 20001)
    sampled = np.mean([model.current_ma(t) for t in (times[1:] + times[:-1]) / 2])
    # a step of the current within one sample is as far as they may differ
    assert model.mean_current_ma(start, start + span) == pytest.approx(sampled, abs=400 / 20000 + 1e-6)


def test_mean_over_no_time_is_the_current(ring):
    model = RingModel(ring, 3)
    assert model.mean_current_ma(10.0, 10.0) == model.current_ma(10.0)


def test_events_survive_json():
    assert events_from_json(events_to_json(STORY)) == STORY
    assert events_from_json("") == ()


@pytest.mark.parametrize(
    "text", ["{}", "nonsense", '[{"time_s": 1}]', '[{"time_s": -1, "kind": "dump"}]', '[{"time_s": 1, "kind": "x"}]']
)
def test_bad_events_are_refused(text):
    with pytest.raises(BadEvents, match="ring events"):
        events_from_json(text)


def test_bad_event_says_where():
    text = json.dumps([{"time_s": 1.0, "kind": "dump"}, {"time_s": 2.0, "kind": "explode"}])
    with pytest.raises(BadEvents, match=r"1\.kind: .*'dump'"):
        events_from_json(text)


@pytest.mark.parametrize("decaying", [False, True])
def test_a_shot_out_of_turn_fills_the_ring_and_closes_the_gate(ring, decaying):
    before = (RingEvent(time_s=1.0, kind="topup_off"),) if decaying else ()
    model = RingModel(ring, 3, before)
    at = 1000.0 if decaying else model.next_injection_s(1000.0) - 5.0
    shot = RingModel(ring, 3, (*before, RingEvent(time_s=at, kind="inject")))
    assert shot.current_ma(at - 0.01) == model.current_ma(at - 0.01)
    assert shot.current_ma(at + 0.01) > 1.0001 * model.current_ma(at + 0.01)
    assert [shot.topup_gate(at + offset) for offset in (0.1, ring.topup_gate_after_s + 0.1)] == [False, True]
    assert shot.mode(at + 1.0) == model.mode(at + 1.0)
    # from there on top-up counts anew; without it there is none
    assert (shot.next_injection_s(at + 2.0) > model.next_injection_s(at + 2.0)) is not decaying


def test_without_beam_there_is_nothing_to_top_up(ring):
    dumped = RingModel(ring, 3, (RingEvent(time_s=10.0, kind="dump"), RingEvent(time_s=20.0, kind="inject")))
    assert dumped.current_ma(21.0) == 0.0
