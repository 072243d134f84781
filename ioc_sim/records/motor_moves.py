"""Which raw position, how fast: the commands that the motor record's state machine sends.

With a backlash distance BDST a target is always reached from the same side (the side of DVAL - BDST): a move from
the other side goes to DVAL - BDST first, at VELO, and then to DVAL, at BVEL. Such a move is the approach.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ioc_sim.records.motor_bits import Mip, RetryMode
from ioc_sim.records.motor_commands import Home, Jog, Move, Ramp
from ioc_sim.records.motor_fields import MotorFields, limits_off, nearest, sign
from ioc_sim.records.motor_speeds import acceleration_time


@dataclass(frozen=True)
class Plan:
    """A move, and whether it is an approach, to be followed by taking out the backlash."""

    move: Move
    approach: bool


def plan(f: MotorFields) -> Plan:
    """Return the move to DVAL from the last target LDVL (absolute) or from the readback (by the encoder)."""
    relative = _relative(f)
    factor = _retry_factor(f)
    here, there = f.ldvl / f.mres, f.dval / f.mres
    to_target = _at_least_a_step(f.diff / f.mres * factor)
    if not _has_backlash(f) or (_preferred(f) and f.bvel == f.velo and f.bacc == f.accl):
        ramp = slew(f)
    elif _preferred(f) and _in_backlash_range(f, relative, there - here):
        ramp = backlash(f)
    else:
        away = -f.bdst / f.mres
        return Plan(Move(f.rmp + to_target + away * factor if relative else there + away, slew(f)), approach=True)
    return Plan(Move(f.rmp + to_target * f.frac if relative else here + f.frac * (there - here), ramp), approach=False)


def approach(f: MotorFields) -> Move:
    """Return the move to the near side of DVAL, after a jog."""
    return Move((f.dval - f.bdst) / f.mres, slew(f))


def take_out(f: MotorFields) -> Move:
    """Return the move over the backlash distance to DVAL."""
    near = (f.dval - f.bdst) / f.mres
    return Move(near + f.frac * f.bdst / f.mres, backlash(f))


def beyond_limits(f: MotorFields) -> bool:
    """Say whether the planned move would violate a soft limit; a move back into the range never does."""
    if limits_off(f):
        return False
    if f.dllm > f.dhlm:
        return True
    if f.dhlm < f.dval < f.ldvl or f.dllm > f.dval > f.ldvl:
        return False
    farthest = f.dval if _preferred(f) else f.dval - f.bdst
    return not (f.dllm <= farthest <= f.dhlm and f.dllm <= f.dval <= f.dhlm)


def near_enough(f: MotorFields) -> bool:
    """Say whether a move to DVAL is too small to be made."""
    steps = abs(nearest(f.dval / f.mres) - nearest(f.drbv / f.mres))
    if f.mip & Mip.RETRY:
        return steps < nearest(f.rdbd / abs(f.mres))
    return steps < 1 or abs(f.dval - f.drbv) < f.spdb


def slew(f: MotorFields) -> Ramp:
    """Return the ramp of an ordinary move."""
    return _ramp(f, f.velo, acceleration_time(f, f.velo, f.accl))


def backlash(f: MotorFields) -> Ramp:
    """Return the ramp of taking out the backlash: at least a step/s above the base speed."""
    return _ramp(f, max(f.bvel, f.vbas + abs(f.mres)), f.bacc)


def jog(f: MotorFields) -> Jog:
    """Return the jog that the pressed button asks for."""
    way = sign(f) * (1 if f.mres > 0 else -1) * (1 if f.jogf else -1)
    ramp = _ramp(f, f.jvel, (f.jvel - f.vbas) / f.jar if f.jar > 0 else 0.0)
    return Jog(Ramp(way * ramp.speed, ramp.base, ramp.seconds))


def home(f: MotorFields) -> Home:
    """Return the home search that the pressed button asks for."""
    return Home(bool(f.mip & Mip.HOMF) == (f.mres > 0), _ramp(f, f.hvel, f.accl))


def _ramp(f: MotorFields, speed: float, seconds: float) -> Ramp:
    return Ramp(speed / abs(f.mres), f.vbas / abs(f.mres), max(seconds, 0.0))


def _relative(f: MotorFields) -> bool:
    return bool(f.rtry and f.rmod != RetryMode.IN_POSITION and f.ueip)


def _at_least_a_step(steps: float) -> float:
    return math.copysign(max(abs(steps), 1.0), steps)


def _has_backlash(f: MotorFields) -> bool:
    return abs(f.bdst) >= abs(f.mres)


def _preferred(f: MotorFields) -> bool:
    """Say whether the move goes in the direction in which backlash is taken out."""
    return ((f.diff if _relative(f) else f.dval - f.ldvl) > 0) == (f.bdst > 0)


def _in_backlash_range(f: MotorFields, relative: bool, steps: float) -> bool:
    if not relative:
        return abs(steps) <= 1 + abs(f.bdst / f.mres)
    left = (f.dval - f.bdst - f.drbv) / f.mres
    return left <= 1 if f.bdst >= 0 else left >= 1


def _retry_factor(f: MotorFields) -> float:
    if not f.mip & Mip.RETRY or f.rcnt < 1:
        return 1.0
    if f.rmod == RetryMode.ARITHMETIC:
        return (f.rtry - f.rcnt + 1) / f.rtry
    return 0.5 ** (f.rcnt - 1) if f.rmod == RetryMode.GEOMETRIC else 1.0
