"""What of a motor record survives a reboot: what its autosave file would hold, and the controller's count of steps.

The mechanics stands where it stood. The controller has lost its count with its power, as one without an absolute
encoder does: with autosave it is told the one that was saved; without, the record reads its start value wherever the
axis stands, until somebody homes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ioc_sim.memory import Kept
from ioc_sim.records.motor_fields import nearest, raw_limits, user_limits_from_dial

if TYPE_CHECKING:
    from ioc_sim.records.motor import MotorRecord

FIELDS = (
    *("mres", "eres", "rres", "srev", "ueip", "urip", "off", "foff", "dir", "dhlm", "dllm", "hlsv"),
    *("velo", "vbas", "vmax", "accl", "accu", "bdst", "bvel", "bacc", "frac", "jvel", "jar", "hvel"),
    *("rdbd", "spdb", "rtry", "rmod", "twv", "dly", "ntm", "ntmf", "mdel", "adel", "pcof", "icof", "dcof", "cnen"),
)
"""Of the state machine."""
VALUES = ("DESC", "EGU", "PREC", "HIHI", "HIGH", "LOW", "LOLO", "HHSV", "HSV", "LSV", "LLSV", "DISA", "DISP")
"""Of the record."""


def saved(record: MotorRecord) -> Kept:
    """Return the settings of a record, and its count of steps."""
    return {
        "fields": {name: getattr(record.state.f, name) for name in FIELDS},
        "values": {name: record.values[name] for name in VALUES},
        "steps": record.drive.report().motor,
    }


def restore(record: MotorRecord, kept: Kept | None) -> None:
    """Let a new record start with them, or without."""
    facts, f = record.axis.facts, record.state.f
    if kept is None:
        record.drive.load(nearest(facts.start / facts.resolution))
    else:
        vars(f).update(kept["fields"])
        record.values |= kept["values"]
        record.drive.load(kept["steps"])
    user_limits_from_dial(f)
    raw_limits(f)
    record.restart()
