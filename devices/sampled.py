"""What signals of every transport have in common: the latest sample, what is made of it, and a write that is proven."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from devices.deadlines import PATIENCE
from devices.errors import NotConnected, NotTaken
from devices.signals import DeviceSignal, Quantity, Sample, data_key, enum_text, to_wire
from devices.waiting import Waiting, in_background

CLOCK_STEP_S = 60.0  # a server's clock set back by more than this is believed


class Sampled(DeviceSignal):
    """A signal that keeps value, server time and severity together, as one tuple that changes at once.

    A transport calls `arrived` for what the server sends by itself and `asked` for what it answers; it gives `unit`,
    `limits`, `source` and `start`.
    """

    # of ophyd's signals
    _args_cache: dict[str, Any]

    def __init__(self, *args: Any, address: str, quantity: Quantity, optional: bool = False, **kwargs: Any) -> None:
        self.quantity = quantity
        self.optional = optional
        self.address = address
        self._latest: Sample | None = None
        self._last_seen: Sample | None = None
        self._fetched_time = 0.0
        self._latest_lock = threading.Lock()
        self._watchers: tuple[Callable[[Sample], None], ...] = ()
        super().__init__(*args, **kwargs)

    # -- what the server sends ---------------------------------------------------------------------------------

    def arrived(self, value: Any, timestamp: float, severity: int) -> None:
        """Take what the server sent by itself."""
        with self._latest_lock:
            if 0 < self._fetched_time - timestamp < CLOCK_STEP_S:
                return  # overtaken by a reading that was asked for
            first = self._latest is None
            sample = self._store(value, timestamp, severity)
        if first:
            self._first_arrived()
        self.tell(sample)

    def asked(self, value: Any, timestamp: float, severity: int, since: float) -> Sample:
        """Take what the server answered to a question sent at `since` (monotonic); return the newest that is known.

        What it had sent before is older than the answer. What came after the question and has a later stamp is newer:
        the answer was on its way to whoever asked, while the library's thread took that.
        """
        with self._latest_lock:
            latest = self._latest
            if latest is not None and latest.seen >= since and 0 < latest.time - timestamp < CLOCK_STEP_S:
                return latest
            self._fetched_time = timestamp
            return self._store(value, timestamp, severity)

    def _first_arrived(self) -> None:
        """Do what there is to do when the first value since the connection is there."""

    def _store(self, value: Any, timestamp: float, severity: int) -> Sample:
        sample = Sample(value, timestamp, severity, time.monotonic())
        self._latest = self._last_seen = sample
        self._readback = sample.value
        self._metadata["timestamp"] = timestamp
        self._metadata["severity"] = severity
        return sample

    def tell(self, sample: Sample) -> None:
        """Tell a new value to all who want to know."""
        for told in self._watchers:
            told(sample)
        if self._callbacks[self.SUB_VALUE]:
            self._metadata_thread_ctx.run(self._run_value_subs, sample)

    def _run_value_subs(self, sample: Sample) -> None:
        self._run_subs(
            sub_type=self.SUB_VALUE,
            value=enum_text(self.quantity, sample.value),
            timestamp=sample.time,
            severity=sample.severity,
        )

    def watch(self, told: Callable[[Sample], None]) -> Callable[[], None]:
        """Call `told` with each new value, in the transport's own thread: it must return at once."""
        with self._latest_lock:
            self._watchers += (told,)

        def end() -> None:
            with self._latest_lock:
                self._watchers = tuple(one for one in self._watchers if one is not told)

        return end

    # -- what devices ask --------------------------------------------------------------------------------------

    @property
    def sample(self) -> Sample:
        """The latest value that the server sent by itself."""
        sample = self._latest
        if sample is None or not self.connected:
            raise self.lost()
        return sample

    def lost(self) -> NotConnected:
        """Return the error that says that there is no connection."""
        why = f" ({self.trouble})" if self.trouble else ""
        return NotConnected(f"{self.name}: {self.address} is not connected{why}; {self.last_words}")

    @property
    def last_words(self) -> str:
        """The last value seen and since when."""
        return "no value seen yet" if self._last_seen is None else self._last_seen.words(self.unit)

    @property
    def unit(self) -> str:
        """The unit, as the server says, else as declared."""
        raise NotImplementedError

    @property
    def source(self) -> str:
        """Where documents say that the value comes from."""
        raise NotImplementedError

    def get(self, **kwargs: Any) -> Any:
        """Return the latest value; enumerations as text."""
        if not self.connected:
            self.wait_for_connection()
        return enum_text(self.quantity, self.sample.value)

    def read(self) -> dict[str, Any]:
        """Return the reading as documents carry it."""
        sample = self.sample
        return {self.name: {"value": enum_text(self.quantity, sample.value), "timestamp": sample.time}}

    def describe(self) -> dict[str, Any]:
        """Return the data key as documents carry it."""
        return {
            self.name: data_key(
                self.quantity, source=self.source, unit=self.unit, precision=self.digits, limits=self.limits
            )
        }

    def subscribe(self, callback: Callable[..., None], event_type: str | None = None, run: bool = True) -> int:
        """Call `callback` on changes; with `run`, once now."""
        if run and event_type in (None, self.SUB_VALUE) and self._latest is not None:
            sample = self._latest
            self._args_cache[self.SUB_VALUE] = (
                (),
                {
                    "value": enum_text(self.quantity, sample.value),
                    "timestamp": sample.time,
                    "severity": sample.severity,
                    "sub_type": self.SUB_VALUE,
                    "obj": self,
                },
            )
        return super().subscribe(callback, event_type=event_type, run=run)

    # -- writing -----------------------------------------------------------------------------------------------

    def put(self, value: Any, *_: Any, **__: Any) -> None:
        """Write `value` without waiting."""
        self.check_writing(value)
        self.start(value)

    def set(self, value: Any, **_: Any) -> Any:
        """Write `value` and see that the server took it."""
        self.check_writing(value)
        wire = to_wire(self.quantity, value, self.name)
        before = self.sample
        shown = f"{value} {self.unit}".rstrip()
        status = Waiting(self.name, f"{self.address} to take {shown}", PATIENCE.wall_seconds(0.0), self._words)

        def confirm() -> None:
            sample = self.fetch()
            if not _same(sample.value, wire):
                has = f"{self.address} has {sample.value} {self.unit}".rstrip()
                why = f": {self.refusal}" if self.refusal else ""
                raise NotTaken(f"{self.name}: asked for {shown}, {has}{why}")
            status.finish()

        def done() -> None:
            latest = self._latest
            if latest is not None and latest.time > before.time and _same(latest.value, wire):
                status.finish()
            else:
                in_background(lambda: status.guard(confirm))

        status.guard(lambda: self.start(wire, done))
        return status

    def _words(self) -> str:
        return self.last_words


def _same(have: Any, want: Any) -> bool:
    if isinstance(have, float):
        return abs(have - float(want)) <= 1e-6 * max(abs(have), abs(float(want)))
    return bool(have == want)
