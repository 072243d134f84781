"""The circular buffer: the last arrays before a trigger, and those after it.

========  ============================  ====================================================================
Capture   event                         what happens
========  ============================  ====================================================================
0         an array                      nothing
0         `Capture` 1                   the buffer is emptied, counters 0: it fills
fills     an array, no trigger          kept; beyond `PreCount` the oldest is forgotten
fills     `Trigger` 1                   at the next array, or at once with `FlushOnSoftTrg` Immediately: the
                                        kept arrays are handed on
after     an array                      handed on, `PostTriggerQty` +1
after     there were `PostCount`        `ActualTriggerCount` +1, `Trigger` 0; it fills again, or after
                                        `PresetTriggerCount` triggers (0: without end) `Capture` 0
any       `Capture` 0                   `Trigger` 0; the buffer is kept until the next `Capture` 1
========  ============================  ====================================================================

A trigger by attributes (`TriggerA`, `TriggerB`, `TriggerCalc`) is not simulated. A put of `Trigger` 1 completes when
`Trigger` is 0 again.
"""

from __future__ import annotations

from collections import deque

from ioc_sim.area_detector.array import NDArray
from ioc_sim.area_detector.pipeline import Pipeline
from ioc_sim.area_detector.plugin import Plugin
from ioc_sim.completions import Completions


class CircularBuffer(Plugin):
    """NDPluginCircularBuff.

    Parameters
    ----------
    name, prefix, pipeline, source, queue, layers
        As of `Plugin`.
    most : int
        How many arrays it can keep.
    """

    kind = "NDPluginCircularBuff"

    def __init__(
        self, name: str, prefix: str, pipeline: Pipeline, source: str, queue: int, layers: tuple[str, ...], most: int
    ) -> None:
        super().__init__(name, prefix, pipeline, source, queue, layers)
        self._most = most
        self._kept: deque[NDArray] = deque()
        self._triggered, self._captured = Completions(), Completions()
        self.start_with(Trigger="Done", PreCount=min(100, most - 1))
        self.set("StatusMessage", "Idle")
        self.only(TriggerA="", TriggerB="", TriggerCalc="")
        self.on("Capture", self._put_capture)
        self.on("Trigger", self._put_trigger)
        self.on("PreCount", self._put_before)
        self.on("PostCount", self._put_after)
        self.on("PresetTriggerCount", self._put_preset)

    async def _put_capture(self, value: str) -> None:
        if value == "Done":
            self._end("Acquisition Stopped")
            return
        async with self._working:
            self._kept.clear()
            for name in ("CurrentQty", "PostTriggerQty", "ActualTriggerCount"):
                self.set(name, 0)
            self._untrigger()
            self.records["Capture_RBV"].post("Capturing")
            self._filling()
        await self._captured.wait()

    async def _put_trigger(self, value: str) -> None:
        if value == "Done":
            self._untrigger()
            return
        if self["Capture"] != "Capturing":
            self._untrigger()
            return
        self.set("Trigger", "Triggered")
        if self["FlushOnSoftTrg"] == "Immediately":
            async with self._working:
                await self._flush()
        await self._triggered.wait()

    async def _put_before(self, count: int) -> None:
        if self["Capture"] == "Capturing":
            self.set("StatusMessage", "Stop acquisition to set pre-count")
        elif count >= self._most:
            self.set("StatusMessage", "Pre-count too high")
        elif count < 0:
            self.set("StatusMessage", "Invalid pre-count value")
        else:
            self.set("PreCount", count)

    async def _put_after(self, count: int) -> None:
        self.set("PostCount", max(count, 1))

    async def _put_preset(self, count: int) -> None:
        self.set("PresetTriggerCount", max(count, 0))

    async def work(self, array: NDArray) -> NDArray | None:
        """Keep an array, or hand it on after a trigger."""
        if self["Capture"] != "Capturing":
            return None
        if self["Trigger"] != "Triggered":
            self._kept.append(array)
            while len(self._kept) > self["PreCount"]:
                self._kept.popleft()
            self.set("CurrentQty", len(self._kept))
            if len(self._kept) == self["PreCount"]:
                self.set("StatusMessage", "Buffer Wrapping" if self["PreCount"] else "Dropping frames")
            return None
        self.set("StatusMessage", "Flushing")
        await self._flush()
        made = self["PostTriggerQty"] + 1
        self.set("PostTriggerQty", made)
        await self.emit(array)
        if made >= self["PostCount"]:
            self._after()
        return None

    async def _flush(self) -> None:
        while self._kept:
            await self.emit(self._kept.popleft())
        self.set("CurrentQty", 0)

    def _after(self) -> None:
        count = self["ActualTriggerCount"] + 1
        self.set("ActualTriggerCount", count)
        if 0 < self["PresetTriggerCount"] <= count:
            self._end("Acquisition Completed")
            return
        self.set("PostTriggerQty", 0)
        self._untrigger()
        self._filling()

    def _filling(self) -> None:
        self.set("StatusMessage", "Buffer filling" if self["PreCount"] else "Dropping frames")

    def _untrigger(self) -> None:
        self.records["Trigger"].post("Done")
        self.records["Trigger_RBV"].post("Done")
        self._triggered.release()

    def _end(self, message: str) -> None:
        self._untrigger()
        self.records["Capture"].post("Done")
        self.records["Capture_RBV"].post("Done")
        self.set("StatusMessage", message)
        self._captured.release()
