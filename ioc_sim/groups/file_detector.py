"""A plain detector that writes each acquisition to one HDF5 file.

=========  ==========================  ==============================================================================
Acquire    event                       what happens
=========  ==========================  ==============================================================================
Done       Acquire put to 1            WriteStatus Ok, both frame counters 0, a new file; exposing
Acquire    `ExposureTime` over         ImageCounter; the frame waits to be written, or is dropped if too many do
Acquire    a frame is on disk          FramesWritten_RBV
Acquire    the last frame is on disk   the file is closed; Done, and all puts complete
Acquire    Acquire put to 0            no more exposures; the rest as above
Acquire    the writer fails            WriteStatus Error with severity MAJOR, WriteMessage; no more exposures; Done
Acquire    `ended` waits               the exposure does not end, also when it is stopped
=========  ==========================  ==============================================================================

As on many a real detector the put of `Acquire` *succeeds* also when frames were dropped or could not be written: who
does not look at the counters and at `WriteStatus` does not know.

The writer runs in a worker thread, and the exposures wait for it where this machine is slower than the experiment.
Frames are dropped by the simulated writer only, which takes `write_s` of device time for each (`ioc_sim.write_queue`).
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import caproto as ca

from beam.bench_kinds import FileDetectors
from beam.frames import FrameSource
from ioc_sim import settings
from ioc_sim.acquire_channel import Acquire
from ioc_sim.channels import Channels, Enum, Float, Int, LongText
from ioc_sim.errors import Refused, said
from ioc_sim.frame_writer import FrameWriter, Hdf5Writer, free_path, is_directory
from ioc_sim.groups.settings import keep
from ioc_sim.memory import Kept
from ioc_sim.records.motor_drive import RESOLVED_S
from ioc_sim.timing import Timeline
from ioc_sim.write_queue import WriteQueue

LONGEST = 255
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+\-]{0,99}")
MAJOR = ca.AlarmStatus.WRITE, ca.AlarmSeverity.MAJOR_ALARM
FINE = ca.AlarmStatus.NO_ALARM, ca.AlarmSeverity.NO_ALARM


class FileDetectorGroup:
    """The channels of one detector.

    Parameters
    ----------
    prefix : str
        Its address.
    facts : FileDetectors
        What it is like.
    seed : int
        Of its noise.
    timeline : Timeline
        The server's time.
    root : Path
        Files are written below this directory only.

    Attributes
    ----------
    writer : FrameWriter
        Writes the frames; may be wrapped by a simulated fault, also in the middle of an acquisition.
    ended : Callable[[float], Awaitable[None]]
        Awaited with the time (s) of each exposure before its frame is there; may be replaced by a fault.
    loses : Callable[[int], bool]
        Whether the frame of this number in the acquisition is lost before it can wait; may be replaced by a fault.
    write_s : float
        Device time that a frame takes to be written; a fault may make it longer, so that frames are dropped.
    """

    def __init__(self, prefix: str, facts: FileDetectors, seed: int, timeline: Timeline, root: Path) -> None:
        self.name = prefix
        self.seed = seed
        self._label, self._time = facts.label, timeline
        self._root = os.path.realpath(root)
        source = FrameSource(
            seed, prefix, facts.height_px, facts.width_px, facts.peak_rate_hz, facts.background_rate_hz
        )
        self.writer: FrameWriter = Hdf5Writer(Path(self._root), source, prefix)
        self.write_s, self._places = facts.write_s, facts.queue_frames
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="frames")
        self.ended: Callable[[float], Awaitable[None]] = timeline.advance
        self.loses: Callable[[int], bool] = lambda _: False
        self.acquire = Acquire(self._run)
        self.images = Int(1, low=1, high=100_000, on_put=keep())
        self.exposure = Float(0.1, low=1e-6, high=1e5, units="s", precision=6, on_put=keep())
        self.path = LongText(self._root + os.sep, max_length=LONGEST + 1, check=self._check_path, on_put=self._put_path)
        self.path_exists = Enum("Yes", ("No", "Yes"))
        self.file_name = LongText("frames", max_length=LONGEST + 1, check=self._check_name, on_put=keep())
        self.file_number = Int(1, low=0, high=10**6, on_put=keep())
        self.full_name = LongText(max_length=2 * LONGEST)
        self.image_counter, self.written, self.dropped = Int(0), Int(0), Int(0)
        self.write_status = Enum("Ok", ("Ok", "Error"))
        self.write_message = LongText(max_length=1024)
        self._settings = {
            "NumImages": self.images,
            "ExposureTime": self.exposure,
            "FileName": self.file_name,
            "FileNumber": self.file_number,
        }
        self.channels: Channels = {
            f"{prefix}{name}": channel
            for name, channel in {
                "Acquire": self.acquire,
                "NumImages": self.images,
                "ExposureTime": self.exposure,
                "FilePath": self.path,
                "FilePathExists_RBV": self.path_exists,
                "FileName": self.file_name,
                "FileNumber": self.file_number,
                "FullFileName_RBV": self.full_name,
                "ImageCounter": self.image_counter,
                "FramesWritten_RBV": self.written,
                "FramesDropped_RBV": self.dropped,
                "QueueSize_RBV": Int(facts.queue_frames),
                "SizeX_RBV": Int(facts.width_px),
                "SizeY_RBV": Int(facts.height_px),
                "WriteStatus": self.write_status,
                "WriteMessage": self.write_message,
            }.items()
        }

    def saved(self) -> Kept:
        """Return what survives a reboot."""
        return {"path": self.path.value, **settings.values_of(self._settings)}

    def restore(self, kept: Kept | None) -> None:
        """Start after a reboot; None if nothing was saved."""
        if kept:
            self.path.post(kept.pop("path"))
            self.path_exists.update("Yes" if is_directory(self.path.value) else "No")
        settings.put_back(self._settings, kept)

    def lasting(self) -> int:
        """Return how many frames there were: their numbers go on."""
        return self.image_counter.value

    def set_lasting(self, kept: int) -> None:
        """Go on from there."""
        self.image_counter.post(kept)

    # ---- where to write

    def _check_path(self, path: str) -> None:
        if len(self._normal(path).encode()) > LONGEST:
            raise Refused(f"{self._label} FilePath: {LONGEST} characters are allowed")
        # links are looked at by the writer, in its thread; here only what the text says
        if os.path.commonpath([self._root, self._normal(path)]) != self._root:
            raise Refused(f"{self._label} FilePath {path!r}: must be below {self._root}")

    async def _put_path(self, path: str) -> None:
        self.path.post(self._normal(path))
        exists = await self._in_thread(is_directory, self._normal(path))
        self.path_exists.update("Yes" if exists else "No")

    def _normal(self, path: str) -> str:
        """Return the directory as a text that ends in a slash; what is relative counts from the root."""
        return os.path.normpath(os.path.join(self._root, path)) + os.sep

    def _check_name(self, name: str) -> None:
        if not NAME.fullmatch(name):
            raise Refused(f"{self._label} FileName {name!r}: letters, digits and _ . + - are allowed, no path")

    # ---- acquisition

    async def _run(self, stop: asyncio.Event) -> None:
        now = time.time()
        self.written.post(0, timestamp=now)
        self.dropped.post(0, timestamp=now)
        self.write_message.update("")
        self.write_status.post("Ok", status=FINE[0], severity=FINE[1])
        exposure_s = self.exposure.value
        try:
            path, number = await self._in_thread(
                free_path, self.path.value, self.file_name.value, self.file_number.value
            )
            await self._in_thread(self.writer.open, path, exposure_s)
        except (OSError, ValueError, RuntimeError) as error:
            self._failed(error)
            await self._close()
            return
        self.full_name.post(str(path))
        self.file_number.post(number + 1)
        frames: asyncio.Queue[int | None] = asyncio.Queue(self._places)
        failed = asyncio.Event()
        writing = asyncio.create_task(self._write(frames, failed))
        try:
            await self._expose(self.images.value, exposure_s, frames, stop, failed)
        finally:
            await frames.put(None)
            await writing
            await self._close()

    async def _expose(
        self,
        images: int,
        exposure_s: float,
        frames: asyncio.Queue[int | None],
        stop: asyncio.Event,
        failed: asyncio.Event,
    ) -> None:
        """Make the frames; returns when the simulated writer has written the last one."""
        queue, passed, owed = WriteQueue(self._places), 0.0, 0.0
        for image in range(1, images + 1):
            owed += exposure_s
            if owed >= RESOLVED_S * self._time.scale:
                lasted, owed = await self._time.wait(owed, stop), 0.0
            else:
                lasted = exposure_s
                await asyncio.sleep(0)
            await self.ended(min(lasted, exposure_s))
            if stop.is_set() or failed.is_set():
                break
            passed = image * exposure_s
            number = self.image_counter.value + 1
            self.image_counter.post(number)
            if not self.loses(image) and queue.offer(passed, self.write_s):
                await frames.put(number)
            else:
                self.dropped.post(self.dropped.value + 1)
        if (rest := queue.idle_s - passed) > 0 and not failed.is_set():
            await self._time.take(rest)

    async def _write(self, frames: asyncio.Queue[int | None], failed: asyncio.Event) -> None:
        """Write what is in the queue, up to its end; after an error throw the rest away."""
        while (number := await frames.get()) is not None:
            if failed.is_set():
                continue
            try:
                await self._in_thread(self.writer.write, number)
            except Exception as error:  # nobody would take the frames out of the queue any more
                failed.set()
                self._failed(error)
            else:
                self.written.post(self.written.value + 1)

    async def _close(self) -> None:
        try:
            await self._in_thread(self.writer.close)
        except (OSError, ValueError, RuntimeError) as error:
            if self.write_status.value == "Ok":
                self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.write_message.post(said(error)[:1000])
        self.write_status.post("Error", status=MAJOR[0], severity=MAJOR[1])

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)
