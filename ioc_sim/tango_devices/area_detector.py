"""A detector of two dimensions as a Tango device; what it does is in `ioc_sim.groups.file_detector`.

`Image` is the frame taken last, as it stands in the file.

========  ====================================================
state     when
========  ====================================================
RUNNING   it acquires
ALARM     frames of the last acquisition could not be written, or were dropped
ON        otherwise
========  ====================================================
"""

from __future__ import annotations

import threading

import numpy as np

from beam.bench_kinds import FileDetectors
from beam.frames import Frame, FrameSource
from ioc_sim.groups.file_detector import FileDetectorGroup
from ioc_sim.tango_devices.face import Drawn, Face, Shown


def face(name: str, facts: FileDetectors, group: FileDetectorGroup) -> Face:
    """Return what the device shows."""

    def stated() -> tuple[str, str]:
        if group.acquire.value == "Acquire":
            return "RUNNING", f"{group.image_counter.value} images taken, {group.written.value} written"
        if group.write_status.value != "Ok":
            return "ALARM", f"frames were not written: {group.write_message.value}"
        if dropped := int(group.dropped.value):
            return "ALARM", f"{dropped} frames were dropped"
        return "ON", f"{group.written.value} frames written"

    async def start() -> None:
        await group.acquire.write("Acquire")

    async def stop() -> None:
        await group.acquire.write("Done")

    return Face(
        name,
        "AreaDetector",
        (
            Shown("Images", group.images, group.images),
            Shown("ExposureTime", group.exposure, group.exposure, memorised=True),
            Shown("FilePath", group.path, group.path),
            Shown("FileName", group.file_name, group.file_name),
            Shown("FileNumber", group.file_number, group.file_number),
            Shown("FullFileName", group.full_name),
            Shown("ImageCounter", group.image_counter),
            Shown("FramesWritten", group.written),
            Shown("FramesDropped", group.dropped),
            Shown("WriteStatus", group.write_status),
        ),
        stated,
        (group.acquire, group.write_message),
        {"Start": start, "Stop": stop, "Abort": stop},
        {"Label": facts.label},
        (Drawn("Image", (facts.height_px, facts.width_px), _Latest(facts, group).draw, group.image_counter),),
        acting="RUNNING",
    )


class _Latest:
    """The frame taken last, made when it is asked for and kept until there is another one."""

    def __init__(self, facts: FileDetectors, group: FileDetectorGroup) -> None:
        # not the writer's own, which works in a thread of its own
        self._source = FrameSource(
            group.seed, group.name, facts.height_px, facts.width_px, facts.peak_rate_hz, facts.background_rate_hz
        )
        self._group = group
        self._lock = threading.Lock()
        self._made: tuple[int, float] = (0, 0.0)
        self._frame: Frame = np.zeros(self._source.shape, np.uint16)
        self._exposure_s = 0.0
        group.acquire.watch(self._begun)

    def _begun(self) -> None:
        if self._group.acquire.value == "Acquire":
            self._exposure_s = float(self._group.exposure.value)

    def draw(self) -> Frame:
        """Return the frame; called in a thread of Tango's."""
        wanted = int(self._group.image_counter.value), self._exposure_s
        with self._lock:
            if wanted != self._made and wanted[0]:
                self._frame = self._source.frame(*wanted)
                self._made = wanted
            return self._frame
