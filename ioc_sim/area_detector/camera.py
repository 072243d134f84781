"""The camera: when it exposes, and what it hands on.

=============  ==============================  =========================================================================
DetectorState  event                           what happens
=============  ==============================  =========================================================================
Idle           Acquire put to 1                `NumImagesCounter` 0, `AcquireBusy` Acquiring; a new image begins
begins         `TriggerMode` Internal          Acquire: `NumExposures` times `AcquireTime`
begins         External                        Waiting for a rising edge of `TriggerSignal`, then as Internal
begins         External gate                   Waiting for a high `TriggerSignal`, then Acquire while it is high
Acquire        a rising edge, if external      `TriggersMissed` +1
any of these   a gate of a gate unit           if external and ready, an exposure at that gate; `TriggersMissed` +1
                                               otherwise (`ioc_sim.area_detector.gated`)
Acquire        the exposure is over            Readout: the picture is made, in the camera's thread; counters, sizes,
                                               time; it is handed on; by `ImageMode` this was the last one, or else
Readout        internal, `AcquirePeriod` > t   Waiting, until the period is over; then the next image begins
any of these   Acquire put to 0                Aborted (Idle if Continuous), without a picture of the exposure that ran
any of these   the last image is handed on     Idle; `Acquire` 0; `AcquireBusy` Done; the puts of `Acquire` complete
any of these   no picture can be made          Error with severity MAJOR and a `StatusMessage`; the rest likewise
=============  ==============================  =========================================================================

An exposure longer than the period takes as long as it takes: the period is then that of the exposures. With
`WaitForPlugins`, `AcquireBusy` and the puts wait until no array is left in any queue. A picture depends on the seed,
the camera's name, and the number of the exposure in the camera's life, which no client can set back.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from typing import Any

from ioc_sim.area_detector.array import Attribute, NDArray
from ioc_sim.area_detector.camera_settings import pattern_of, readout_of
from ioc_sim.area_detector.gated import Exposed, Gate, GatedExposures
from ioc_sim.area_detector.pipeline import Pipeline
from ioc_sim.area_detector.port import FINE, MAJOR, Port
from ioc_sim.area_detector.sources import Source
from ioc_sim.area_detector.table import CAMERA
from ioc_sim.completions import Completions
from ioc_sim.records.motor_drive import RESOLVED_S

LEAST_S = 1e-6
LONGEST_S = 1e5
COLOR_MODES = {"Mono": 0, "RGB1": 2, "RGB2": 3, "RGB3": 4}
"""The numbers of colour modes in the attributes of an array."""
log = logging.getLogger(__name__)


class Camera(Port):
    """A camera.

    Parameters
    ----------
    name : str
        Its port.
    prefix : str
        Of its records.
    pipeline : Pipeline
        Where it belongs.
    source : Source
        Makes its pictures.
    label : str
        What people call it.
    data_type : str
        Of its arrays.
    """

    def __init__(self, name: str, prefix: str, pipeline: Pipeline, source: Source, label: str, data_type: str) -> None:
        super().__init__(name, prefix, pipeline, CAMERA)
        self.source = source
        self.exposures = 0
        self.free = asyncio.Event()
        """Set unless a simulated fault keeps exposures from ending."""
        self.free.set()
        self._time = pipeline.time
        self._stop = asyncio.Event()
        self._completions = Completions()
        self._task: asyncio.Task[None] | None = None
        self._due = 0.0
        self._read: tuple[Any, dict[int, Any]] = (None, {})
        self.gated = GatedExposures()
        self.readout_s = 0.0
        """After an exposure at a gate, until the next one can begin."""
        self._edge = asyncio.Event()
        self._low = asyncio.Event()
        self._low.set()
        width, height = pipeline.sizes["width"], pipeline.sizes["height"]
        self.start_with(
            Manufacturer="Terasu",
            Model=label,
            MaxSizeX=width,
            MaxSizeY=height,
            SizeX=width,
            SizeY=height,
            ArraySizeX=width,
            ArraySizeY=height,
            DataType=data_type,
            ImageMode="Continuous",
            AcquireTime=0.001,
            AcquirePeriod=0.005,
            NumImages=100,
            GainX=1.0,
            GainY=1.0,
            PeakWidthX=10,
            PeakWidthY=20,
            PeakNumX=1,
            PeakNumY=1,
            PeakStepX=1,
            PeakStepY=1,
        )
        for name_, least, most in (
            ("AcquireTime", LEAST_S, LONGEST_S),
            ("AcquirePeriod", 0.0, LONGEST_S),
            ("NumImages", 1, 2**31 - 1),
            ("NumExposures", 1, 100_000),
            ("Gain", 0.0, 1e6),
        ):
            self.on(name_, self._between(name_, least, most))
        for name_ in ("BinX", "BinY", "MinX", "MinY", "SizeX", "SizeY"):
            self.on(name_, self._put_window)
        self.on("Acquire", self._put_acquire)
        self.on("TriggerSignal", self._put_trigger)
        self.on("ReadStatus", self._nothing)
        self.on("ShutterControl", self._put_shutter)
        pipeline.changed = lambda: self.set("NumQueuedArrays", pipeline.waiting)

    # ---- settings

    def _between(self, name: str, least: float, most: float) -> Any:
        async def put(value: Any) -> None:
            self.set(name, min(max(value, least), most))

        return put

    def exposes_between(self, shortest_s: float, longest_s: float) -> None:
        """Take exposure times from this range only."""
        self.on("AcquireTime", self._between("AcquireTime", shortest_s, longest_s))

    async def _nothing(self, _: Any) -> None:
        """Do nothing: the state is always up to date."""

    async def _put_shutter(self, state: str) -> None:
        self.set("ShutterControl", state)
        self.set("ShutterStatus", "Open" if state == "Open" else "Closed")

    async def _put_window(self, _: Any) -> None:
        """Keep the window on the sensor, and at least one pixel of it."""
        for axis in "XY":
            most = self[f"MaxSize{axis}"]
            left = min(max(self.records[f"Min{axis}"].value, 0), most - 1)
            size = min(max(self.records[f"Size{axis}"].value, 1), most - left)
            self.set(f"Min{axis}", left)
            self.set(f"Size{axis}", size)
            self.set(f"Bin{axis}", min(max(self.records[f"Bin{axis}"].value, 1), size))

    async def _put_trigger(self, level: str) -> None:
        if level == "High" and self._low.is_set():
            self._low.clear()
            if self._edge.is_set() or (self._running and self["DetectorState"] != "Waiting"):
                self.records["TriggersMissed"].post(self["TriggersMissed"] + 1)
            elif self._running:
                self._edge.set()
        elif level == "Low":
            self._low.set()

    def begin_flight(self) -> None:
        """Take note that gates come on another time, from 0 on."""
        self.gated.begin()

    async def take_gate(self, gate: Gate, stop: asyncio.Event) -> None:
        """Expose at a gate, or miss it."""
        mode, ready = self["TriggerMode"], self._running and not self._stop.is_set()
        exposure_s = None if mode == "External gate" else self["AcquireTime"] * self["NumExposures"]
        if not (ready and mode != "Internal") or not self.gated.take(gate, exposure_s, self.readout_s):
            self.records["TriggersMissed"].post(self["TriggersMissed"] + 1)
        await self.gated.until_room(stop)

    # ---- acquisition

    @property
    def _running(self) -> bool:
        return self._task is not None and not self._task.done()

    async def _put_acquire(self, value: str) -> None:
        if value == "Acquire":
            if self._running and self._stop.is_set():  # the one that was stopped has not ended yet
                await self._completions.wait()
            if not self._running:
                self._stop.clear()
                self.records["Acquire_RBV"].post("Acquiring")
                self.set("AcquireBusy", "Acquiring")
                self.set("AcquireBusyCB", "Acquiring")
                self._task = asyncio.create_task(self._acquire())
        elif self._running:
            self._stop.set()
        else:
            return
        await self._completions.wait()

    async def _acquire(self) -> None:
        try:
            await self._images()
        except Exception as error:  # whatever it was, who waits must hear of it
            log.exception("%s cannot acquire", self.prefix)
            self._state("Error", " ".join(str(error).split()))
            self.records["DetectorState_RBV"].post("Error", status=MAJOR[0], severity=MAJOR[1])
        self.records["Acquire"].post("Done")
        self.records["Acquire_RBV"].post("Done")
        if self["WaitForPlugins"] == "Yes":
            await self.pipeline.until_empty()
        self.set("AcquireBusyCB", "Done")
        self.records["AcquireBusy"].post("Done")
        self._completions.release()

    async def _images(self) -> None:
        loop = asyncio.get_running_loop()
        self._due = loop.time()
        if self.records["DetectorState_RBV"].alarm.severity:
            self.records["DetectorState_RBV"].post("Idle", status=FINE[0], severity=FINE[1])
        self.set("NumImagesCounter", 0)
        self.set("StatusMessage", "Acquiring data")
        self._edge.clear()
        self.gated.arm({"Single": 1, "Multiple": self["NumImages"]}.get(self["ImageMode"], math.inf))
        at_s = 0.0
        while True:
            exposure_s, period_s, at_gate = await self._expose()
            await self.free.wait()
            if self._stop.is_set() and at_gate is None:
                break
            at_s += max(exposure_s, period_s)
            self._state("Readout")
            await self._read_out(exposure_s, at_s, at_gate)
            mode = self["ImageMode"]
            if mode == "Single" or (mode == "Multiple" and self["NumImagesCounter"] >= self["NumImages"]):
                self.gated.disarm()
                self._state("Idle", "Waiting for acquisition")
                return
            if (rest := period_s - exposure_s) > 0:
                self._state("Waiting")
                await self._time.advance(await self._pace(rest))
            if self._stop.is_set() and not self.gated.waiting:  # exposures at gates that have ended are read out
                break
        self.gated.disarm()
        self._state("Idle" if self["ImageMode"] == "Continuous" else "Aborted", "Acquisition stopped")

    async def _expose(self) -> tuple[float, float, Exposed | None]:
        """Wait for the end of one image's exposure.

        Return how long it was, the least time to the next one's, and at which gate it was, if at one.
        """
        mode = self["TriggerMode"]
        nominal_s = self["AcquireTime"] * self["NumExposures"]
        if mode == "Internal":
            self._state("Acquire")
            await self._time.advance(await self._pace(nominal_s))
            return nominal_s, self["AcquirePeriod"], None
        if not self.gated.waiting:
            self._state("Waiting", "Waiting for trigger")
            if not (mode == "External gate" and not self._low.is_set()):
                await self._either(self._edge, self.gated.came)
        if at_gate := self.gated.next():  # the flight that it belongs to makes time pass
            self._state("Acquire", "Acquiring data")
            return at_gate.exposure_s, 0.0, at_gate
        self._edge.clear()
        self._due = asyncio.get_running_loop().time()
        if self._stop.is_set():
            return 0.0, 0.0, None
        self._state("Acquire", "Acquiring data")
        if mode == "External":
            await self._time.advance(await self._pace(nominal_s))
            return nominal_s, 0.0, None
        began = self._time.now()
        await self._either(self._low)
        passed = self._time.now() - began
        await self._time.advance(passed)
        self._edge.clear()
        return max(passed, LEAST_S), 0.0, None

    async def _either(self, *events: asyncio.Event) -> None:
        """Wait for one of the events or the stop."""
        tasks = [asyncio.create_task(one.wait()) for one in (*events, self._stop)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    async def _pace(self, seconds: float) -> float:
        """Let device `seconds` pass since the last such moment; return how many did: fewer if it was stopped."""
        loop, scale = asyncio.get_running_loop(), self._time.scale
        # who is late catches up, but not on more than what it waits for now
        self._due = max(self._due + seconds / scale, loop.time() - seconds / scale)
        if (delay := self._due - loop.time()) < RESOLVED_S:
            await asyncio.sleep(0)
            return seconds
        waited = await self._time.wait(delay * scale, self._stop)
        return min(waited, seconds) if self._stop.is_set() else seconds

    async def _read_out(self, exposure_s: float, at_s: float, at_gate: Exposed | None) -> None:
        self.exposures += 1
        color_mode, posix_ns = self["ColorMode"], time.time_ns()
        data = await self._picture(exposure_s, at_gate)
        attributes = {"ColorMode": Attribute(COLOR_MODES[color_mode], "Color mode")}
        if at_gate is not None:
            gate = at_gate.gate
            posix_ns, at_s = gate.posix_ns, gate.end_s
            attributes["GateNumber"] = Attribute(gate.number, "Number of the gate in the life of its gate unit")
        array = NDArray(data, self["ArrayCounter"] + 1, posix_ns, at_s, color_mode, attributes)
        self.counted()
        self.set("NumExposuresCounter", self["NumExposures"])
        self.set("NumImagesCounter", self["NumImagesCounter"] + 1)
        self.show(array)
        await self.emit(array)

    async def _picture(self, exposure_s: float, at_gate: Exposed | None) -> Any:
        """Return what is read of the next exposure. What comes again is read out once, and then at hand."""
        state = self.source.state(pattern_of(self)) if at_gate is None else at_gate.gate.state
        readout, number = readout_of(self), self.exposures

        def render() -> Any:
            return readout.read(self.source.picture(state, number, exposure_s))

        if not (repeats := self.source.repeats):
            return await self.in_thread(render)
        if self._read[0] != (state, readout):
            self._read = (state, readout), {}
        frames, place = self._read[1], number % repeats
        if place not in frames:
            frames[place] = await self.in_thread(render)
        return frames[place]

    def _state(self, state: str, message: str | None = None) -> None:
        self.set("DetectorState", state)
        if message is not None:
            self.set("StatusMessage", message[:255])
