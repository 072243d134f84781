"""The motor record's state machine against a controller of a few lines: no server, no time."""

import math

import pytest
from caproto import AlarmSeverity, AlarmStatus
from hypothesis import given
from hypothesis import strategies as st

from ioc_sim.records import motor_fields
from ioc_sim.records.motor_alarm import NO_ALARM, motor_alarm
from ioc_sim.records.motor_bits import Mip, Msta, RetryMode, Spmg
from ioc_sim.records.motor_commands import Home, Jog, Load, Move, Report, Settle, Stop, Torque
from ioc_sim.records.motor_fields import MotorFields
from ioc_sim.records.motor_state import MotorState

STEP = 0.001


class Rig:
    """A record and its controller: `go` lets motions end, `half_way` lets the one under way come half way."""

    def __init__(self, lost: float = 0.0, at: int = 0, **fields: float) -> None:
        values = {"mres": STEP, "velo": 2.0, "accl": 0.1, "bacc": 0.1, "dhlm": 100.0, "dllm": -100.0, "hvel": 1.0}
        self.state = MotorState(MotorFields(**(values | fields)))
        self.f = self.state.f
        self.raw, self.lost = at, lost
        self.moving: Move | Jog | Home | None = None
        self.forward = False
        self.extra = Msta.GAIN_SUPPORT | Msta.POSITION | Msta.ENCODER_PRESENT
        self.sent: list[object] = []
        self.state.start(self.report())

    def report(self) -> Report:
        status = self.extra | (Msta.MOVING if self.moving else Msta.DONE) | (Msta.DIRECTION if self.forward else 0)
        return Report(self.raw, self.raw, status)

    def put(self, name: str, value: float) -> None:
        self.take(self.state.put(name, value))

    def take(self, commands: list) -> None:
        for command in commands:
            self.sent.append(command)
            match command:
                case Move(target):
                    self.moving, self.forward = command, target > self.raw
                    self.take(self.state.report(self.report()))
                case Jog(ramp):
                    self.moving, self.forward = command, ramp.speed > 0
                    self.take(self.state.report(self.report()))
                case Home(forward):
                    self.moving, self.forward = command, forward
                    self.take(self.state.report(self.report()))
                case Load(raw):
                    self.raw = round(raw)
                case Stop() | Settle():
                    pass
                case Torque(on):
                    self.extra = self.extra & ~Msta.POSITION | (Msta.POSITION if on else 0)
                    self.take(self.state.report(self.report()))
                case _:
                    self.take(self.state.report(self.report()))

    def half_way(self) -> None:
        assert isinstance(self.moving, Move)
        self.raw += round((self.moving.target - self.raw) / 2)
        self.take(self.state.report(self.report()))

    def arrive(self) -> None:
        """End the motion under way: at the target, or where it is if it was stopped."""
        moving, self.moving = self.moving, None
        if isinstance(moving, Move) and not self.stopped():
            self.raw += round((moving.target - self.raw) * (1 - self.lost))
        if isinstance(moving, Home) and not self.stopped():
            self.raw = 0
        self.take(self.state.report(self.report()))

    def stopped(self) -> bool:
        return bool(self.sent) and isinstance(self.sent[-1], Stop)

    def settle(self) -> None:
        self.take(self.state.settled(self.report()))

    def go(self) -> None:
        for _ in range(50):
            if self.moving is None:
                return
            self.arrive()
        pytest.fail("the motion does not end")

    def moves(self) -> list[Move]:
        return [command for command in self.sent if isinstance(command, Move)]

    def check_at(self, user: float) -> None:
        assert (self.f.rbv, self.f.val) == pytest.approx((user, user), abs=STEP / 2)
        assert (self.f.dmov, self.f.movn, self.f.mip) == (1, 0, Mip.DONE)


# ---- coordinates


