import math

import pytest

from beam.errors import OutOfReach
from devices.errors import BadReading, Busy, MoveFailed, NotConnected, NotPermitted, Stopped, TimedOut
from devices.state import State


def test_a_move_ends_at_its_target(bl):
    status = bl.dcm.bragg.set(20.0)
    assert status.success
    assert bl.dcm.bragg.position == 20.0
    assert bl.dcm.bragg.read()["dcm_bragg"]["value"] == 20.0


def test_monitors_that_prove_the_position_spare_the_asking(bl):
    bl.dcm.bragg.set(20.0).wait(1)
    assert bl.dcm.bragg.readback.fetched == 0


def test_completion_ahead_of_its_monitors_is_not_believed(bl, server):
    server.late = True
    bl.dcm.bragg.set(20.0).wait(1)
    assert bl.dcm.bragg.readback.fetched == 1
    assert bl.dcm.bragg.position == 20.0


def test_no_move_to_where_it_is_is_taken_for_done_without_proof(bl):
    here = bl.dcm.bragg.position
    bl.dcm.bragg.set(here).wait(1)
    assert bl.dcm.bragg.position == here


@pytest.mark.parametrize("value", [3.9, 75.1, math.nan, math.inf])
def test_out_of_reach_names_request_limits_and_unit_and_nothing_is_written(bl, server, value):
    with pytest.raises(OutOfReach, match=r"dcm_bragg .* deg: allowed 4 … 75 deg"):
        bl.dcm.bragg.set(value)
    assert server.writes == []


def test_limits_are_those_of_the_record_now(bl, server):
    server.post("BL09U:DCM:Bragg.HLM", 30.0)
    with pytest.raises(OutOfReach, match="4 … 30 deg"):
        bl.dcm.bragg.check_value(31.0)


def test_done_outside_tolerance_is_no_success(bl):
    bl.fake.motors["bragg"].lands_at = lambda target: target + 0.001
    with pytest.raises(MoveFailed, match=r"ended at 20.001 deg, asked for 20 deg .*stopped by somebody else"):
        bl.dcm.bragg.set(20.0).wait(1)


def test_a_write_that_was_refused_is_told_whoever_moves_it(bl, server, monkeypatch):
    pitch = bl.dcm.pitch
    monkeypatch.setattr(type(pitch.setpoint), "refusal", "Busy: on its way to 50 urad")

    def refuse(_value, done):
        server.post("BL09U:DCM:Pitch.DMOV", 0)  # another client's motion goes on
        done()

    server.on_write[pitch.setpoint.address] = refuse
    with pytest.raises(MoveFailed, match=r"^dcm_pitch: not moved to 20 urad: Busy: on its way to 50 urad$"):
        pitch.set(20.0).wait(1)


def test_limit_switch_is_named(bl, server):
    bl.fake.motors["bragg"].lands_at = lambda target: 18.0
    server.post("BL09U:DCM:Bragg.HLS", 1)
    with pytest.raises(MoveFailed, match="high limit switch"):
        bl.dcm.bragg.set(20.0).wait(1)
    assert bl.dcm.bragg.state is State.ALARM
    assert "high limit switch" in bl.dcm.bragg.status_text


def test_reported_as_ended_while_it_still_moves(bl, server):
    server.on_write["BL09U:DCM:Bragg.VAL"] = lambda value, done: (server.post("BL09U:DCM:Bragg.DMOV", 0), done())
    with pytest.raises(MoveFailed, match="still moves"):
        bl.dcm.bragg.set(20.0).wait(1)


def test_invalid_position_is_no_success(bl, server):
    server.on_write["BL09U:DCM:Bragg.VAL"] = lambda value, done: (
        server.post("BL09U:DCM:Bragg.RBV", value, severity=3),
        done(),
    )
    with pytest.raises(BadReading, match="invalid"):
        bl.dcm.bragg.set(20.0).wait(1)
    assert bl.dcm.bragg.state is State.FAULT


def test_deadline_names_device_and_last_value(bl, impatient):
    bl.fake.motors["bragg"].hold = True
    with pytest.raises(
        TimedOut, match=r"dcm_bragg: waited .* s for the end of its move to 20 deg; last value 16.2 deg"
    ):
        bl.dcm.bragg.set(20.0).wait(5)


