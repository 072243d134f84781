"""A camera on a trigger output of a gate unit: `TriggerMode` External, one frame a gate.

It exposes for the shortest gate of the flight less its readout; frames carry the numbers of their gates.
"""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from beam.errors import OutOfReach
from devices.diffraction import DiffractionDetector
from devices.disk_probe import bytes_per_s
from devices.errors import BadReading, NotTaken, Stopped, TimedOut
from devices.flight import Flight
from devices.frame_files import FRAMES, cut_frames
from devices.gated import Gated, missed
from devices.gated_documents import Column
from devices.settling import Setting, apply, wait_until
from devices.signals import fetch_all

NUMBERS = "/entry/instrument/NDAttributes/GateNumber"
CHUNK_NUMBERS = 16
SLOWEST_BYTES_PER_S = 2e6
EXPOSURE_DIGITS = 9
PART_MARGIN = 1.001
PROBE_LASTS_S = 60.0
UNPROBED = 20
"""As many frames find room in the file plugin's queue, however slow the disk is."""


class Before(NamedTuple):
    """The counters before it was armed."""

    made: int
    written: int
    dropped: int
    missed: int


class GatedCamera(Gated):
    """A diffraction camera that a gate unit triggers.

    Parameters
    ----------
    camera
        The camera.
    """

    def __init__(self, camera: DiffractionDetector) -> None:
        super().__init__(camera, local_files=camera.local_files, slowest_bytes_per_s=SLOWEST_BYTES_PER_S)
        self.camera = camera
        self._counters = Before(0, 0, 0, 0)
        self._restore: list[Setting] = []
        self._probed: tuple[float, float | None] = (-math.inf, None)
        self._watch(camera.missed, camera.dropped, camera.write_status)

    # -- what it can do ---------------------------------------------------------------------------------------------

    @property
    def shortest_s(self) -> float:
        """The shortest exposure and the readout."""
        return self.camera.facts.shortest_s + self.camera.facts.readout_s

    def _why_shortest(self) -> str:
        facts = self.camera.facts
        return f"it exposes for {facts.shortest_s:g} s or longer and is read out for {facts.readout_s:g} s"

    @property
    def gate_bytes(self) -> float:
        """The pixels of a frame."""
        return self.camera.frame_bytes()

    def directory(self) -> Path:
        """Return where it writes, as its server sees it."""
        return Path(str(self.camera.file_path.sample.value))

    def check_flight(self, flight: Flight) -> None:
        """Refuse gates that are too short, or more frames a second than the disk takes in a probe."""
        super().check_flight(flight)
        if flight.gates <= UNPROBED or not self.local_files:
            return
        rate, needed = self._sustains(), self.gate_bytes / flight.shortest_s
        if rate is not None and needed > rate:
            raise OutOfReach(
                f"{self.name}: {1 / flight.shortest_s:.4g} frames a second, {needed / 1e6:.4g} MB/s; its disk "
                f"sustained {rate / 1e6:.4g} MB/s in a probe: gates of {PART_MARGIN * self.gate_bytes / rate:.3g} s or "
                "longer would do"
            )

    def _sustains(self) -> float | None:
        """Return how many bytes a second its disk takes, by a probe that is not old; None where it is not here."""
        when, rate = self._probed
        if time.monotonic() - when > PROBE_LASTS_S:
            rate = bytes_per_s(self.directory())
            self._probed = time.monotonic(), rate
        return rate

    # -- setting up -------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.camera.stage()
        exposure = float(self.camera.preset_time.fetch().value)
        self._restore = [(self.camera.trigger_mode, "Internal"), (self.camera.preset_time, exposure)]

    def _finish(self) -> None:
        camera = self.camera
        restore, self._restore = self._restore, []
        try:
            if camera.acquire.connected and camera.acquire.fetch().value:
                self._disarm()
            if restore and camera.acquire.connected:
                apply(restore)
        finally:
            camera.unstage()

    def _fit(self, flight: Flight) -> None:
        self.check_flight(flight)
        camera, facts = self.camera, self.camera.facts
        exposure = min(round(flight.shortest_s - facts.readout_s, EXPOSURE_DIGITS), facts.longest_s)
        apply([(camera.trigger_mode, "External"), (camera.image_mode, "Multiple"), (camera.preset_time, exposure)])
        if (taken := float(camera.exposure.fetch().value)) > exposure * (1 + 1e-6):
            raise NotTaken(f"{self.name}: asked to expose for {exposure:g} s, it exposes for {taken:g} s")

    # -- flying -----------------------------------------------------------------------------------------------------

    def _arm(self, gates: int) -> None:
        camera = self.camera
        if camera.acquire.fetch().value:
            self._disarm()
        if not camera.capturing.fetch().value:
            message = camera.write_message.fetch().value or "somebody ended the capture"
            raise Stopped(f"{self.name}: its file was closed before the flight: {message}")
        apply([(camera.num_images, gates)])
        self._counters = self._count()
        self._taken = taken = threading.Event()
        camera.acquire.start("Acquire", taken.set)
        wait_until(self.name, camera.camera_state, lambda state: state == "Waiting", "to wait for triggers")

    def _disarm(self) -> None:
        self.camera.acquire.start("Done")
        if not self._taken.wait(self.patience_s(2 * UNPROBED)):
            raise TimedOut(f"{self.name}: waited for its last frames; {self.camera.written.last_words}")

    def _wait(self, gates: int) -> None:
        if self._count().missed == self._counters.missed:
            self._taken.wait(self.patience_s(min(gates, 1000)))
        if not self._taken.is_set():
            self._disarm()

    def _count(self) -> Before:
        camera = self.camera
        asked = (camera.made, camera.written, camera.dropped, camera.missed)
        return Before(*(int(one.value) for one in fetch_all(asked)))

    def _judge(self, gates: int) -> None:
        if error := self._wrong(gates):
            raise error
        made, written = (now - was for now, was in zip(self._count()[:2], self._counters[:2], strict=True))
        if made != gates:
            said = self.camera.camera_message.fetch().value
            raise Stopped(f"{self.name}: {gates} gates were made, {made} frames taken: somebody stopped it ({said})")
        if written != gates:
            raise BadReading(f"{self.name}: {gates} gates were made, {written} frames written to {self._path()}")

    def _wrong(self, gates: int) -> BadReading | None:
        """Return what the counters say that went wrong."""
        before, now = self._counters, self._count()
        made, written = now.made - before.made, now.written - before.written
        if self.camera.write_status.fetch().value:
            message = self.camera.write_message.fetch().value
            return BadReading(f"{self.name}: its writer failed after {written} of {gates} frames: {message}")
        if now.dropped != before.dropped:
            lost = now.dropped - before.dropped
            return BadReading(f"{self.name}: its file plugin dropped {lost} of {gates} frames ({self._path()})")
        if now.missed != before.missed:
            return missed(self.name, now.missed - before.missed, gates, made, "frames")
        return None

    # -- the file ---------------------------------------------------------------------------------------------------

    def _path(self) -> str:
        return str(self.camera.full_name.sample.value) if self._rows() else ""

    def _rows(self) -> int:
        return int(self.camera.written.sample.value)

    def _cut(self, rows: int) -> None:
        path = self._path()
        there = int(self.camera.written.fetch().value)
        self.camera.close_file()
        if there > rows:
            if not self.local_files:
                raise BadReading(
                    f"{self.name}: {there - rows} frames of spoiled gates are in {path}, which cannot be opened from "
                    "here to take them out: the run has to be repeated"
                )
            cut_frames(path, rows)
        self.camera.begin_file()
        self.camera.written.fetch()

    def _columns(self) -> dict[str, Column]:
        return {f"{self.name}_image": Column(FRAMES, 1), f"{self.name}_gate": Column(NUMBERS, CHUNK_NUMBERS)}

    @property
    def hints(self) -> dict[str, Any]:
        """Say that nothing of it is a number worth showing."""
        return {}

    def describe_collect(self) -> dict[str, Any]:
        """Return the data keys of its rows."""
        image = f"{self.name}_image"
        source = f"file of {self.camera.address}"
        return {
            image: {**self.camera.frame_key(), "source": source},
            f"{self.name}_gate": {
                "source": source,
                "dtype": "integer",
                "dtype_numpy": "<i4",
                "shape": [],
                "external": "STREAM:",
            },
        }
