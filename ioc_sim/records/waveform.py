"""A waveform record that a digitiser fills: samples at a steady rate, one after the other.

=========  =====================  ===============================================================================
BUSY       event                  what happens
=========  =====================  ===============================================================================
0          `start`                BUSY 1; samples are appended; returns at the end
0          `erase`                NORD 0, VAL empty
1          samples arrive         VAL and NORD are published ten times a second of wall time
1          the last one arrives   VAL, NORD, the update counter, BUSY 0; all who wait return
1          `stop`                 likewise, with the samples that have arrived
1          `start`                nothing; returns at the end
1          `erase`                NORD 0; the series begins anew
=========  =====================  ===============================================================================

A series that was stopped goes on behind its samples when it is started again; one that is full ends at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from caproto import ChannelType
from caproto.server.records import base

from ioc_sim.records.binding import Timing
from ioc_sim.records.field_specs import FieldSpec, Specs, common, specs_of
from ioc_sim.records.motor_drive import RESOLVED_S
from ioc_sim.records.record import Record

PUBLISH_S = 0.1
"""Wall time between two publications on the way."""
log = logging.getLogger(__name__)


def waveform_fields(elements: int) -> Specs:
    """Return the fields of a waveform record of DBF_DOUBLE (EPICS base)."""
    specs = specs_of(base.WaveformFields) | {name: spec for name, spec in common().items() if name in ("RTYP", "UDF")}
    specs["VAL"] = FieldSpec(ChannelType.DOUBLE, 0.0, read_only=True, elements=elements, doc="Value")
    specs["NELM"] = FieldSpec(ChannelType.LONG, elements, read_only=True, doc="Number of Elements")
    double = specs["FTVL"].choices.index("DOUBLE")
    specs["FTVL"] = FieldSpec(ChannelType.ENUM, double, read_only=True, choices=specs["FTVL"].choices)
    return specs


class Samples(Protocol):
    """What is sampled: `beam.oscillation.Oscillation`."""

    def samples(self, count: int, sample_s: float, /) -> npt.NDArray[np.float64]:
        """Return the next series."""
        ...


class WaveformRecord(Record):
    """A waveform record on a source of samples.

    Parameters
    ----------
    name : str
        The record's name.
    timing : Timing
        The server's time.
    source : Samples
        What is sampled.
    elements : int
        How many samples it can hold.
    sample_s : float
        Time from one sample to the next.
    units : str
        Of the samples.
    published : Callable[[float], None], optional
        Called with the timestamp when a series has ended: publishes the update counter.
    """

    record_type = "waveform"

    def __init__(
        self,
        name: str,
        timing: Timing,
        source: Samples,
        elements: int,
        sample_s: float,
        units: str,
        published: Callable[[float], None] | None = None,
    ) -> None:
        super().__init__(name, waveform_fields(elements))
        self.source, self.published = source, published
        """May be replaced by a simulated fault."""
        self.sample_s = sample_s
        self.wanted = elements
        """How many samples a series has; 1 to as many as the record can hold."""
        self.changed: Callable[[], None] = lambda: None
        """Called whenever BUSY or NORD were published."""
        self._timing = timing
        self._interrupt = asyncio.Event()
        self._again = self._stopped = False
        self._task: asyncio.Task[Any] | None = None
        self.values |= {"EGU": units, "PREC": 4}

    @property
    def acquiring(self) -> bool:
        """Whether samples are being taken."""
        return bool(self.values["BUSY"])

    async def start(self) -> None:
        """Take samples; returns at the end."""
        if not self.acquiring:
            self._interrupt.clear()
            self._again = self._stopped = False
            self._show_busy(1)
            if (self.wanted - len(self.arrays["VAL"])) * self.sample_s < RESOLVED_S * self._timing.scale:
                if error := await self._acquire():
                    raise error
                return
            self._task = asyncio.create_task(self._acquire())
        await self.until_idle()

    async def stop(self) -> None:
        """End the series; returns when it has."""
        if self.acquiring:
            self._stopped = True
            self._interrupt.set()
            await self.until_idle()

    def erase(self) -> None:
        """Drop all samples; a series that is being taken begins anew."""
        self._show(np.zeros(0))
        if self.acquiring:
            self._again = True
            self._interrupt.set()

    async def _acquire(self) -> Exception | None:
        """Take the samples; return what went wrong, if anything did."""
        error = None
        try:
            while await self._series():
                self._interrupt.clear()
                self._again = False
        except Exception as failure:  # whatever it was, the client that waits must hear of it
            log.exception("the series of %s failed", self.name)
            error = failure
        if self.published and error is None:
            self.published(self.time)
        self._show_busy(0)
        self.release(error)
        return error

    async def _series(self) -> bool:
        """Append one series; return whether another one is to be begun because it was erased."""
        before = self.arrays["VAL"].astype(np.float64)
        count = max(self.wanted - len(before), 0)
        samples, seconds, passed = self.source.samples(count, self.sample_s), count * self.sample_s, 0.0
        while seconds - passed >= RESOLVED_S * self._timing.scale and not self._interrupt.is_set():
            step = min(PUBLISH_S * self._timing.scale, seconds - passed)
            passed += await self._timing.wait(step, self._interrupt)
            if not self._interrupt.is_set():
                self._show(np.concatenate((before, samples[: int(passed / self.sample_s)])))
        stopped = self._interrupt.is_set()
        await self._timing.advance(passed if stopped else seconds)
        if self._again:
            return not self._stopped
        self._show(np.concatenate((before, samples[: int(passed / self.sample_s)] if stopped else samples)))
        return False

    def _show(self, samples: npt.NDArray[np.float64]) -> None:
        self.stamp()
        self.post_array("VAL", samples)
        self.post("NORD", len(samples))
        self.changed()

    def _show_busy(self, busy: int) -> None:
        self.stamp()
        self.post("BUSY", busy)
        self.changed()