@given(
    position=st.floats(-1e4, 1e4),
    off=st.floats(-1e4, 1e4),
    direction=st.sampled_from([0, 1]),
)
def test_user_and_dial_are_inverse(position, off, direction):
    f = MotorFields(off=off, dir=direction)
    assert motor_fields.user(f, motor_fields.dial(f, position)) == pytest.approx(position, abs=1e-9)


@given(off=st.floats(-100, 100), direction=st.sampled_from([0, 1]), low=st.floats(-50, 0), high=st.floats(0.1, 50))
def test_limits_keep_their_order_in_both_coordinates(off, direction, low, high):
    f = MotorFields(off=off, dir=direction, dllm=low, dhlm=high)
    motor_fields.user_limits_from_dial(f)
    assert f.hlm - f.llm == pytest.approx(high - low)
    f.dllm = f.dhlm = 0.0
    motor_fields.dial_limit_from_user(f, "hlm")
    motor_fields.dial_limit_from_user(f, "llm")
    assert (f.dllm, f.dhlm) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(("x", "steps"), [(0.5, 1), (-0.5, -1), (1.49, 1), (-1.49, -1), (0.0, 0), (2.5, 3)])
def test_steps_are_rounded_half_away_from_zero(x, steps):
    assert motor_fields.nearest(x) == steps


# ---- moves


def test_a_move_goes_through_its_phases():
    rig = Rig()
    assert rig.f.dmov == 1
    rig.put("val", 10.0)
    assert (rig.f.dmov, rig.f.movn, rig.f.mip, rig.f.tdir) == (0, 1, Mip.MOVE, 1)
    assert (rig.f.dval, rig.f.rval, rig.f.diff) == (10.0, 10000, 10.0)
    rig.half_way()
    assert (rig.f.rbv, rig.f.dmov, rig.f.rdif) == (5.0, 0, 5000)
    rig.arrive()
    rig.check_at(10.0)
    assert (rig.f.rrbv, rig.f.diff, rig.f.msta & Msta.DONE) == (10000, 0.0, Msta.DONE)


def test_a_ramp_is_given_in_steps():
    rig = Rig(vbas=0.5)
    rig.put("val", 1.0)
    ramp = rig.moves()[0].ramp
    assert (ramp.speed, ramp.base, ramp.seconds) == pytest.approx((2000.0, 500.0, 0.1))


@pytest.mark.parametrize(("name", "value"), [("val", 3.0), ("dval", 3.0), ("rval", 3000), ("rlv", 3.0)])
def test_every_coordinate_takes_a_target(name, value):
    rig = Rig()
    rig.put(name, value)
    rig.go()
    rig.check_at(3.0)
    assert (rig.f.dval, rig.f.rval, rig.f.rlv) == (3.0, 3000, 0.0)


def test_a_move_of_no_length_clears_and_sets_dmov():
    rig = Rig(at=3000)
    rig.state.announce("val")
    assert rig.f.dmov == 0
    rig.put("val", 3.0)
    assert rig.f.dmov == 1
    assert not rig.moves()


def test_direction_and_offset_are_obeyed():
    rig = Rig(dir=1, off=5.0)
    assert (rig.f.rbv, rig.f.hlm, rig.f.llm) == (5.0, 105.0, -95.0)
    rig.put("val", 7.0)
    rig.go()
    assert (rig.raw, rig.f.dval) == (-2000, -2.0)
    rig.check_at(7.0)


def test_a_negative_resolution_reverses_the_steps():
    rig = Rig(mres=-STEP)
    rig.put("val", 2.0)
    assert rig.f.tdir == 0
    rig.go()
    assert rig.raw == -2000
    rig.check_at(2.0)


@pytest.mark.parametrize("button", ["twf", "twr"])
def test_tweaking(button):
    rig = Rig(twv=0.5)
    rig.put(button, 1)
    rig.go()
    rig.check_at(0.5 if button == "twf" else -0.5)
    assert rig.f.twf == rig.f.twr == 0


def test_the_setpoint_deadband_swallows_small_moves():
    rig = Rig(spdb=0.1)
    rig.put("val", 0.05)
    assert not rig.moves()
    assert rig.f.dmov == 1


