"""What can go wrong with a detector that writes frames, and with the acquisition of others."""

from __future__ import annotations

import asyncio

from ioc_sim.faults.row import Argument, Arguments, Fault, Holding, Undo
from ioc_sim.groups.file_detector import FileDetectorGroup
from ioc_sim.records.mca import McaRecord


async def _stuck(target: FileDetectorGroup | McaRecord, _: Arguments) -> Holding:
    free, struck = asyncio.Event(), asyncio.Event()
    ended = target.ended

    async def held(seconds: float) -> None:
        struck.set()
        await free.wait()
        await ended(seconds)

    target.ended = held

    async def undo() -> None:
        target.ended = ended
        free.set()

    return Holding(undo, struck)


async def _dropped(detector: FileDetectorGroup, given: Arguments) -> Undo:
    every = int(given["every"])
    detector.loses = lambda image: image % every == 0

    async def undo() -> None:
        detector.loses = lambda _: False

    return undo


FAULTS = (
    Fault(
        "detector_stuck",
        "file detector, mca",
        (FileDetectorGroup, McaRecord),
        "stuck in acquire: its exposure does not end, also when it is stopped; clearing lets it end",
        _stuck,
        "exposure",
    ),
    Fault(
        "frames_dropped",
        "file detector",
        (FileDetectorGroup,),
        "frames are made and counted, but some never reach the file; the put of Acquire succeeds",
        _dropped,
        "frames",
        (Argument("every", 2, "of so many frames the last one is lost", 1, 1e6),),
    ),
)
