"""Puts whose completion never comes, although all that they asked for is done."""

from __future__ import annotations

import asyncio

from ioc_sim.acquire_channel import Acquire
from ioc_sim.faults.row import Arguments, Fault, Holding
from ioc_sim.groups.electrometer import ElectrometerGroup
from ioc_sim.groups.file_detector import FileDetectorGroup
from ioc_sim.records.mca import McaRecord
from ioc_sim.records.motor import MotorRecord
from ioc_sim.records.motor_state import TARGETS
from ioc_sim.records.record import Record
from ioc_sim.records.scaler import ScalerRecord

FIELDS = {field.upper() for field in TARGETS} | {"HOMF", "HOMR", "CNT", "STRT", "ERST"}
"""Whose puts last, and are held back."""


async def _withhold(target: Record | FileDetectorGroup | ElectrometerGroup, _: Arguments) -> Holding:
    puts: Record | Acquire = target if isinstance(target, Record) else target.acquire
    free, struck = asyncio.Event(), asyncio.Event()

    async def wait(field: str) -> None:
        if field in FIELDS or puts is not target:
            struck.set()
            await free.wait()

    puts.withheld = wait

    async def undo() -> None:
        puts.withheld = None
        free.set()

    return Holding(undo, struck)


FAULTS = (
    Fault(
        "put_never_completes",
        "motor, scaler, mca, electrometer, file detector",
        (MotorRecord, ScalerRecord, McaRecord, ElectrometerGroup, FileDetectorGroup),
        "puts that move, count or acquire do it, but their completion is held back until it is cleared",
        _withhold,
        "completion",
    ),
)
