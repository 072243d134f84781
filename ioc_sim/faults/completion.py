"""Puts whose completion never comes, although all that they asked for is done."""

from __future__ import annotations

import asyncio

from ioc_sim.faults.row import Arguments, Fault, Holding
from ioc_sim.records.motor import MotorRecord
from ioc_sim.records.motor_state import TARGETS
from ioc_sim.records.record import Record
from ioc_sim.records.scaler import ScalerRecord

FIELDS = {field.upper() for field in TARGETS} | {"HOMF", "HOMR", "CNT"}
"""Whose puts last, and are held back."""


async def _withhold(record: Record, _: Arguments) -> Holding:
    free, struck = asyncio.Event(), asyncio.Event()

    async def wait(field: str) -> None:
        if field in FIELDS:
            struck.set()
            await free.wait()

    record.withheld = wait

    async def undo() -> None:
        record.withheld = None
        free.set()

    return Holding(undo, struck)


FAULTS = (
    Fault(
        "put_never_completes",
        "motor, scaler",
        (MotorRecord, ScalerRecord),
        "puts that move or count do it, but their completion is held back until it is cleared",
        _withhold,
        "completion",
    ),
)
