"""The half of the motor record's state machine that acts on targets and buttons; `motor_state` has the other half.

In this order: STUP, STOP and SPMG, a new resolution, HOMF and HOMR, JOGF and JOGR, TWF and TWR, RLV, RVAL, VAL,
DVAL, SYNC.
"""

from __future__ import annotations

from ioc_sim.records import motor_moves
from ioc_sim.records.motor_bits import Mip, RetryMode, Spmg, Stup
from ioc_sim.records.motor_commands import Ask, Command, Load, Stop
from ioc_sim.records.motor_fields import (
    MotorFields,
    follow_target,
    limits_off,
    nearest,
    sign,
    sync_targets,
    user,
    user_limits_from_dial,
)


class Acting:
    """Turns the fields of a motor record into commands."""

    def __init__(self, fields: MotorFields) -> None:
        self.f = fields
        self._commands: list[Command] = []
        self._rescaled = False

    def _taken(self) -> list[Command]:
        commands, self._commands = self._commands, []
        return commands

    def _send(self, command: Command) -> None:
        self._commands.append(command)

    def _clear_buttons(self) -> None:
        f = self.f
        f.jogf = f.jogr = f.homf = f.homr = 0

    def _in_position_retry(self) -> bool:
        """Say whether the drive is to settle by itself, without another move."""
        f = self.f
        return bool(f.mip & Mip.RETRY and f.rmod == RetryMode.IN_POSITION and f.rcnt)

    def _work(self, reported: bool) -> None:
        f = self.f
        if f.stup == Stup.ON:
            f.stup = Stup.BUSY
            self._send(Ask())
        if (f.spmg != f.lspg or f.stop) and self._stop_pause_go():
            return
        if self._rescaled:
            self._load_new_scale()
            return
        if self._buttons():
            return
        self._collect_targets()
        halted = f.spmg in (Spmg.STOP, Spmg.PAUSE)
        if f.val != f.lval and f.set and not f.igset and not f.foff:
            self._redefine_user()
            return
        if halted:
            return
        if f.dval != f.ldvl or not f.dmov:
            self._go_to_target()
        elif f.sync and f.mip == Mip.DONE:
            sync_targets(f)
            f.sync = 0
        elif not reported and f.stup == Stup.OFF:
            f.stup = Stup.BUSY
            self._send(Ask())

    def _stop_pause_go(self) -> bool:
        """Follow the STOP button and the SPMG switch; return True if that is all."""
        f = self.f
        stop = bool(f.stop)
        if f.spmg != f.lspg:
            f.lspg = f.spmg
        else:
            f.stop = 0
        if not stop and f.spmg not in (Spmg.STOP, Spmg.PAUSE):
            if f.spmg == Spmg.MOVE:
                f.mip, f.rcnt = Mip.DONE, 0
            elif (f.jogf and not f.hls) or (f.jogr and not f.lls):
                f.mip = Mip.JOG_REQ
            elif f.mip == Mip.STOP:
                f.mip = Mip.DONE
            return False
        if f.mip & Mip.HOME:
            self._clear_buttons()
        if stop or f.spmg == Spmg.STOP:
            self._stop_for_good()
        elif f.movn:
            f.mip, f.pp = Mip.STOP, 0
        self._send(Stop())
        return True

    def _stop_for_good(self) -> None:
        """Stop, and forget the target: the set-points will be where the motor stands."""
        f = self.f
        if f.movn:
            f.mip, f.pp = Mip.STOP, 1
            self._clear_buttons()
        elif f.mip & Mip.DELAY_REQ and not f.mip & Mip.RETRY:
            sync_targets(f)
        elif not f.dmov:
            # a target that waits for Go, or for a retry
            f.mip, f.dmov = Mip.DONE, 1
            sync_targets(f)

    def _load_new_scale(self) -> None:
        """Keep the dial where it is (or, in SET mode, let it follow the new resolution)."""
        f, self._rescaled = self.f, False
        f.rdbd = max(f.rdbd, abs(f.mres))
        if f.set and not f.igset:
            f.pp = 1
            self._send(Ask())
        elif not f.mip & Mip.LOAD_P:
            self._load_position()

    def _load_position(self) -> None:
        f = self.f
        f.ldvl, f.lval = f.dval, f.val
        f.rval = f.lrvl = nearest(f.dval / f.mres)
        if f.foff:
            f.val = f.lval = user(f, f.dval)
        else:
            f.off = f.val - f.dval * sign(f)
            user_limits_from_dial(f)
        f.mip, f.dmov = Mip.LOAD_P, 0
        self._send(Load(f.dval / f.mres))
        self._send(Ask())

    def _redefine_user(self) -> None:
        """Give the present dial position a new name in the user's coordinate."""
        f = self.f
        f.off = f.val - f.dval * sign(f)
        f.rbv = user(f, f.drbv)
        user_limits_from_dial(f)
        f.lval = f.val
        f.mip, f.dmov = Mip.DONE, 1

    def _buttons(self) -> bool:
        """Home or jog; return True if that is all."""
        f = self.f
        halted = f.spmg in (Spmg.STOP, Spmg.PAUSE)
        high, low = (f.hls, f.lls) if f.dir == 0 else (f.lls, f.hls)
        homf, homr = f.homf and not f.mip & Mip.HOMF and not high, f.homr and not f.mip & Mip.HOMR and not low
        if homf or homr:
            if halted:
                f.dmov = 0
                return True
            f.mip = Mip.HOMF if f.homf else Mip.HOMR
            f.pp = 1
            if f.movn:
                f.mip |= Mip.STOP
                self._send(Stop())
            else:
                self._go_home()
            return True
        if f.mip & Mip.JOG_REQ and not halted:
            self._start_jog()
            return True
        if (f.mip & Mip.JOGF and not f.jogf) or (f.mip & Mip.JOGR and not f.jogr):
            f.pp = 1
            f.mip = (f.mip | Mip.JOG_STOP) & ~(Mip.JOGF | Mip.JOGR)
            self._send(Stop())
            return True
        return bool(f.mip & (Mip.JOG | Mip.JOG_STOP))

    def _start_jog(self) -> None:
        f = self.f
        high, low = f.jogf and f.val > f.hlm - f.jvel, f.jogr and f.val < f.llm + f.jvel
        if not limits_off(f) and (high or low or f.dllm > f.dhlm):
            f.lvio, f.jogf, f.jogr, f.mip = 1, 0, 0, Mip.DONE
            return
        f.mip = Mip.JOGF if f.jogf else Mip.JOGR
        command = motor_moves.jog(f)
        f.dmov, f.pp, f.cdir = 0, 1, int(command.ramp.speed > 0)
        self._send(command)

    def _go_home(self) -> None:
        f = self.f
        command = motor_moves.home(f)
        f.dmov, f.pp, f.rcnt, f.cdir = 0, 1, 0, int(command.forward)
        self._send(command)

    def _collect_targets(self) -> None:
        f = self.f
        way = 0.0
        if f.twf or f.twr:
            way = f.twv if f.twf else -f.twv
            f.twf = f.twr = 0
        if f.rlv != f.lrlv:
            way += f.rlv
            f.rlv = f.lrlv = 0.0
        if way:
            f.val += way
            follow_target(f, "val")

    def _go_to_target(self) -> None:
        f = self.f
        f.diff = f.dval - f.drbv
        f.rdif = nearest(f.diff / f.mres)
        if f.set and not f.igset:
            if not f.mip & Mip.LOAD_P:
                self._load_position()
            return
        f.val, f.rval = user(f, f.dval), nearest(f.dval / f.mres)
        if motor_moves.near_enough(f):
            if not f.dmov and f.mip in (Mip.DONE, Mip.RETRY):
                f.dmov, f.mip = 1, Mip.DONE
            f.ldvl, f.lval, f.lrvl = f.dval, f.val, f.rval
            return
        if not f.mip & Mip.RETRY:
            f.rcnt = 0
        elif self._in_position_retry():
            return
        f.lvio = int(motor_moves.beyond_limits(f))
        if f.lvio:
            f.val, f.dval, f.rval = f.lval, f.ldvl, f.lrvl
            f.mip &= ~Mip.RETRY
            if f.mip == Mip.DONE:
                f.dmov = 1
        elif f.mip in (Mip.DONE, Mip.RETRY):
            plan = motor_moves.plan(f)
            f.mip |= Mip.MOVE
            f.ldvl, f.lval, f.lrvl = f.dval, f.val, f.rval
            f.dmov, f.cdir = 0, int(plan.move.target >= f.rmp)
            f.pp = int(plan.approach)
            self._send(plan.move)
