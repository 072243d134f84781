"""A counter: one trigger counts all its channels for the preset time.

A reading is recorded only if it is proven newer than its trigger. The counter's own number of exposures must have
grown since the trigger, and each channel must carry a later time stamp than before it; the server publishes the
channels before that number, and one circuit keeps the order. Where the monitors do not prove it (a server may send a
put's completion first, not every scaler counts its exposures, and Tango's events promise no order), all are asked for
after the completion; so are the amplifiers, where they do not come by the counter's circuit.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, ClassVar

from beam import facts
from devices.base import Instrument
from devices.chamber import IonChamber
from devices.deadlines import PATIENCE
from devices.errors import BadReading, Busy, NotConnected, Overloaded, Stopped
from devices.quality import check, readings
from devices.signals import Attr, DeviceSignal, Quantity, fetch_all
from devices.state import Fact, State, Stated, alarm, first_that_holds
from devices.waiting import Waiting, in_background

COUNTS = Quantity("float", "counts")
SHORT_REL = 1e-3  # an exposure shorter than its preset by more than this was stopped


class Exposure:
    """One trigger under way, and what was known before it."""

    __slots__ = ("before", "exposures", "preset_s", "status")

    def __init__(self, before: list[float], exposures: int | None, preset_s: float, status: Waiting) -> None:
        self.before = before
        self.exposures = exposures
        self.preset_s = preset_s
        self.status = status


class Counter(Instrument):
    """A scaler record; make one with `Counter.of`, which names the channels.

    `preset_time` is the time to count for, `elapsed` (``count_time`` in documents) the time counted.
    """

    kind_of_device = "scaler"
    channels: ClassVar[Mapping[str, int]] = {}

    elapsed = Attr(Quantity("float", "s"), kind="normal", name="count_time", doc="time counted")
    preset_time = Attr(Quantity("float", "s", writable=True), kind="config", doc="time to count for")
    counting = Attr(Quantity("enum", enum=("Done", "Count"), writable=True), doc="write 1 to count")
    exposures = Attr(Quantity("int"), optional=True, doc="how many exposures the counter has made")

    @classmethod
    def of(
        cls,
        scaler_facts: facts.Scaler,
        chambers: Mapping[str, IonChamber],
        *,
        name: str,
        **kwargs: Any,
    ) -> Counter:
        """Make the counter at `scaler_facts`, with a channel for each of `chambers`, named as they are."""
        channels = {key: chamber.facts.channel for key, chamber in chambers.items()}
        rows: dict[str, Any] = {
            key: Attr(COUNTS, kind="hinted", name=key, doc=f"counts of {chamber.label}")
            for key, chamber in chambers.items()
        }
        made: type[Counter] = type(cls.__name__, (cls,), {**rows, "channels": channels, "__doc__": cls.__doc__})
        return made(scaler_facts, chambers, name=name, **kwargs)

    def __init__(
        self, scaler_facts: facts.Scaler, chambers: Mapping[str, IonChamber], *, name: str, **kwargs: Any
    ) -> None:
        self.facts = scaler_facts
        self.chambers = dict(chambers)
        self._exposure: Exposure | None = None
        self._lock = threading.Lock()
        self.exposures_given_up = 0
        """How many exposures were stopped from here, which the server need not count."""
        self.fence = ""
        """The circuit whose monitors are all in up to the end of the last exposure; empty if that is not proven."""
        kwargs.setdefault("labels", {"detectors"})
        super().__init__(scaler_facts.address, name=name, label="counter", tango_name=scaler_facts.name, **kwargs)
        self._acquired: list[DeviceSignal] = [self.elapsed, *(getattr(self, key) for key in self.channels)]
        self.counting.subscribe(self._connection_changed, event_type="meta", run=False)

    def channel_of(self, attribute: str) -> int | None:
        """Return the number of the channel called `attribute`."""
        return self.channels.get(attribute)

    def exposures_made(self) -> int | None:
        """Return how many exposures it has ever made, asked for now; None where it does not count them."""
        return int(self.exposures.fetch().value) if self.exposures.connected else None

    # -- counting ----------------------------------------------------------------------------------------------

    def trigger(self) -> Any:
        """Count once; the returned status ends when a reading newer than now is there."""
        with self._lock:
            if self._exposure is not None and not self._exposure.status.done:
                raise Busy(f"{self.name}: triggered while it still counts; wait or stop it first")
            preset = self.preset_time.sample.value
            status = Waiting(
                self.name,
                f"the end of a count of {preset:g} s",
                PATIENCE.wall_seconds(preset),
                self._last_words,
            )
            before = [signal.sample.time for signal in self._acquired]
            exposures = self.exposures.sample.value if self.exposures.connected else None
            self.fence = ""
            exposure = self._exposure = Exposure(before, exposures, preset, status)
        status.guard(lambda: self.counting.start("Count", lambda: self._ended(exposure)))
        return status

    def stop(self, *, success: bool = False) -> None:
        """Stop counting."""
        exposure, self._exposure = self._exposure, None
        if exposure is None or exposure.status.done:
            return
        self.exposures_given_up += 1
        if self.counting.connected:
            self.counting.start("Done")
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
        circuit = self.counting.circuit
        if exposure.exposures is None or not circuit:
            return False
        if any(chamber.overload.circuit != circuit for chamber in self.chambers.values()):
            return False
        try:
            return self.exposures.sample.value != exposure.exposures and all(
                signal.sample.time > before for signal, before in zip(self._acquired, exposure.before, strict=True)
            )
        except NotConnected:
            return False  # asking will say so

    def _ask_and_judge(self, exposure: Exposure) -> None:
        if refusal := self.counting.refusal:
            raise BadReading(f"{self.name}: did not count: {refusal}")
        numbered = [] if exposure.exposures is None else [self.exposures]
        fetch_all([*self._acquired, *numbered, *(chamber.overload for chamber in self.chambers.values())])
        if exposure.exposures is not None and self.exposures.sample.value == exposure.exposures:
            raise BadReading(f"{self.name}: reported the end of a count, but made no exposure")
        self._judge(exposure)

    def _judge(self, exposure: Exposure) -> None:
        for signal in self._acquired:
            check(self.name, signal, signal.sample)
        counted = self.elapsed.sample.value
        if counted < exposure.preset_s * (1 - SHORT_REL):
            raise Stopped(f"{self.name}: counted {counted:g} s of {exposure.preset_s:g} s: somebody stopped it")
        for name, chamber in self.chambers.items():
            if chamber.overload.sample.value:
                gain = chamber.gain.sample.value
                raise Overloaded(f"{self.name}: {name} is overloaded at a gain of {gain:.3g} V/A; lower {name}.gain")
        exposure.status.finish()

    def _last_words(self) -> str:
        return str(self.counting.last_words)

    def _connection_changed(self, connected: bool = True, **_: Any) -> None:
        exposure = self._exposure
        if not connected and exposure is not None:
            exposure.status.fail(NotConnected(f"{self.name}: lost its server while counting; {self._last_words()}"))

    # -- documents ---------------------------------------------------------------------------------------------

    def read_configuration(self) -> Any:
        """Return the preset, and the gains without which counts mean nothing."""
        gains = [chamber.gain for chamber in self.chambers.values()]
        return super().read_configuration() | readings(self.name, gains)

    def describe_configuration(self) -> Any:
        """Return the data keys of the configuration."""
        found: Any = super().describe_configuration()
        for chamber in self.chambers.values():
            found.update(chamber.gain.describe())
        return found

    def report_state(self) -> Stated:
        """Return the state from alarm, overload and counting."""
        overloaded = [name for name, chamber in self.chambers.items() if chamber.overload.sample.value]
        return first_that_holds(
            (
                alarm(max(signal.sample.severity for signal in self._acquired), "a channel"),
                Fact(bool(overloaded), State.ALARM, f"{', '.join(overloaded)} overloaded"),
                Fact(
                    bool(self.counting.sample.value),
                    State.RUNNING,
                    f"counts {self.preset_time.sample.value:g} s",
                ),
            ),
            Stated(State.ON, f"ready to count {self.preset_time.sample.value:g} s"),
        )
