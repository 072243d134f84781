"""A port: records under one prefix, and the arrays that it hands on to those who listen.

====================  ==============================================================================================
event                 what happens
====================  ==============================================================================================
a put of `X`          stored and published; then what the port does about it, by default that `X_RBV` follows
the port sets `X`     `X_RBV` is published, or `X` itself where that is an input
an array is emitted   if `ArrayCallbacks` is Enable, it goes to each listener in turn: into the listener's queue, or,
                      where its callbacks block, through the listener before the next one gets it
====================  ==============================================================================================
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import caproto as ca
import numpy as np

from ioc_sim.area_detector.array import NAMES, NDArray
from ioc_sim.area_detector.pipeline import Pipeline
from ioc_sim.area_detector.records import OUTPUTS, build
from ioc_sim.area_detector.table import Row, rows
from ioc_sim.channels import Channels, Check
from ioc_sim.errors import Refused

ADCORE = "3.14.0"
"""The release whose names and types are served."""
FINE = ca.AlarmStatus.NO_ALARM, ca.AlarmSeverity.NO_ALARM
MAJOR = ca.AlarmStatus.STATE, ca.AlarmSeverity.MAJOR_ALARM
INVALID = ca.AlarmStatus.WRITE, ca.AlarmSeverity.INVALID_ALARM

Handler = Callable[[Any], Awaitable[None]]
Result = TypeVar("Result")


class Listener(Protocol):
    """Who takes arrays."""

    async def take(self, array: NDArray, /) -> None:
        """Take one; returns when it may be forgotten."""
        ...


class Port:
    """A port.

    Parameters
    ----------
    name : str
        By which others find it.
    prefix : str
        Of its records.
    pipeline : Pipeline
        Where it belongs.
    layers : Sequence[str]
        Its tables of records.
    """

    def __init__(self, name: str, prefix: str, pipeline: Pipeline, layers: Sequence[str]) -> None:
        self.name, self.prefix, self.pipeline = name, prefix, pipeline
        self.listeners: list[Listener] = []
        self.handled = 0
        """Arrays that went through, ever."""
        self.records: dict[str, Any] = {}
        self.handlers: dict[str, Handler] = {}
        self._dimensions: tuple[int, ...] = ()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"ad-{name}")
        pipeline.ports[name] = self
        self.add(rows(*layers))
        self.set("PortName", name)
        self.set("ADCoreVersion", ADCORE)
        self.set("DriverVersion", ADCORE)
        self.only(NDAttributesFile="")
        for button in ("PreAllocBuffers", "EmptyFreeList", "PoolPollStats"):
            self.on(button, self._released(button))

    def add(self, table: dict[str, Row], below: str = "") -> None:
        """Serve these records, below another prefix if there is one."""
        for name, row in table.items():
            source = table.get(row.reads)
            if source is not None and not row.value:
                row = Row(**{**vars(row), "value": source.value})
            writable = row.record in OUTPUTS and not name.endswith("_RBV")
            self.records[below + name] = build(
                row,
                self.pipeline.sizes,
                self.pipeline.pixel,
                self._putter(below + name) if writable else None,
                None,
            )

    @property
    def channels(self) -> Channels:
        """What a server serves."""
        return {f"{self.prefix}{name}": channel for name, channel in self.records.items()}

    # ---- records

    def __getitem__(self, name: str) -> Any:
        """Return the value that stands: that of the readback, if there is one."""
        return self._shown(name).value

    def set(self, name: str, value: Any) -> None:
        """Publish a value of the port's own, if it is another one."""
        self._shown(name).update(value)

    def put_back(self, name: str, value: Any) -> None:
        """Publish a value as set-point and readback."""
        self.records[name].update(value)
        self.set(name, value)

    def start_with(self, **values: Any) -> None:
        """Give records their first values."""
        for name, value in values.items():
            for record in (name, f"{name}_RBV"):
                if record in self.records:
                    self.records[record].post(value)

    def on(self, name: str, handler: Handler) -> None:
        """Do this about puts."""
        self.handlers[name] = handler

    def _released(self, name: str) -> Handler:
        """Return what a put of a button does for which there is nothing to do: it comes up again."""
        record = self.records[name]

        async def put(_: Any) -> None:
            record.post(record.enum_strings[0])

        return put

    def only(self, **values: Any) -> None:
        """Refuse all but one value of settings for whose other values nothing is simulated."""

        def checked(name: str, allowed: Any) -> Check:
            def check(value: Any) -> None:
                if value != allowed:
                    raise Refused(f"{self.prefix}{name} {value!r}: only {allowed!r} is simulated")

            return check

        for name, allowed in values.items():
            self.records[name].check = checked(name, allowed)

    def _shown(self, name: str) -> Any:
        readback = f"{name}_RBV"
        return self.records[readback if readback in self.records else name]

    def _putter(self, name: str) -> Handler:
        async def put(value: Any) -> None:
            handler = self.handlers.get(name)
            if handler:
                await handler(value)
            else:
                self.set(name, value)

        return put

    # ---- arrays

    async def emit(self, array: NDArray) -> None:
        """Hand an array on."""
        if self["ArrayCallbacks"] == "Enable":
            for listener in tuple(self.listeners):
                await listener.take(array)

    def show(self, array: NDArray) -> None:
        """Publish what an array is like."""
        self.handled += 1
        dimensions, data = array.dimensions, array.data
        if dimensions != self._dimensions:
            self._dimensions = dimensions
            padded = (*dimensions, *(0,) * (10 - len(dimensions)))
            self.set("NDimensions", len(dimensions))
            self.set("Dimensions", np.array(padded, np.int32))
            for n, size in enumerate(padded):
                self.set(f"ArraySize{n}", size)
                self.set(f"Dim{n}SA", size)
        for name, size in zip("XYZ", array.xyz, strict=True):
            self.set(f"ArraySize{name}", size)
        seconds, nanoseconds = array.epics_ts
        self.set("ArraySize", data.nbytes)
        self.set("CompressedSize", data.nbytes)
        self.set("DataType", NAMES[data.dtype])
        if array.color_mode in self._shown("ColorMode").enum_strings:
            self.set("ColorMode", array.color_mode)
        self.set("UniqueId", array.unique_id)
        self.set("TimeStamp", array.timestamp)
        self.set("EpicsTSSec", seconds)
        self.set("EpicsTSNsec", nanoseconds)
        self.pipeline.moved()

    def counted(self) -> None:
        """Add one to the counter of arrays."""
        self.put_back("ArrayCounter", self["ArrayCounter"] + 1)

    async def in_thread(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run a function in the port's own thread: whatever takes long."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)