def test_after_a_deadline_the_same_axis_works_again(bl, impatient):
    bl.fake.motors["bragg"].hold = True
    with pytest.raises(TimedOut):
        bl.dcm.bragg.set(20.0).wait(5)
    bl.fake.motors["bragg"].arrive()  # late, and ignored
    bl.fake.motors["bragg"].hold = False
    bl.dcm.bragg.set(21.0).wait(1)
    assert bl.dcm.bragg.position == 21.0


def test_lost_connection_fails_the_move_at_once(bl, server):
    bl.fake.motors["bragg"].hold = True
    status = bl.dcm.bragg.set(20.0)
    server.disconnect("BL09U:DCM:Bragg")
    with pytest.raises(NotConnected, match="lost its server on the way to 20 deg"):
        status.wait(1)
    assert bl.dcm.bragg.state is State.UNKNOWN
    with pytest.raises(NotConnected, match=r"BL09U:DCM:Bragg"):
        bl.dcm.bragg.set(21.0)


def test_second_move_while_the_first_is_under_way_is_refused(bl):
    bl.fake.motors["bragg"].hold = True
    bl.dcm.bragg.set(20.0)
    with pytest.raises(Busy, match=r"asked for 21 deg while still on its way to 20 deg"):
        bl.dcm.bragg.set(21.0)
    bl.dcm.bragg.stop(success=True)


def test_stop_fails_the_move_unless_it_was_meant(bl, server):
    bl.fake.motors["bragg"].hold = True
    status = bl.dcm.bragg.set(20.0)
    assert bl.dcm.bragg.state is State.MOVING
    bl.dcm.bragg.stop()
    with pytest.raises(Stopped, match="on its way to 20 deg"):
        status.wait(1)
    meant = bl.dcm.bragg.set(20.0)
    bl.dcm.bragg.stop(success=True)
    assert meant.success
    assert server.writes.count(("BL09U:DCM:Bragg.STOP", 1)) == 2


def test_stop_of_an_axis_at_rest_disturbs_nobody(bl, server):
    bl.dcm.bragg.stop()
    assert server.writes == []


def test_gap_without_permission(bl, server):
    server.post("BL09U:ID:Permit", 0)
    server.post("BL09U:ID:Status", "the machine does not permit motion")
    with pytest.raises(NotPermitted, match="the machine does not permit motion"):
        bl.undulator.gap.set(20.0)
    assert server.writes == []
    assert bl.undulator.gap.state is State.DISABLE
    assert bl.undulator.state is State.DISABLE
    assert "gap" in bl.undulator.status_text


def test_gap_moves(bl):
    bl.undulator.gap.set(12.5).wait(1)
    assert bl.undulator.read()["undulator_gap"]["value"] == 12.5


def test_documents_carry_units_limits_and_digits(bl):
    key = bl.dcm.bragg.describe()["dcm_bragg"]
    assert (key["units"], key["lower_ctrl_limit"], key["upper_ctrl_limit"], key["precision"]) == ("deg", 4.0, 75.0, 6)
    assert bl.dcm.bragg.hints == {"fields": ["dcm_bragg"]}
    assert set(bl.dcm.bragg.read()) == {"dcm_bragg", "dcm_bragg_setpoint"}
    assert set(bl.dcm.bragg.read_configuration()) >= {"dcm_bragg_velocity", "dcm_bragg_acceleration"}
    gap = bl.undulator.gap.describe()["undulator_gap"]
    assert (gap["units"], gap["lower_ctrl_limit"], gap["upper_ctrl_limit"]) == ("mm", 5.0, 40.0)


def test_subscribers_hear_of_the_position(bl):
    heard = []
    bl.dcm.bragg.subscribe(lambda value, **_: heard.append(value), run=False)
    bl.dcm.bragg._readback_changed(value=17.0, timestamp=1.0)
    assert heard == [17.0]


def test_nominal_time_follows_distance_and_speed(bl):
    # 1 deg/s, 0.05 s to full speed: 3.8 deg take 3.8 s and one ramp
    assert bl.dcm.bragg.nominal_s(20.0) == pytest.approx(3.85)
