"""The motor record's alarm, from its fields: the first row that holds.

==========================================  ======  ========================
HLS, or DVAL above DHLM                     HIGH    HLSV
LLS, or DVAL below DLLM                     LOW     HLSV
the controller does not answer              COMM    INVALID
following error, or a problem of the drive  STATE   MAJOR
==========================================  ======  ========================
"""

from __future__ import annotations

from caproto import AlarmSeverity, AlarmStatus

from ioc_sim.records.motor_bits import Msta
from ioc_sim.records.motor_fields import MotorFields, limits_off

Alarm = tuple[AlarmStatus, AlarmSeverity]
NO_ALARM: Alarm = (AlarmStatus.NO_ALARM, AlarmSeverity.NO_ALARM)


def motor_alarm(f: MotorFields) -> Alarm:
    """Return status and severity."""
    soft = not limits_off(f)
    if f.hlsv and (f.hls or (soft and f.dval > f.dhlm)):
        return AlarmStatus.HIGH, AlarmSeverity(f.hlsv)
    if f.hlsv and (f.lls or (soft and f.dval < f.dllm)):
        return AlarmStatus.LOW, AlarmSeverity(f.hlsv)
    if f.msta & Msta.COMM_ERR:
        return AlarmStatus.COMM, AlarmSeverity.INVALID_ALARM
    if f.msta & (Msta.SLIP_STALL | Msta.PROBLEM):
        return AlarmStatus.STATE, AlarmSeverity.MAJOR_ALARM
    return NO_ALARM
