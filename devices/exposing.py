"""What counting detectors have in common: one trigger counts for the preset time, and is proven to have done so.

=============================  =========================================================================================
after the trigger              the exposure
=============================  =========================================================================================
the monitors prove it          is judged: the number of exposures has grown since the trigger, and what was acquired
                               carries later time stamps than before it
they do not                    is judged by what all answer when they are asked anew (a server may send a put's
                               completion before its monitors, and Tango's events promise no order)
the server refused to start    fails, in its words
no exposure was made           fails
shorter than the preset        fails: somebody stopped it
stop, lost server, deadline    fails, with what was seen last
=============================  =========================================================================================

What else a reading has to hold, each kind says (`_judge_rest`).
"""

from __future__ import annotations

import threading
import time
from typing import Any, ClassVar

from devices.base import Instrument
from devices.deadlines import PATIENCE
from devices.errors import BadReading, Busy, NotConnected, Stopped
from devices.quality import check
from devices.signals import DeviceSignal, fetch_all
from devices.waiting import Waiting, in_background

SHORT_REL = 1e-3
"""An exposure shorter than its preset by more than this was stopped."""


class Exposure:
    """One trigger under way, and what was known before it."""

    __slots__ = ("exposures", "preset_s", "stamps", "status")

    def __init__(self, stamps: list[float], exposures: int | None, preset_s: float, status: Waiting) -> None:
        self.stamps = stamps
        self.exposures = exposures
        self.preset_s = preset_s
        self.status = status


class Exposing(Instrument):
    """A detector that counts for `preset_time`; its kinds declare the signals and end ``__init__`` with `_follows`."""

    result: ClassVar[str] = "count"
    """What one exposure makes, for messages."""

    # declared by each kind
    preset_time: Any
    counting: Any
    exposures: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._exposure: Exposure | None = None
        self._lock = threading.Lock()
        self._acquired: list[DeviceSignal] = []
        self._elapsed: Any = None
        self.exposures_given_up = 0
        """How many exposures were stopped from here, which the server need not count."""
        self.fence = ""
        """The circuit whose monitors are all in up to the end of the last exposure; empty if that is not proven."""
        kwargs.setdefault("labels", {"detectors"})
        super().__init__(*args, **kwargs)
        self.counting.subscribe(self._connection_changed, event_type="meta", run=False)

    def _follows(self, elapsed: Any, *others: Any) -> None:
        """Take the signals whose time stamps prove an exposure; `elapsed` tells the time counted."""
        self._elapsed = elapsed
        self._acquired = [elapsed, *others]

    # -- what each kind says ---------------------------------------------------------------------------------------

    @property
    def _start(self) -> tuple[Any, str]:
        """What starts it: signal and value."""
        raise NotImplementedError

    @property
    def _halt(self) -> tuple[Any, str]:
        """What stops it: signal and value."""
        raise NotImplementedError

    def _check_start(self, preset_s: float) -> None:
        """Raise what forbids a trigger."""

    def _proven_rest(self) -> bool:
        """Say whether all else that the monitors told is consistent."""
        return True

    def _judged(self) -> list[DeviceSignal]:
        """Return what is judged, beside the number of exposures and what was acquired."""
        raise NotImplementedError

    def _judge_rest(self, exposure: Exposure) -> None:
        """Raise what is wrong with the reading."""
        raise NotImplementedError

    # -- counting --------------------------------------------------------------------------------------------------

    def exposures_made(self) -> int | None:
        """Return how many exposures it has ever made, asked for now; None where it does not count them."""
        return int(self.exposures.fetch().value) if self.exposures.connected else None

    def trigger(self) -> Any:
        """Count once; the returned status ends when a reading newer than now is there."""
        with self._lock:
            if self._exposure is not None and not self._exposure.status.done:
                raise Busy(f"{self.name}: triggered while it still counts; wait or stop it first")
            preset = float(self.preset_time.sample.value)
            self._check_start(preset)
            what = f"the end of a {self.result} of {preset:g} s"
            status = Waiting(self.name, what, PATIENCE.wall_seconds(preset), self._last_words)
            stamps = [signal.sample.time for signal in self._acquired]
            made = self.exposures.sample.value if self.exposures.connected else None
            self.fence = ""
            exposure = self._exposure = Exposure(stamps, made, preset, status)
        signal, value = self._start
        status.guard(lambda: signal.start(value, lambda: self._ended(exposure), self._acquisition(exposure)))
        return status

    def stop(self, *, success: bool = False) -> None:
        """Stop counting."""
        exposure, self._exposure = self._exposure, None
        if exposure is None or exposure.status.done:
            return
        exposure.status.give_up()
        self.exposures_given_up += 1
        if self.counting.connected:
            signal, value = self._halt
            signal.start(value)
        if success:
            exposure.status.finish()
        else:
            exposure.status.fail(Stopped(f"{self.name}: stopped while counting; {self._last_words()}"))

    def pause(self) -> None:
        """Give up the exposure under way: a plan that goes on triggers again."""
        self.stop(success=True)

    def unstage(self) -> list[object]:
        """Leave nothing counting behind."""
        self.stop(success=True)
        return super().unstage()

    def _ended(self, exposure: Exposure) -> None:
        if exposure.status.done:
            return
        if self._proven(exposure):
            self.fence = self.counting.circuit
            exposure.status.guard(lambda: self._judge(exposure))
        else:
            in_background(lambda: exposure.status.guard(lambda: self._ask_and_judge(exposure)))

    def _proven(self, exposure: Exposure) -> bool:
        if exposure.exposures is None or not self.counting.circuit:
            return False
        try:
            return (
                self.exposures.sample.value != exposure.exposures
                and all(one.sample.time > old for one, old in zip(self._acquired, exposure.stamps, strict=True))
                and self._proven_rest()
            )
        except NotConnected:
            return False  # asking will say so

    def _ask_and_judge(self, exposure: Exposure) -> None:
        signal, _ = self._start
        if refusal := signal.refusal:
            raise BadReading(f"{self.name}: did not count: {refusal}")
        moment, judged = time.monotonic(), self._judged()
        for one in judged:
            one.ask(moment)
        fetch_all(self._acquisition(exposure), signal.ended_at)
        for one in judged:
            one.fetch_since(moment)
        if exposure.exposures is not None and self.exposures.sample.value == exposure.exposures:
            raise BadReading(f"{self.name}: reported the end of a {self.result}, but made no exposure")
        self._judge(exposure)

    def _acquisition(self, exposure: Exposure) -> list[DeviceSignal]:
        """Return what to ask, in this order: the number first, which servers publish after what it numbers."""
        return [*([] if exposure.exposures is None else [self.exposures]), *self._acquired]

    def _judge(self, exposure: Exposure) -> None:
        for signal in self._acquired:
            check(self.name, signal, signal.sample)
        counted = self._elapsed.sample.value
        if counted < exposure.preset_s * (1 - SHORT_REL):
            raise Stopped(f"{self.name}: counted {counted:g} s of {exposure.preset_s:g} s: somebody stopped it")
        self._judge_rest(exposure)
        exposure.status.finish()

    def _last_words(self) -> str:
        return str(self.counting.last_words)

    def _connection_changed(self, connected: bool = True, **_: Any) -> None:
        exposure = self._exposure
        if not connected and exposure is not None:
            exposure.status.fail(NotConnected(f"{self.name}: lost its server while counting; {self._last_words()}"))
