"""What all plugins share: from whom they take arrays, when, and through which queue.

================  ==================  ============================================================================
EnableCallbacks   event               what happens
================  ==================  ============================================================================
Disable           an array            nothing: the plugin does not listen
Enable            an array            sooner than `MinCallbackTime` after the last one: nothing
Enable            an array, blocking  it is worked on, and handed on, before its source goes on
Enable            an array, else      it joins the queue of `QueueSize` places; without a place: `DroppedArrays`
                                      +1, or, on the experiment's clock, the source waits
any               work on an array    `ArrayCounter`, sizes, time, `ExecutionTime`; the result is handed on
any               `NDArrayPort`       listens to that port from now on; if there is none, to nobody: INVALID
any               `ProcessPlugin`     the last array again
================  ==================  ============================================================================

A real plugin drops arrays when its computer is too slow. On the experiment's clock nothing depends on how fast this
machine is; there `takes_s`, the device time that an array takes, says what is dropped (`ioc_sim.write_queue`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from ioc_sim.area_detector.array import NDArray
from ioc_sim.area_detector.pipeline import Pipeline
from ioc_sim.area_detector.port import FINE, INVALID, Port
from ioc_sim.write_queue import WriteQueue

MOST_QUEUED = 1000
log = logging.getLogger(__name__)


class Plugin(Port):
    """A plugin.

    Parameters
    ----------
    name : str
        Its port.
    prefix : str
        Of its records.
    pipeline : Pipeline
        Where it belongs.
    source : str
        The port that it starts to listen to.
    queue : int
        Places in its queue.
    layers : tuple[str, ...]
        Its tables of records.
    """

    kind = "NDPluginBase"
    """What it calls itself."""
    counts = True
    """Whether each array that comes is counted."""

    def __init__(
        self, name: str, prefix: str, pipeline: Pipeline, source: str, queue: int, layers: tuple[str, ...]
    ) -> None:
        super().__init__(name, prefix, pipeline, layers)
        self.takes_s = 0.0
        """Device time that an array takes; a simulated fault may make it longer."""
        self.last: NDArray | None = None
        self._source: Port | None = None
        self._simulated = WriteQueue(queue)
        self._offered_s = 0.0
        self._taken_s = -1e9
        self._queue: deque[NDArray] = deque()
        self._places = queue
        self._taken = asyncio.Event()
        self._working = asyncio.Lock()
        self._worker: asyncio.Task[None] | None = None
        self.set("PluginType", self.kind)
        self.start_with(NDArrayPort=source, QueueSize=queue, NumThreads=1, MaxThreads=1, ArrayCallbacks="Enable")
        self.set("QueueFree", queue)
        self.only(SortMode="Unsorted", MaxByteRate=0.0)
        self.on("NDArrayPort", self._put_port)
        self.on("EnableCallbacks", self._put_enable)
        self.on("QueueSize", self._put_queue_size)
        self.on("ProcessPlugin", self._process_last)
        self.on("MaxArrayRate", self._put_rate)
        self.on("NumThreads", self._put_threads)

    # ---- settings

    async def _put_port(self, name: str) -> None:
        self.set("NDArrayPort", name)
        self._connect()

    async def _put_enable(self, enable: str) -> None:
        self.set("EnableCallbacks", enable)
        self._connect()

    def _connect(self) -> None:
        """Listen to the port that is set, if enabled; a circle of listeners would never end."""
        source = self.pipeline.ports.get(self["NDArrayPort"])
        if source is self or (isinstance(source, Plugin) and source.hears(self)):
            source = None
        record = self.records["NDArrayPort"]
        status, severity = INVALID if source is None else FINE
        if (record.alarm.status, record.alarm.severity) != (status, severity):
            record.post(record.value, status=status, severity=severity)
        if self._source is not None and self in self._source.listeners:
            self._source.listeners.remove(self)
        self._source = source
        if source is not None and self["EnableCallbacks"] == "Enable":
            source.listeners.append(self)

    def hears(self, port: Port) -> bool:
        """Say whether arrays of a port come here, directly or through others."""
        source = self._source
        return source is port or (isinstance(source, Plugin) and source.hears(port))

    async def _put_queue_size(self, places: int) -> None:
        self._places = min(max(int(places), 1), MOST_QUEUED)
        self._simulated = WriteQueue(self._places)
        while len(self._queue) > self._places:
            self._queue.pop()
            self._drop()
            self.pipeline.count(-1)
        self._taken.set()
        self.set("QueueSize", self._places)
        self._show_queue()

    async def _put_rate(self, rate_hz: float) -> None:
        self.put_back("MinCallbackTime", 1 / rate_hz if rate_hz > 0 else 0.0)
        self.set("MaxArrayRate", rate_hz)

    async def _put_threads(self, _: int) -> None:
        self.set("NumThreads", 1)

    async def _process_last(self, _: Any) -> None:
        if self.last is not None:
            await self._process(self.last)

    # ---- arrays

    async def take(self, array: NDArray) -> None:
        """Take an array from the port that is listened to."""
        now_s, least_s = self.pipeline.time.clock.now(), self["MinCallbackTime"]
        if least_s > 0 and now_s - self._taken_s < least_s:
            return
        self._taken_s = now_s
        if self["BlockingCallbacks"] == "Yes":
            if self.takes_s:
                await self.pipeline.time.take(self.takes_s)
            await self._process(array)
        elif (self.takes_s and not self._has_place(array)) or (
            len(self._queue) >= self._places and not self.pipeline.unhurried
        ):
            self._drop()
        else:
            await self._enqueue(array)

    async def _enqueue(self, array: NDArray) -> None:
        while len(self._queue) >= self._places:
            self._taken.clear()
            await self._taken.wait()
        self._queue.append(array)
        self.pipeline.count(+1)
        self._show_queue()
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work_off())

    def _has_place(self, array: NDArray) -> bool:
        if array.at_s < self._offered_s:  # another acquisition
            self._simulated = WriteQueue(self["QueueSize"])
        self._offered_s = array.at_s
        return self._simulated.offer(array.at_s, self.takes_s)

    def _drop(self) -> None:
        self.put_back("DroppedArrays", self["DroppedArrays"] + 1)

    def _show_queue(self) -> None:
        free = self._places - len(self._queue)
        self.set("QueueFree", free)
        self.set("QueueUse", 100.0 * (1 - free / self._places))

    async def _work_off(self) -> None:
        while self._queue:
            arrays = [self._queue.popleft() for _ in range(max(self.together(self._queue), 1))]
            self._taken.set()
            self._show_queue()
            try:
                await self._process(*arrays)
            finally:
                self.pipeline.count(-len(arrays))

    async def _process(self, *arrays: NDArray) -> None:
        async with self._working:
            self.begin(arrays)
            results = [await self._work_on(array) for array in arrays]
        for result in results:
            if result is not None:
                await self.emit(result)

    async def _work_on(self, array: NDArray) -> NDArray | None:
        began = time.perf_counter()
        self.last = array
        self.show(array)
        if self.counts:
            self.counted()
        try:
            result = await self.work(array)
        except Exception:  # a plugin that cannot work on an array must not stop the camera
            log.exception("%s cannot work on an array", self.prefix)
            result = None
        self.set("ExecutionTime", round(1e3 * (time.perf_counter() - began), 3))
        return result

    def together(self, queue: Sequence[NDArray]) -> int:
        """Return how many of the arrays that wait are worked on before anything else may happen: one, or more."""
        return 1

    def begin(self, arrays: Sequence[NDArray]) -> None:
        """Begin with what can be begun for all of them, before they are worked on one by one."""

    async def work(self, array: NDArray) -> NDArray | None:
        """Do what the plugin is for; return what is handed on."""
        return array