# ---- soft limits


@pytest.mark.parametrize("target", [100.5, -100.5])
def test_a_target_beyond_the_limits_is_refused(target):
    rig = Rig(at=2000)
    rig.put("val", target)
    assert not rig.moves()
    assert (rig.f.lvio, rig.f.val, rig.f.dval, rig.f.rval, rig.f.dmov) == (1, 2.0, 2.0, 2000, 1)
    rig.put("val", 3.0)
    assert rig.f.lvio == 0


def test_back_into_the_limits_is_allowed():
    rig = Rig(at=2000)
    rig.put("dhlm", 1.0)
    rig.put("val", 1.5)
    assert rig.f.lvio == 0
    rig.go()
    rig.check_at(1.5)


def test_equal_limits_of_zero_mean_none():
    rig = Rig(dhlm=0.0, dllm=0.0)
    rig.put("val", 1e4)
    assert rig.moves()


def test_the_way_round_for_backlash_must_be_within_the_limits_too():
    rig = Rig(bdst=5.0)
    rig.put("val", -98.0)
    assert not rig.moves()
    assert rig.f.lvio == 1


def test_limits_follow_each_other():
    rig = Rig(dir=1, off=10.0)
    rig.put("hlm", 50.0)
    assert (rig.f.dllm, rig.f.rllm) == (-40.0, -40000.0)
    rig.put("dhlm", 20.0)
    assert rig.f.llm == -10.0
    rig.put("off", 0.0)
    assert (rig.f.hlm, rig.f.llm) == (40.0, -20.0)


# ---- calibration


def test_set_redefines_the_users_coordinate():
    rig = Rig(at=1000)
    rig.put("set", 1)
    rig.put("val", 10.0)
    rig.put("set", 0)
    assert (rig.f.off, rig.f.rbv, rig.f.dval, rig.f.hlm) == (9.0, 10.0, 1.0, 109.0)
    assert not rig.moves()
    assert rig.f.dmov == 1


def test_set_with_frozen_offset_redefines_the_dial():
    rig = Rig(at=1000, off=2.0)
    rig.put("fof", 1)
    rig.put("sset", 1)
    rig.put("val", 10.0)
    rig.put("suse", 0)
    assert Load(pytest.approx(8000)) in rig.sent
    assert (rig.f.off, rig.f.dval, rig.f.drbv, rig.raw) == (2.0, 8.0, 8.0, 8000)
    rig.check_at(10.0)
    assert not rig.moves()


def test_set_of_the_dial_redefines_dial_and_offset():
    rig = Rig(at=1000)
    rig.put("set", 1)
    rig.put("dval", 4.0)
    assert (rig.f.off, rig.raw, rig.f.val) == (-3.0, 4000, 1.0)
    assert (rig.f.dmov, rig.f.mip) == (1, Mip.DONE)


@pytest.mark.parametrize(("foff", "off", "val"), [(0, 6.0, 3.0), (1, 0.0, -3.0)])
def test_a_new_direction_keeps_the_position_or_the_offset(foff, off, val):
    rig = Rig(at=3000, foff=foff)
    rig.put("dir", 1)
    assert (rig.f.off, rig.f.val, rig.f.rbv) == (off, val, val)
    assert not rig.moves()


def test_a_new_resolution_keeps_the_dial():
    rig = Rig(at=1000)
    rig.put("mres", 0.01)
    assert (rig.f.drbv, rig.raw, rig.f.urev, rig.f.rdbd) == (1.0, 100, 2.0, 0.01)
    assert rig.f.velo == pytest.approx(20.0)  # the same revolutions per second


def test_a_new_resolution_in_set_mode_moves_the_dial():
    rig = Rig(at=1000)
    rig.put("set", 1)
    rig.put("mres", 0.01)
    assert (rig.raw, rig.f.drbv) == (1000, 10.0)


