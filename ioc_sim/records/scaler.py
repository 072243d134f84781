"""The scaler record: counts on up to 32 channels for a time, or until a channel has its preset.

==========  ============  ==========================================================================================
US          SS            what happens
==========  ============  ==========================================================================================
IDLE        IDLE          CNT = 1: REQUESTED, WAITING if DLY > 0, COUNTING; CONT = AutoCount: SS WAITING
WAITING     as it was     DLY over: COUNTING; CNT = 0: IDLE
COUNTING    COUNTING      preset reached, or CNT = 0: all channels, T, the update counter, CNT 0, completion; IDLE
IDLE        WAITING       DLY1 over (10 s at least after a user's count): SS COUNTING; CNT = 1: as from IDLE
IDLE        COUNTING      TP1 over: all channels, T, the update counter; CNT stays 0; SS WAITING while CONT is set;
                          CNT = 1 breaks it off without a result
==========  ============  ==========================================================================================

One exposure is published under one timestamp on all channels in use, changed or not: who subscribes sees every
exposure. While counting, T and S1 are published at RATE Hz of wall time; 0 (the default here) for not at all.

After the scaler record of EPICS (epics-modules/scaler, scalerRecord.c), in behaviour, not in code.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol, cast

from ioc_sim.errors import Refused
from ioc_sim.memory import Kept
from ioc_sim.records import field_specs
from ioc_sim.records.binding import Timing
from ioc_sim.records.field_specs import Value
from ioc_sim.records.motor_drive import RESOLVED_S
from ioc_sim.records.record import Metadata, Record
from ioc_sim.records.scaler_presets import after_put, dwell

Count = Callable[[float], Awaitable[Mapping[int, float]]]
Published = Callable[[float], None]
Rates = Callable[[], Mapping[int, float]]

IDLE, WAITING, REQUESTED, COUNTING = 0, 1, 2, 3
SCALER_COUNTING = 2
SAVED = ("TP", "TP1", "RATE", "RAT1", "DLY", "DLY1", "PREC", "EGU", "DESC")
AFTER_USER_S = 10.0
"""Auto-counting keeps this far from a user's count."""
log = logging.getLogger(__name__)


class ScalerFacts(Protocol):
    """The numbers of a scaler: `beam.facts.Scaler`."""

    @property
    def channels(self) -> int:
        """How many channels are in use."""
        ...

    @property
    def clock_hz(self) -> float:
        """The frequency that channel 1 counts."""
        ...


