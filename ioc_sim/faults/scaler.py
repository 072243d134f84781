"""What can go wrong with a scaler: each replaces the function that counts, or what is published of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping

from caproto import AlarmSeverity, AlarmStatus

from ioc_sim.faults.row import Arguments, Fault, Holding, Undo
from ioc_sim.records.scaler import Count, ScalerRecord


def _replace_count(record: ScalerRecord, count: Count) -> Undo:
    before, record.count = record.count, count

    async def undo() -> None:
        record.count = before

    return undo


async def _stuck(record: ScalerRecord, _: Arguments) -> Holding:
    count, free, struck = record.count, asyncio.Event(), asyncio.Event()

    async def held(seconds: float) -> Mapping[int, float]:
        struck.set()
        await free.wait()
        return await count(seconds)

    put_back = _replace_count(record, held)

    async def undo() -> None:
        free.set()
        await put_back()

    return Holding(undo, struck)


async def _not_a_number(record: ScalerRecord, _: Arguments) -> Undo:
    count = record.count

    async def nans(seconds: float) -> Mapping[int, float]:
        return {channel: value if channel == 1 else math.nan for channel, value in (await count(seconds)).items()}

    return _replace_count(record, nans)


async def _stale(record: ScalerRecord, _: Arguments) -> Undo:
    count, published = record.count, record.published

    async def last(seconds: float) -> Mapping[int, float]:
        await count(seconds)
        return {n: float(record.values[f"S{n}"]) for n in range(1, record.counters + 1)}

    put_back = _replace_count(record, last)
    record.frozen, record.published = True, None

    async def undo() -> None:
        record.frozen, record.published = False, published
        await put_back()

    return undo


async def _invalid(record: ScalerRecord, _: Arguments) -> Undo:
    shown = ("VAL", "T", *(f"S{n}" for n in range(1, record.counters + 1)))
    record.raise_alarm(AlarmStatus.READ, AlarmSeverity.INVALID_ALARM, *shown)

    async def undo() -> None:
        record.raise_alarm(AlarmStatus.NO_ALARM, AlarmSeverity.NO_ALARM, *shown)

    return undo


_ON = "scaler", (ScalerRecord,)

FAULTS = (
    Fault(
        "scaler_stuck",
        *_ON,
        "stuck in acquire, goes on counting: neither the preset nor CNT 0 ends it; clearing lets the exposure end",
        _stuck,
        "count",
    ),
    Fault(
        "scaler_stale",
        *_ON,
        "exposures end, but show the last counts under the old timestamp; the update counter stands",
        _stale,
        "count",
    ),
    Fault("scaler_nan", *_ON, "all channels but the clock are NaN", _not_a_number, "count"),
    Fault("scaler_invalid", *_ON, "severity INVALID on all counts", _invalid, "alarm"),
)