def test_sync_takes_the_readback():
    rig = Rig()
    rig.raw = 1234
    rig.put("stup", 1)
    assert (rig.f.rbv, rig.f.val, rig.f.stup) == (1.234, 0.0, 0)
    rig.put("sync", 1)
    assert (rig.f.val, rig.f.dval, rig.f.rval, rig.f.sync) == (1.234, 1.234, 1234, 0)


# ---- stop, pause, go


def test_stop_makes_the_set_points_agree():
    rig = Rig()
    rig.put("val", 10.0)
    rig.half_way()
    rig.put("stop", 1)
    assert isinstance(rig.sent[-1], Stop)
    assert (rig.f.dmov, rig.f.stop, rig.f.mip) == (0, 0, Mip.STOP)
    rig.arrive()
    rig.check_at(5.0)


def test_stop_of_a_motor_at_rest_changes_nothing():
    rig = Rig(at=1000)
    rig.put("stop", 1)
    rig.check_at(1.0)


def test_pause_keeps_the_target_and_go_resumes():
    rig = Rig()
    rig.put("val", 10.0)
    rig.half_way()
    rig.put("spmg", Spmg.PAUSE)
    rig.arrive()
    assert (rig.f.val, rig.f.rbv, rig.f.dmov, rig.f.movn) == (10.0, 5.0, 0, 0)
    rig.put("spmg", Spmg.GO)
    rig.go()
    rig.check_at(10.0)


@pytest.mark.parametrize("rtry", [0, 10])
@pytest.mark.parametrize("bdst", [0.0, 0.5, -0.5])
def test_pause_resumes_whatever_retries_and_backlash(rtry, bdst):
    rig = Rig(rtry=rtry, bdst=bdst, bvel=1.0)
    rig.put("val", 10.0)
    rig.half_way()
    rig.put("spmg", Spmg.PAUSE)
    rig.arrive()
    rig.put("spmg", Spmg.GO)
    rig.go()
    rig.check_at(10.0)


def test_stop_drops_a_paused_target():
    rig = Rig()
    rig.put("val", 10.0)
    rig.half_way()
    rig.put("spmg", Spmg.PAUSE)
    rig.arrive()
    rig.put("stop", 1)
    assert (rig.f.dmov, rig.f.val) == (1, 5.0)
    rig.put("spmg", Spmg.GO)
    rig.check_at(5.0)


def test_a_target_waits_while_stopped():
    rig = Rig()
    rig.put("spmg", Spmg.STOP)
    rig.put("val", 1.0)
    assert (rig.f.dmov, rig.moves()) == (0, [])
    rig.put("spmg", Spmg.GO)
    rig.go()
    rig.check_at(1.0)


def test_move_moves_once():
    rig = Rig()
    rig.put("spmg", Spmg.MOVE)
    rig.put("val", 1.0)
    rig.go()
    assert (rig.f.rbv, rig.f.spmg) == (1.0, Spmg.PAUSE)
    rig.put("val", 2.0)
    assert len(rig.moves()) == 1


# ---- new targets on the way


def test_a_farther_target_is_taken_up_on_arrival():
    rig = Rig()
    rig.put("val", 10.0)
    rig.half_way()
    rig.put("val", 20.0)
    assert len(rig.moves()) == 1
    rig.arrive()
    assert rig.f.dmov == 0
    rig.go()
    rig.check_at(20.0)


@pytest.mark.parametrize("ntm", [0, 1])
def test_a_target_behind_stops_the_motor_first(ntm):
    rig = Rig(ntm=ntm)
    rig.put("val", 10.0)
    rig.half_way()
    rig.put("val", 1.0)
    rig.take(rig.state.report(rig.report()))
    assert isinstance(rig.sent[-1], Stop) == bool(ntm)
    rig.go()
    rig.check_at(1.0)


@pytest.mark.parametrize("target", [5.0, 2.5, 10.0, 40.0])
def test_retargeting_ends_at_the_last_target(target):
    rig = Rig()
    rig.put("val", 10.0)
    for val in (3.0, 30.0, target):
        rig.half_way()
        rig.put("val", val)
    rig.go()
    rig.check_at(target)


