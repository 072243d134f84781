"""The motor record's state machine: pure, without clock, network or mechanics.

It is fed with puts (`put`), with reports from the controller (`report`) and with the end of the settling time
(`settled`), and answers with commands to the controller. Each of them processes the record once. MIP names the
phase:

============  =====================================  ==========================================================
phase (MIP)   entered by                             left, when the motor reports that it stands, to
============  =====================================  ==========================================================
DONE          start; end of a motion                 MOVE by a new target; HOMF, HOMR, JOG_REQ by a button;
                                                     LOAD_P by a new target in SET mode
MOVE          new target (VAL, DVAL, RVAL, RLV,      MOVE_BL if backlash is to be taken out; RETRY if further
              TWF, TWR), retry                       from the target than RDBD; DONE
MOVE_BL       first part of a move against BDST      RETRY or DONE, as MOVE
RETRY         RCNT < RTRY and |DIFF| >= RDBD         MOVE at once; DONE if the target is within RDBD
JOG_REQ       JOGF, JOGR pressed                     JOGF, JOGR at once; DONE with LVIO near a soft limit
JOGF, JOGR    jog command sent                       JOG_STOP when released; DONE by limit switch or soft limit
JOG_STOP      button released                        JOG_BL1 if BDST is set; DONE
JOG_BL1, BL2  backlash after a jog                   JOG_BL2; then as MOVE
HOMF, HOMR    home button                            DONE, set-points = readbacks
STOP          STOP, SPMG Stop or Pause; also with    DONE; after STOP the set-points = readbacks, after Pause
              a HOM or JOG bit that waits for it     the target stays and Go resumes
LOAD_P        position loaded into the controller    DONE
DELAY_REQ     stood still, DLY > 0                   DELAY_ACK when the time is over, then as before
============  =====================================  ==========================================================

A limit switch in the direction of motion ends every phase. DMOV is 0 from the put (even of a target where the
motor already is: clients wait for the 1 that follows) to the end of the last phase; MOVN is 1 only while the
motor turns. A new target during a MOVE is taken up when the motor stands; if it lies behind (NTM), the motor is
stopped first.

After the motor record of EPICS (epics-modules/motor, motorRecord.cc, R7), in behaviour, not in code.
"""

from __future__ import annotations

from ioc_sim.records import motor_moves, motor_speeds
from ioc_sim.records.motor_acting import Acting
from ioc_sim.records.motor_bits import Mip, Msta, Spmg, Stup
from ioc_sim.records.motor_commands import Ask, Command, Report, Settle, Stop
from ioc_sim.records.motor_fields import (
    MotorFields,
    dial_of_steps,
    limits_off,
    nearest,
    raw_is_user_direction,
    sync_targets,
    user,
)
from ioc_sim.records.motor_relations import relate

TARGETS = frozenset({"val", "dval", "rval", "rlv", "twf", "twr"})
"""Fields whose put clears DMOV at once."""
PROCESSING = TARGETS | {
    *("off", "dir", "mres", "eres", "srev", "urev", "ueip", "urip"),
    *("hlm", "llm", "dhlm", "dllm", "hlsv"),
    *("stop", "spmg", "homf", "homr", "jogf", "jogr", "cnen", "sync", "stup"),
}
"""Fields whose put processes the record."""


