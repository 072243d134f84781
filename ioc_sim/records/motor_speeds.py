"""How the motor record keeps its speeds, accelerations and resolutions consistent.

Every speed is there twice, in EGU/s and in revolutions/s, and a revolution is UREV = MRES * SREV. Whichever is
written, its twin follows; speeds stay between VBAS and VMAX (0 = no maximum). A new MRES or UREV keeps the
revolutions/s. ACCL (s to reach VELO from VBAS) and ACCS (EGU/s²) follow each other; ACCU says which one stays
when VELO changes.
"""

from __future__ import annotations

from ioc_sim.records.motor_fields import MotorFields, raw_limits, user_limits_from_dial

_TWINS = {"vbas": "sbas", "vmax": "smax", "velo": "s", "bvel": "sbak"}
_EGU = {turns: egu for egu, turns in _TWINS.items()}
USE_ACCS = 1


def within(f: MotorFields, name: str) -> None:
    """Bring a speed between base and maximum speed."""
    turns = name in _EGU
    low, high = (f.sbas, f.smax) if turns else (f.vbas, f.vmax)
    value = max(getattr(f, name), low)
    setattr(f, name, min(value, high) if high else value)


def acceleration_time(f: MotorFields, speed: float, seconds: float) -> float:
    """Return the time (s) to reach `speed`, at the acceleration of `seconds` to it, or of ACCS where that is used."""
    if f.accu != USE_ACCS or f.accs <= 0:
        return seconds
    return (speed - f.vbas if speed > f.vbas else speed) / f.accs


def _accs_from_accl(f: MotorFields) -> None:
    f.accs = (f.velo - f.vbas if f.velo > f.vbas else f.velo) / f.accl if f.accl > 0 else 0.0


def _accl_from_accs(f: MotorFields) -> None:
    if f.accs > 0:
        f.accl = (f.velo - f.vbas if f.velo > f.vbas else f.velo) / f.accs


def _follow_velo(f: MotorFields) -> None:
    (_accl_from_accs if f.accu == USE_ACCS else _accs_from_accl)(f)


def _twin(f: MotorFields, name: str) -> None:
    turn = abs(f.urev)
    if name in _TWINS:
        if turn:
            setattr(f, _TWINS[name], getattr(f, name) / turn)
    else:
        setattr(f, _EGU[name], getattr(f, name) * turn)


def start(f: MotorFields) -> None:
    """Make everything consistent before the record first runs."""
    f.urev = f.mres * f.srev
    f.eres = f.eres or f.mres
    for name in _TWINS:
        _twin(f, name)
    _accs_from_accl(f)
    f.bvel = f.bvel or f.velo
    _twin(f, "bvel")
    f.jvel = f.jvel or f.velo
    f.jar = f.jar or f.velo / (f.accl or 0.1)
    f.rdbd = max(f.rdbd, abs(f.mres))
    raw_limits(f)
    user_limits_from_dial(f)


def after_put(f: MotorFields, name: str) -> bool:
    """Reconcile the fields after a put to `name`; return whether the resolution changed."""
    match name:
        case "vbas" | "sbas" | "vmax" | "smax":
            setattr(f, name, max(getattr(f, name), 0.0))
            _twin(f, name)
            _base_and_maximum(f, name in ("vbas", "sbas"))
        case "velo" | "s" | "bvel" | "sbak":
            within(f, name)
            _twin(f, name)
            if name in ("velo", "s"):
                _follow_velo(f)
        case "jvel" | "hvel":
            within(f, name)
        case "jar":
            f.jar = f.jar if f.jar > 0 else f.jvel / 0.1
        case "accl":
            f.accl = f.accl if f.accl > 0 else 0.1
            _accs_from_accl(f)
        case "accs":
            if f.accs <= 0:
                _accs_from_accl(f)
            _accl_from_accs(f)
        case "bacc":
            f.bacc = f.bacc if f.bacc > 0 else 0.1
        case "rdbd" | "bdst":
            f.rdbd = max(f.rdbd, abs(f.mres))
        case "frac":
            f.frac = min(max(f.frac, 0.1), 1.5)
        case "ntmf":
            f.ntmf = max(f.ntmf, 2)
        case "mres" | "urev" | "srev":
            _resolution(f, name)
            return True
        case "eres":
            f.eres = f.eres or f.mres
            return True
        case _:
            pass
    return False


def _base_and_maximum(f: MotorFields, base_is_new: bool) -> None:
    if f.vmax and f.vmax < f.vbas:
        if base_is_new:
            f.vmax, f.smax = f.vbas, f.sbas
        else:
            f.vbas, f.sbas = f.vmax, f.smax
    for name in ("velo", "bvel", "jvel", "hvel"):
        within(f, name)
    _twin(f, "velo")
    _twin(f, "bvel")
    _follow_velo(f)


def _resolution(f: MotorFields, name: str) -> None:
    if f.srev <= 0:
        f.srev = 200
    if name == "srev":
        f.mres = f.urev / f.srev
        return
    if abs(f.mres) < 1e-12:
        f.mres = 1.0
    if name == "mres" or f.urev == 0:
        f.urev = f.mres * f.srev
    else:
        f.mres = f.urev / f.srev
    for turns in ("s", "sbas", "sbak", "smax"):
        _twin(f, turns)
    ends = f.rhlm * f.mres, f.rllm * f.mres
    f.dhlm, f.dllm = ends if f.mres > 0 else ends[::-1]
    user_limits_from_dial(f)