# ---- backlash


@pytest.mark.parametrize(("bdst", "target", "stations"), [
    (0.5, 10.0, [9.5, 10.0]),
    (-0.5, -10.0, [-9.5, -10.0]),
    (0.5, -10.0, [-10.5, -10.0]),
    (-0.5, 10.0, [10.5, 10.0]),
    (0.5, 0.3, [0.3]),
])  # fmt: skip
def test_backlash_is_taken_out_from_one_side(bdst, target, stations):
    rig = Rig(bdst=bdst, bvel=1.0)
    rig.put("val", target)
    rig.go()
    assert [move.target * STEP for move in rig.moves()] == pytest.approx(stations)
    assert rig.moves()[-1].ramp.speed == pytest.approx(1000.0)
    rig.check_at(target)


def test_no_second_move_where_backlash_speed_is_full_speed():
    rig = Rig(bdst=0.5, bvel=2.0, bacc=0.1)
    rig.put("val", 10.0)
    rig.go()
    assert len(rig.moves()) == 1


def test_dmov_stays_clear_between_the_parts_of_a_move():
    rig = Rig(bdst=0.5, bvel=1.0)
    rig.put("val", 10.0)
    rig.arrive()
    assert (rig.f.dmov, rig.f.mip) == (0, Mip.MOVE_BL)


# ---- retries


def test_retries_reach_the_target():
    rig = Rig(lost=0.1, rdbd=0.005)
    rig.put("val", 10.0)
    rig.go()
    assert rig.f.rbv == pytest.approx(10.0, abs=0.005)
    assert (rig.f.rcnt, rig.f.miss, rig.f.dmov) == (3, 0, 1)


def test_retries_run_out():
    rig = Rig(lost=0.5, rdbd=0.001, rtry=3)
    rig.put("val", 10.0)
    rig.go()
    assert (rig.f.miss, rig.f.dmov, rig.f.mip, rig.f.rbv) == (1, 1, Mip.DONE, 9.375)
    rig.lost = 0.0
    rig.put("val", 1.0)
    rig.go()
    assert (rig.f.miss, rig.f.rcnt) == (0, 0)


def test_without_retries_the_first_result_stands():
    rig = Rig(lost=0.1, rtry=0)
    rig.put("val", 10.0)
    rig.go()
    assert (rig.f.rbv, rig.f.val, rig.f.dmov, rig.f.mip) == (9.0, 10.0, 1, Mip.DONE)


@pytest.mark.parametrize("mode", [RetryMode.DEFAULT, RetryMode.ARITHMETIC, RetryMode.GEOMETRIC])
def test_moves_by_the_encoder_reach_the_target(mode):
    rig = Rig(lost=0.05, rmod=mode, rtry=20, rdbd=0.01)
    rig.put("ueip", 1)
    rig.put("val", 10.0)
    rig.go()
    assert rig.f.rbv == pytest.approx(10.0, abs=0.01)
    assert rig.f.dmov == 1


def test_in_position_mode_waits_instead_of_moving():
    rig = Rig(lost=0.1, rmod=RetryMode.IN_POSITION, rtry=2)
    rig.put("val", 10.0)
    rig.arrive()
    assert isinstance(rig.sent[-1], Settle)
    rig.settle()
    rig.settle()
    assert (rig.f.miss, rig.f.dmov, len(rig.moves())) == (1, 1, 1)


# ---- settling time


def test_the_settling_time_holds_dmov_back():
    rig = Rig(dly=0.2)
    rig.put("val", 1.0)
    rig.arrive()
    assert rig.sent[-1] == Settle(0.2)
    assert (rig.f.dmov, rig.f.movn) == (0, 0)
    rig.settle()
    rig.check_at(1.0)


def test_a_stop_while_settling_ends_all_the_same():
    rig = Rig(dly=0.2)
    rig.put("val", 1.0)
    rig.arrive()
    rig.put("stop", 1)
    rig.settle()
    rig.check_at(1.0)