class MotorState(Acting):
    """A motor record without its surroundings; `f` holds its fields."""

    def __init__(self, fields: MotorFields) -> None:
        super().__init__(fields)
        self._report = Report(0, 0, Msta.DONE)

    # ---- what happens to it

    def start(self, report: Report) -> None:
        """Take the controller's position as the set-point, as a record does when its server starts."""
        f = self.f
        motor_speeds.start(f)
        self._report = report
        self._read_back()
        sync_targets(f)
        outside = not f.dllm - abs(f.mres) <= f.drbv <= f.dhlm + abs(f.mres)
        f.lvio = int(not limits_off(f) and outside)

    def announce(self, name: str) -> None:
        """Clear DMOV before a put to a field that sets a target."""
        if name in TARGETS:
            self.f.dmov = 0

    def refuses(self, name: str) -> str | None:
        """Say why a put cannot be taken now, if so."""
        if name in ("homf", "homr") and self.f.mip & Mip.HOME:
            return "the motor is homing already"
        if name == "stup" and self.f.stup != Stup.OFF:
            return "a status update is under way"
        return None

    def store(self, name: str, value: float) -> list[Command]:
        """Store what was put and make related fields agree; no motion yet."""
        setattr(self.f, name, value)
        self._rescaled = motor_speeds.after_put(self.f, name) or self._rescaled
        return relate(self.f, name)

    def process(self) -> list[Command]:
        """Act on what was put."""
        self._process(reported=False)
        return self._taken()

    def put(self, name: str, value: float) -> list[Command]:
        """Put to a field: announce, store and, where that is so for the field, process."""
        self.announce(name)
        commands = self.store(name, value)
        return commands + self.process() if name in PROCESSING else commands

    def report(self, report: Report) -> list[Command]:
        """Hear from the controller."""
        self._report = report
        self._process(reported=True)
        return self._taken()

    def settled(self, report: Report) -> list[Command]:
        """Go on after the settling time DLY."""
        if not self.f.mip & Mip.DELAY_REQ:
            return []
        self.f.mip |= Mip.DELAY_ACK
        return self.report(report)

    # ---- processing

    def _process(self, reported: bool) -> None:
        f, before = self.f, self.f.lvio
        if reported:
            self._read_back()
            if f.movn:
                self._while_turning()
            elif f.stup != Stup.BUSY and self._standing():
                self._finish(reported)
                return
        self._soft_limit_on_the_way(before)
        if not reported or f.stop or f.spmg in (Spmg.STOP, Spmg.PAUSE) or f.dmov or f.mip & Mip.RETRY:
            self._work(reported)
        self._finish(reported)

    def _finish(self, reported: bool) -> None:
        if reported and self.f.stup == Stup.BUSY:
            self.f.stup = Stup.OFF

    def _read_back(self) -> None:
        f, status = self.f, self._report.status
        f.rmp, f.rep, f.msta = self._report.motor, self._report.encoder, status
        if f.ueip and not status & Msta.ENCODER_PRESENT:
            f.ueip = 0
        f.rrbv = f.rep if f.ueip else f.rmp
        f.drbv = dial_of_steps(f.rrbv, f.eres if f.ueip else f.mres)
        f.rbv = user(f, f.drbv)
        f.tdir = int(bool(status & Msta.DIRECTION))
        f.rhls, f.rlls = int(bool(status & Msta.PLUS_LS)), int(bool(status & Msta.MINUS_LS))
        f.hls, f.lls = (f.rhls, f.rlls) if raw_is_user_direction(f) else (f.rlls, f.rhls)
        f.athm = int(bool(status & (Msta.ENCODER_HOME if f.ueip else Msta.AT_HOME)))
        blocked = self._switch_ahead() or bool(status & Msta.PROBLEM)
        f.movn = int(not blocked and not status & Msta.DONE)
        if blocked:
            self._clear_buttons()
        f.diff = f.dval - f.drbv
        f.rdif = nearest(f.diff / f.mres)
        if status & Msta.GAIN_SUPPORT:
            f.cnen = int(bool(status & Msta.POSITION))

    def _switch_ahead(self) -> bool:
        return bool((self.f.rhls and self.f.cdir) or (self.f.rlls and not self.f.cdir))

    def _while_turning(self) -> None:
        f = self.f
        if f.dmov:
            # somebody else moves the motor
            f.dmov, f.pp = 0, 1
            f.mip |= Mip.EXTERNAL
        behind = (f.rdif >= 0) != bool(f.cdir) and abs(f.diff) > f.ntmf * (abs(f.bdst) + f.rdbd)
        if f.ntm and behind and f.mip & (Mip.RETRY | Mip.MOVE) and not f.mip & Mip.STOP:
            self._send(Stop())
            f.mip |= Mip.STOP
            f.pp = 0

    def _standing(self) -> bool:
        """Deal with a motor that stands still; return True if there is nothing to do until the next report."""
        f = self.f
        stopped_now = not f.dmov
        f.dmov = 1
        if stopped_now and f.mip in (Mip.JOGF, Mip.JOGR):
            f.mip, f.pp = Mip.DONE, 1
            self._clear_buttons()
        if f.mip != Mip.DONE and self._switch_ahead():
            f.dmov, f.pp, f.mip = 0, 1, Mip.DONE
            self._send(Ask())
            return True
        if f.pp:
            if f.val != f.lval and not f.mip & (Mip.STOP | Mip.JOG_STOP):
                if f.mip in (Mip.HOMF, Mip.HOMR):
                    self._clear_buttons()
                f.mip, f.pp = Mip.DONE, 0
                return False
            self._post_process()
        if self._switch_ahead() or f.mip == Mip.LOAD_P:
            f.mip = Mip.DONE
        elif f.dmov:
            return self._settle_or_retry(stopped_now)
        return False

    def _settle_or_retry(self, stopped_now: bool) -> bool:
        f = self.f
        if not f.mip & Mip.DELAY_ACK and f.dly > 0:
            if not stopped_now:
                return False
            if not f.mip & Mip.DELAY_REQ:
                f.mip |= Mip.DELAY_REQ
                self._send(Settle(f.dly))
            f.dmov = 0
            return True
        if f.stup != Stup.ON and f.mip != Mip.DONE:
            f.mip &= ~Mip.DELAY
            self._maybe_retry()
            if self._in_position_retry():
                f.mip |= Mip.DELAY_REQ
                self._send(Settle(f.dly))
        return False

    def _maybe_retry(self) -> None:
        f = self.f
        forward = bool(f.cdir) == raw_is_user_direction(f)
        blocked = (f.hls and forward) or (f.lls and not forward)
        if abs(f.diff) >= f.rdbd and not blocked:
            if f.spmg == Spmg.PAUSE:
                f.dmov, f.mip = 0, Mip.RETRY  # Go resumes
                return
            if f.rtry == 0:
                f.mip &= Mip.JOG_REQ
                return
            f.rcnt += 1
            if f.rcnt <= f.rtry:
                f.dmov, f.mip = 0, Mip.RETRY
                return
            f.mip, f.miss = Mip.DONE, 1
            if (f.jogf and not f.hls) or (f.jogr and not f.lls):
                f.mip = Mip.JOG_REQ
            f.lval, f.ldvl, f.lrvl = f.val, f.dval, f.rval
            return
        f.mip &= Mip.JOG_REQ
        f.miss = 0
        if f.spmg == Spmg.MOVE:
            f.spmg = Spmg.PAUSE

    def _post_process(self) -> None:
        """Go on after a command or a part of a motion has ended."""
        f = self.f
        f.pp = 0
        if not f.mip & (Mip.MOVE | Mip.MOVE_BL | Mip.JOG_BL1 | Mip.JOG_BL2):
            f.val, f.dval = f.rbv, f.drbv
            f.rval = nearest(f.dval / f.mres)
            f.diff, f.rdif = 0.0, 0
        if f.mip & Mip.LOAD_P:
            f.mip = Mip.DONE
        elif f.mip & Mip.HOME:
            if f.mip & Mip.STOP:
                f.mip &= ~Mip.STOP
                self._go_home()
            else:
                f.mip &= ~Mip.HOME
                f.homf = f.homr = 0
        elif f.mip & (Mip.JOG_STOP | Mip.MOVE | Mip.JOG_BL1):
            self._take_out_backlash()
        f.lval, f.ldvl, f.lrvl = f.val, f.dval, f.rval
        f.mip &= ~Mip.STOP

    def _take_out_backlash(self) -> None:
        f = self.f
        if abs(f.bdst) >= abs(f.mres):
            jogged = bool(f.mip & Mip.JOG_STOP)
            move = motor_moves.approach(f) if jogged else motor_moves.take_out(f)
            f.mip = Mip.JOG_BL1 if jogged else Mip.JOG_BL2 if f.mip & Mip.JOG_BL1 else Mip.MOVE_BL
            f.dmov, f.pp, f.cdir = 0, 1, int(move.target >= f.rrbv)
            self._send(move)
        f.mip &= ~(Mip.JOG_STOP | Mip.MOVE)

    def _soft_limit_on_the_way(self, before: int) -> None:
        f = self.f
        if limits_off(f):
            f.lvio = 0
        elif f.mip & Mip.JOG:
            forward = f.jogf and f.rbv > f.hlm - f.jvel
            reverse = f.jogr and f.rbv < f.llm + f.jvel
            f.lvio = int(bool(forward or reverse or f.dllm > f.dhlm))
        elif f.mip & Mip.HOME:
            f.lvio = 0
        if f.lvio and not before and not (f.set and not f.igset):
            f.stop = 1
            self._clear_buttons()
