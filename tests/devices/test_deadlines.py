import threading

import pytest

from devices.deadlines import PATIENCE, Patience, Watch, set_time_scale
from devices.errors import TimedOut
from devices.waiting import Waiting


def test_a_wait_may_last_half_as_long_again_and_a_margin_that_does_not_scale():
    assert Patience(time_scale=1.0).wall_seconds(10.0) == 20.0
    assert Patience(time_scale=100.0).wall_seconds(10.0) == pytest.approx(5.15)
    assert Patience(time_scale=100.0).wall_seconds(0.0) == 5.0


def test_time_scale_must_be_positive(monkeypatch):
    monkeypatch.setattr(PATIENCE, "time_scale", 1.0)
    with pytest.raises(ValueError, match="positive"):
        set_time_scale(0.0)
    set_time_scale(10.0)
    assert PATIENCE.time_scale == 10.0


def test_deadlines_expire_in_order_and_not_when_cancelled():
    watch, order, done = Watch(), [], threading.Event()
    watch.after(0.06, lambda: (order.append("late"), done.set()))
    watch.after(0.02, lambda: order.append("early"))
    watch.after(0.01, lambda: order.append("cancelled")).cancel()
    assert done.wait(5)
    assert order == ["early", "late"]


def test_one_thread_for_all_waits():
    before = threading.active_count()
    waits = [Waiting("axis", "nothing", 60.0, lambda: "") for _ in range(50)]
    assert threading.active_count() <= before + 1
    for one in waits:
        one.finish()


def test_first_outcome_wins():
    status = Waiting("axis", "its end", 60.0, lambda: "")
    status.finish()
    status.fail(RuntimeError("too late"))
    assert status.success


def test_who_stops_a_thing_says_how_it_ended():
    def found_out():
        raise RuntimeError("somebody stopped it")

    status = Waiting("axis", "its end", 60.0, lambda: "")
    status.give_up()
    status.guard(found_out)
    assert not status.done
    status.fail(ValueError("stopped"))
    with pytest.raises(ValueError, match="stopped"):
        status.wait(5)


def test_a_deadline_says_what_it_waited_for():
    status = Waiting("axis", "its end", 0.01, lambda: "last value 3 mm, seen 1.0 s ago")
    with pytest.raises(TimedOut, match=r"axis: waited 0.0 s for its end; last value 3 mm, seen 1.0 s ago"):
        status.wait(5)