# ---- jog and home


def test_jogging_until_released():
    rig = Rig(jvel=1.0)
    rig.put("jogr", 1)
    assert isinstance(rig.moving, Jog)
    assert rig.moving.ramp.speed == pytest.approx(-1000.0)
    assert (rig.f.dmov, rig.f.mip, rig.f.tdir) == (0, Mip.JOGR, 0)
    rig.raw = -3000
    rig.take(rig.state.report(rig.report()))
    rig.put("jogr", 0)
    assert isinstance(rig.sent[-1], Stop)
    rig.arrive()
    rig.check_at(-3.0)


def test_backlash_after_a_jog():
    rig = Rig(jvel=1.0, bdst=0.5, bvel=1.0)
    rig.put("jogf", 1)
    rig.raw = 3000
    rig.take(rig.state.report(rig.report()))
    rig.put("jogf", 0)
    rig.go()
    assert [move.target for move in rig.moves()] == pytest.approx([2500, 3000])
    rig.check_at(3.0)


def test_a_jog_stops_before_the_soft_limit():
    rig = Rig(jvel=1.0)
    rig.put("jogf", 1)
    rig.raw = 99500
    rig.take(rig.state.report(rig.report()))
    assert isinstance(rig.sent[-1], Stop)
    rig.arrive()
    assert (rig.f.lvio, rig.f.jogf, rig.f.dmov) == (1, 0, 1)
    rig.put("jogf", 1)
    assert (rig.f.jogf, rig.moving) == (0, None)


@pytest.mark.parametrize(
    ("button", "mres", "forward"), [("homf", STEP, True), ("homr", STEP, False), ("homf", -STEP, False)]
)
def test_homing(button, mres, forward):
    rig = Rig(mres=mres, at=5000)
    rig.put(button, 1)
    assert isinstance(rig.moving, Home)
    assert rig.moving.forward is forward
    assert rig.f.dmov == 0
    assert rig.state.refuses(button)
    rig.arrive()
    assert getattr(rig.f, button) == 0
    rig.check_at(0.0)


def test_homing_on_the_way_stops_first():
    rig = Rig()
    rig.put("val", 10.0)
    rig.half_way()
    rig.put("homr", 1)
    assert isinstance(rig.sent[-1], Stop)
    rig.arrive()
    assert isinstance(rig.moving, Home)
    rig.arrive()
    rig.check_at(0.0)


# ---- switches and troubles


@pytest.mark.parametrize(("direction", "field"), [(0, "hls"), (1, "lls")])
def test_a_switch_ends_the_motion(direction, field):
    rig = Rig(dir=direction, hlsv=2)
    rig.put("dval", 50.0)
    rig.raw, rig.extra = 30000, rig.extra | Msta.PLUS_LS
    rig.moving = None
    rig.take(rig.state.report(rig.report()))
    assert (getattr(rig.f, field), rig.f.rhls, rig.f.dmov, rig.f.movn) == (1, 1, 1, 0)
    assert rig.f.dval == 30.0
    assert motor_alarm(rig.f)[1] == AlarmSeverity.MAJOR_ALARM
    rig.put("dval", 10.0)
    rig.extra &= ~Msta.PLUS_LS
    rig.go()
    assert (rig.f.dval, rig.f.drbv, rig.f.dmov) == (10.0, 10.0, 1)


def test_somebody_elses_motion_clears_dmov():
    rig = Rig()
    rig.moving = Move(2000, None)  # type: ignore[arg-type]
    rig.take(rig.state.report(rig.report()))
    assert (rig.f.dmov, rig.f.mip) == (0, Mip.EXTERNAL)
    rig.arrive()
    rig.check_at(2.0)


def test_torque_follows_the_controller():
    rig = Rig()
    rig.put("cnen", 0)
    assert Torque(False) in rig.sent
    assert rig.f.cnen == 0
    assert not rig.f.msta & Msta.POSITION