class ScalerRecord(Record):
    """A scaler record on a counting function.

    Parameters
    ----------
    name : str
        The record's name.
    facts : ScalerFacts
        Channels and clock.
    names : Mapping[int, str]
        What is connected to the channels (NM1 …).
    timing : Timing
        The server's time.
    count : Count
        Makes one exposure of a dwell (s) that has been waited for, and adds it to the experiment's clock; returns the
        counts by channel (those left out count 0).
    published : Published, optional
        Called with the timestamp when an exposure's channels are out: publishes the update counter.
    rates : Rates, optional
        Expected counts per second by channel, for presets on other channels than the clock.
    """

    record_type = "scaler"

    def __init__(
        self,
        name: str,
        facts: ScalerFacts,
        names: Mapping[int, str],
        timing: Timing,
        count: Count,
        published: Published | None = None,
        rates: Rates | None = None,
    ) -> None:
        super().__init__(name, field_specs.scaler(facts.channels))
        self._frequency, self.counters = facts.clock_hz, facts.channels
        self._timing, self._rates = timing, rates
        self.count, self.published = count, published
        """May be replaced by a simulated fault."""
        self.values |= {"FREQ": facts.clock_hz, "TP": 1.0, "PR1": float(int(facts.clock_hz)), "EGU": "counts"}
        self.values |= {f"NM{n}": label for n, label in names.items()}
        self._interrupt, self._give_way = asyncio.Event(), asyncio.Event()
        self._auto: asyncio.Task[Any] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def take(self, field: str, value: Value) -> None:
        """Act on a put."""
        if field == "CNT":
            await self._put_cnt(bool(value))
            return
        if isinstance(value, float) and value < 0 and field not in ("VAL", "PREC"):
            raise Refused(f"{self.name}.{field} {value:g}: 0 or more is allowed")
        await super().take(field, self._frequency if field == "FREQ" else value)
        for other, result in after_put(field, cast("Mapping[str, float]", self.values)).items():
            self.post(other, result)
        if field == "CONT":
            self._start_auto(0.0)

    def saved(self) -> Kept:
        """Return what survives a reboot: presets and settings, no counts."""
        channels = [f"{name}{n}" for n in range(1, self.counters + 1) for name in ("G", "PR", "NM")]
        return {field: self.values[field] for field in (*SAVED, *channels)}

    def restore(self, kept: Kept | None) -> None:
        """Start after a reboot; None if nothing was saved."""
        for field, value in (kept or {}).items():
            self.post(field, value)

    def metadata(self, field: str) -> Metadata:
        """Return units and precision: seconds for times, counts for counts."""
        if field in ("T", "TP", "TP1", "DLY", "DLY1", "VAL"):
            return {"units": "s", "precision": self.values["PREC"] or 3}
        if field in ("RATE", "RAT1", "FREQ"):
            return {"units": "Hz", "precision": self.values["PREC"]}
        return super().metadata(field)

    # ---- a user's count

    async def _put_cnt(self, count: bool) -> None:
        state = self.values["US"]
        if self.disabled():
            self.post("CNT", int(count))
            return
        if not count:
            if state == IDLE:
                self.post("CNT", 0)
                return
            self._interrupt.set()
        elif state == IDLE:
            self.stamp()
            self.post("CNT", 1)
            self.post("US", REQUESTED)
            self._interrupt.clear()
            delay, seconds = max(self._number("DLY"), 0.0), self._dwell()
            if self._auto is None and delay + seconds < RESOLVED_S * self._timing.scale:
                if error := await self._user_count(delay, seconds):
                    raise error
                return
            self._spawn(self._user_count(delay, seconds))
        await self.until_idle()

    async def _user_count(self, delay: float, seconds: float) -> Exception | None:
        """Count; return what went wrong, if anything did."""
        error = None
        try:
            await self._break_off_auto()
            if await self._user_delay(delay):
                self.post("US", COUNTING)
                self.post("SS", SCALER_COUNTING)
                self.post("PCNT", 1)
                for n in range(1, self.counters + 1):
                    self.post(f"D{n}", self.values[f"G{n}"])
                passed = await self._wait(seconds, self._number("RATE"), self._interrupt)
                self._show(await self.count(passed))
        except Exception as failure:  # whatever it was, the client that waits must hear of it
            log.exception("the exposure of %s failed", self.name)
            error = failure
        for field in ("US", "SS", "PCNT", "CNT"):
            self.post(field, 0)
        self.release(error)
        self._start_auto(AFTER_USER_S)
        return error

    async def _user_delay(self, seconds: float) -> bool:
        """Wait before a count; return whether it is still wanted."""
        if seconds:
            self.post("US", WAITING)
            await self._timing.advance(await self._wait(seconds, 0.0, self._interrupt))
        return not self._interrupt.is_set()

    def _dwell(self) -> float:
        return dwell(cast("Mapping[str, float]", self.values), self.counters, self._rates() if self._rates else {})

    def _number(self, field: str) -> float:
        return float(self.values[field])

    async def _wait(self, seconds: float, rate: float, interrupt: asyncio.Event) -> float:
        """Wait for device `seconds`, publishing the clock on the way; return how many passed."""
        scale, passed = self._timing.scale, 0.0
        if seconds < RESOLVED_S * scale:
            return seconds
        step = scale / rate if rate > 0.1 else math.inf
        while passed < seconds and not interrupt.is_set():
            passed += await self._timing.wait(min(step, seconds - passed, 1e5), interrupt)
            if seconds - passed < RESOLVED_S * scale and not interrupt.is_set():
                return seconds
            if math.isfinite(step):
                self._show_clock(passed)
        return passed

    # ---- auto-counting

    def _start_auto(self, at_least_s: float) -> None:
        if self.values["CONT"] and self.values["US"] == IDLE and self._auto is None:
            self._give_way.clear()
            self._auto = self._spawn(self._auto_count(at_least_s))

    async def _break_off_auto(self) -> None:
        """Stop auto-counting; returns when an exposure that is being made already has been published."""
        if self._auto is not None:
            self._give_way.set()
            await asyncio.wait({self._auto})

    async def _auto_count(self, at_least_s: float) -> None:
        try:
            while self.values["CONT"]:
                self.post("SS", WAITING)
                # a pause of wall time, so that a count of no time at all does not keep the server busy
                pause = max(self._number("DLY1"), at_least_s, 0.05 * self._timing.scale)
                await self._timing.advance(await self._wait(pause, 0.0, self._give_way))
                if not self.values["CONT"] or self._give_way.is_set():
                    return
                self.post("SS", SCALER_COUNTING)
                seconds = self._number("TP1")
                passed = await self._wait(
                    seconds if seconds >= 1e-3 else self._dwell(), self._number("RAT1"), self._give_way
                )
                if self._give_way.is_set():
                    await self._timing.advance(passed)
                    return
                self._show(await self.count(passed))
                at_least_s = 0.0
        finally:
            self.post("SS", IDLE)
            self._auto = None

    # ---- publishing

    def _show(self, counts: Mapping[int, float]) -> None:
        """Publish one exposure."""
        now = self.stamp()
        for n in range(1, self.counters + 1):
            self.post(f"S{n}", float(counts.get(n, 0)))
        seconds = counts.get(1, 0) / self._frequency
        self.post("T", seconds)
        self.post("VAL", seconds)
        if self.published:
            self.published(now)

    def _show_clock(self, passed: float) -> None:
        self.stamp()
        self.post("S1", float(int(passed * self._frequency)))
        self.post("T", passed)

    def _spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
