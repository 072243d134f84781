"""The motor record's fields that mean something to its behaviour, by their EPICS names in lower case.

Three coordinates describe one position. **Raw** counts the controller's steps, **dial** is raw in the axis's
unit, **user** is what people work in::

    dial = raw * MRES                   DRBV = RRBV * MRES (by the encoder: REP * ERES)
    user = dial * DIR + OFF             DIR: +1 (Pos) or -1 (Neg)

Limits are kept in dial coordinates; with DIR = Neg the user's high limit is the dial's low one. DHLM = DLLM = 0
means that there are no soft limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ioc_sim.records.motor_bits import Mip, Msta, Spmg, Stup


@dataclass
class MotorFields:
    """One record's values; units are EGU, EGU/s and s unless said otherwise."""

    # desired, as last acted upon (l...), and as read back
    val: float = 0.0
    lval: float = 0.0
    dval: float = 0.0
    ldvl: float = 0.0
    rval: int = 0
    lrvl: int = 0
    rlv: float = 0.0
    lrlv: float = 0.0
    rbv: float = 0.0
    drbv: float = 0.0
    rrbv: int = 0
    rmp: int = 0
    rep: int = 0
    diff: float = 0.0
    rdif: int = 0
    # calibration
    off: float = 0.0
    foff: int = 0
    fof: int = 0
    vof: int = 0
    dir: int = 0
    set: int = 0
    sset: int = 0
    suse: int = 0
    igset: int = 0
    # resolution (steps, encoder) and revolutions
    mres: float = 1.0
    eres: float = 0.0
    rres: float = 0.0
    srev: int = 200
    urev: float = 0.0
    ueip: int = 0
    urip: int = 0
    # speeds: EGU/s and revolutions/s
    velo: float = 0.0
    vbas: float = 0.0
    vmax: float = 0.0
    s: float = 0.0
    sbas: float = 0.0
    smax: float = 0.0
    accl: float = 0.2
    accs: float = 0.0
    accu: int = 0
    bdst: float = 0.0
    bvel: float = 0.0
    sbak: float = 0.0
    bacc: float = 0.5
    frac: float = 1.0
    jvel: float = 0.0
    jar: float = 0.0
    hvel: float = 0.0
    rvel: int = 0
    # limits
    dhlm: float = 0.0
    dllm: float = 0.0
    hlm: float = 0.0
    llm: float = 0.0
    rhlm: float = 0.0
    rllm: float = 0.0
    lvio: int = 0
    hls: int = 0
    lls: int = 0
    rhls: int = 0
    rlls: int = 0
    hlsv: int = 0
    # retries
    rdbd: float = 0.0
    spdb: float = 0.0
    rcnt: int = 0
    rtry: int = 10
    rmod: int = 0
    miss: int = 0
    # commands
    spmg: int = Spmg.GO
    lspg: int = Spmg.GO
    stop: int = 0
    homf: int = 0
    homr: int = 0
    jogf: int = 0
    jogr: int = 0
    twf: int = 0
    twr: int = 0
    twv: float = 1.0
    sync: int = 0
    stup: int = Stup.OFF
    cnen: int = 1
    # state
    dmov: int = 1
    movn: int = 0
    msta: int = Msta.DONE
    mip: int = Mip.DONE
    pp: int = 0
    cdir: int = 0
    tdir: int = 0
    athm: int = 0
    # details
    dly: float = 0.0
    ntm: int = 1
    ntmf: int = 2
    mdel: float = 0.0
    adel: float = 0.0
    mlst: float = 0.0
    alst: float = 0.0
    pcof: float = 0.0
    icof: float = 0.0
    dcof: float = 0.0


def nearest(x: float) -> int:
    """Round half away from zero, as the record counts steps."""
    return math.floor(x + 0.5) if x > 0 else math.ceil(x - 0.5)


def dial_of_steps(steps: int, step: float) -> float:
    """Return steps in EGU, rounded as `beam.line.LineAxis` rounds its encoder: every protocol shows the same number."""
    return round(steps * step, 12)


def sign(f: MotorFields) -> int:
    """Return +1 or -1: the direction of the user's coordinate along the dial."""
    return -1 if f.dir else 1


def user(f: MotorFields, dial: float) -> float:
    """Convert a dial position to the user's coordinate."""
    return dial * sign(f) + f.off


def dial(f: MotorFields, position: float) -> float:
    """Convert a user's position to dial coordinates."""
    return (position - f.off) / sign(f) + 0.0  # no -0.0


def follow_target(f: MotorFields, name: str) -> None:
    """Make the other set-points agree with the one that was put, unless SET mode gives it another meaning."""
    setting = f.set and not f.igset
    if name == "val" and not (setting and not f.foff):
        f.dval = dial(f, f.val)
    elif name == "rval":
        f.dval = dial_of_steps(f.rval, f.mres)
    if name != "val" and not setting:
        f.val = user(f, f.dval)


def limits_off(f: MotorFields) -> bool:
    """Say whether soft limits are disabled."""
    return f.dhlm == f.dllm == 0.0


def user_limits_from_dial(f: MotorFields) -> None:
    """Make HLM and LLM agree with the dial's limits, direction and offset."""
    ends = user(f, f.dhlm), user(f, f.dllm)
    f.hlm, f.llm = ends if f.dir == 0 else ends[::-1]


def dial_limit_from_user(f: MotorFields, name: str) -> None:
    """Make the dial's limit agree with a new HLM or LLM (`name` in lower case)."""
    end = dial(f, getattr(f, name))
    setattr(f, "dhlm" if (name == "hlm") == (f.dir == 0) else "dllm", end)
    raw_limits(f)


def raw_limits(f: MotorFields) -> None:
    """Make RHLM and RLLM agree with the dial's limits."""
    ends = f.dhlm / f.mres, f.dllm / f.mres
    f.rhlm, f.rllm = ends if f.mres > 0 else ends[::-1]


def sync_targets(f: MotorFields) -> None:
    """Make the set-points agree with where the motor is."""
    f.val = f.lval = f.rbv
    f.dval = f.ldvl = f.drbv
    f.rval = f.lrvl = nearest(f.dval / f.mres)
    f.diff, f.rdif = 0.0, 0


def raw_is_user_direction(f: MotorFields) -> bool:
    """Say whether raw and user coordinates grow in the same direction."""
    return (f.dir == 0) == (f.mres >= 0)