@pytest.mark.parametrize(("fields", "alarm"), [
    ({}, NO_ALARM),
    ({"hls": 1, "hlsv": 1}, (AlarmStatus.HIGH, AlarmSeverity.MINOR_ALARM)),
    ({"lls": 1, "hlsv": 2}, (AlarmStatus.LOW, AlarmSeverity.MAJOR_ALARM)),
    ({"lls": 1}, NO_ALARM),
    ({"dval": 2.0, "dhlm": 1.0, "hlsv": 2}, (AlarmStatus.HIGH, AlarmSeverity.MAJOR_ALARM)),
    ({"msta": Msta.COMM_ERR}, (AlarmStatus.COMM, AlarmSeverity.INVALID_ALARM)),
    ({"msta": Msta.SLIP_STALL}, (AlarmStatus.STATE, AlarmSeverity.MAJOR_ALARM)),
])  # fmt: skip
def test_alarms(fields, alarm):
    assert motor_alarm(MotorFields(**fields)) == alarm


# ---- speeds


def test_speeds_have_twins_and_bounds():
    rig = Rig(vmax=5.0, vbas=0.5)
    assert rig.f.s == pytest.approx(2.0 / 0.2)
    rig.put("velo", 9.0)
    assert (rig.f.velo, rig.f.s) == pytest.approx((5.0, 25.0))
    rig.put("velo", 0.1)
    assert rig.f.velo == 0.5
    rig.put("s", 10.0)
    assert rig.f.velo == pytest.approx(2.0)
    rig.put("vmax", 1.0)
    assert (rig.f.velo, rig.f.bvel, rig.f.smax) == pytest.approx((1.0, 1.0, 5.0))


def test_acceleration_time_and_rate_follow_each_other():
    rig = Rig()
    assert rig.f.accs == pytest.approx(20.0)
    rig.put("accs", 10.0)
    assert rig.f.accl == pytest.approx(0.2)
    rig.put("accl", 0.0)
    assert (rig.f.accl, rig.f.accs) == pytest.approx((0.1, 20.0))
    rig.put("velo", 4.0)
    assert (rig.f.accl, rig.f.accs) == pytest.approx((0.1, 40.0))
    rig.put("accu", 1)
    rig.put("velo", 2.0)
    assert (rig.f.accl, rig.f.accs) == pytest.approx((0.05, 40.0))


@given(st.lists(st.tuples(
    st.sampled_from(["val", "rlv", "stop", "jogf", "jogr", "twf", "homf", "spmg", "half", "arrive", "dly", "bdst"]),
    st.floats(-50, 50),
), max_size=25))  # fmt: skip
def test_whatever_happens_the_motor_comes_to_rest(events):
    rig = Rig(lost=0.01, rdbd=0.01)
    for name, value in events:
        if name == "half":
            if isinstance(rig.moving, Move):
                rig.half_way()
        elif name == "arrive":
            rig.arrive()
            rig.settle()
        elif name == "dly":
            rig.put("dly", abs(value))
        elif name == "spmg":
            rig.put("spmg", int(abs(value)) % 4)
        elif name in ("jogf", "jogr"):
            rig.put(name, int(value > 0))
        elif name != "homf" or not rig.state.refuses("homf"):
            rig.put(name, value if name in ("val", "rlv", "bdst") else 1)
    for button in ("jogf", "jogr"):
        rig.put(button, 0)
    rig.put("spmg", Spmg.GO)
    for _ in range(60):
        if rig.moving:
            rig.arrive()
        rig.settle()
    assert (rig.f.dmov, rig.f.movn) == (1, 0)
    rig.put("bdst", 0.0)
    rig.put("dly", 0.0)
    target = 0.0 if abs(rig.f.rbv) > 1 else 5.0
    rig.put("val", target)
    rig.go()
    assert rig.f.rbv == pytest.approx(target, abs=0.02)
    assert math.isfinite(rig.f.val)
