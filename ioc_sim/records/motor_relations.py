"""Fields of the motor record that follow each other, except the speeds (see `motor_speeds`)."""

from __future__ import annotations

from ioc_sim.records import motor_moves
from ioc_sim.records.motor_bits import Mip, Msta, Stup
from ioc_sim.records.motor_commands import Command, Torque
from ioc_sim.records.motor_fields import (
    MotorFields,
    dial_limit_from_user,
    follow_target,
    raw_limits,
    sign,
    user,
    user_limits_from_dial,
)


def relate(f: MotorFields, name: str) -> list[Command]:
    """Make related fields agree after a put to `name`; return what the controller must hear at once."""
    match name:
        case "val" | "dval" | "rval":
            follow_target(f, name)
        case "dir":
            if f.foff:
                f.val = f.lval = user(f, f.dval)
            else:
                f.off = f.val - f.dval * sign(f)
            _user_follows(f)
        case "off":
            f.val, f.lval = user(f, f.dval), user(f, f.ldvl)
            _user_follows(f)
        case "hlm" | "llm":
            dial_limit_from_user(f, name)
        case "dhlm" | "dllm":
            raw_limits(f)
            user_limits_from_dial(f)
        case "sset" | "suse":
            f.set = int(name == "sset")
        case "fof" | "vof":
            f.foff = int(name == "fof")
        case "ueip" | "urip":
            f.urip = 0  # there are no links here
            f.ueip = int(bool(f.ueip and f.msta & Msta.ENCODER_PRESENT))
        case "cnen":
            return [Torque(bool(f.cnen))]
        case "jogf" | "jogr":
            _request_jog(f, name)
        case "jvel" if f.mip in (Mip.JOGF, Mip.JOGR):
            return [motor_moves.jog(f)]
        case "stup" if f.stup != Stup.ON:
            f.stup = Stup.OFF
        case _:
            pass
    return []


def _user_follows(f: MotorFields) -> None:
    f.rbv = user(f, f.drbv)
    user_limits_from_dial(f)


def _request_jog(f: MotorFields, name: str) -> None:
    if not getattr(f, name):
        f.mip &= ~Mip.JOG_REQ
    elif f.mip == Mip.DONE and not (f.hls if name == "jogf" else f.lls):
        f.mip |= Mip.JOG_REQ
