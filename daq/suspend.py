"""The conditions under which points count, as the configuration declares them, watched on live devices.

A condition is looked at when a point is about to be saved. A monitor may be late, and a point that was spoiled must
not be kept: the server is asked, unless a detector has just proven that the circuit's monitors are in (`fence`: a
later event of the same circuit has arrived). What was out of order in between is remembered from its
monitor, also from the motion before: rather a point too many is repeated than one too few.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Protocol

from bluesky.utils import Msg, MsgGenerator

from beam.errors import ConfigError, UnknownName
from beam.run_rules import HoldShutter, HoldSignal, Suspension
from devices.errors import BadReading
from devices.quality import unfit
from devices.signals import DeviceSignal, Sample, enum_text


class Condition(Protocol):
    """One rule on live devices."""

    @property
    def rule(self) -> Suspension:
        """What the configuration says."""
        ...

    @property
    def signals(self) -> tuple[DeviceSignal, ...]:
        """What has to be known before `broken` can tell."""
        ...

    def broken(self) -> str | None:
        """Say what is wrong now, or was since the last time this was asked; None if nothing was."""
        ...

    def restore(self) -> MsgGenerator[None]:
        """Do what the run itself can do to put it right."""
        ...


class SignalCondition:
    """A signal that has to have a value, or lie in a range."""

    def __init__(self, rule: HoldSignal, signal: Any) -> None:
        self.rule, self.signal = rule, signal
        self._suspended = False
        self._worst: float | str | None = None
        self._looked = 0.0  # the server's time of what was looked at last
        self._lock = threading.Lock()
        signal.watch(self._seen)
        if rule.equals is None:
            return
        if signal.quantity.enum and rule.equals not in signal.quantity.enum:
            raise UnknownName(f"value of {rule.signal}", rule.equals, signal.quantity.enum)

    def check_unit(self) -> None:
        """Refuse numbers in another unit than the signal's; only a connected signal knows its own."""
        if self.rule.equals is None and self.signal.connected and self.signal.unit != self.rule.unit:
            raise ConfigError(
                f"suspend on {self.rule.signal}: unit = {self.rule.unit!r}, but the signal is in {self.signal.unit!r}"
            )

    def _seen(self, sample: Sample) -> None:
        value = enum_text(self.signal.quantity, sample.value)
        if self.rule.equals is None:
            fine = not isinstance(value, int | float) or self._inside(value, resume=False)
        else:
            fine = str(value) == self.rule.equals
        if not fine:
            with self._lock:
                if sample.time > self._looked:
                    self._worst = value

    def _inside(self, value: float, *, resume: bool) -> bool:
        rule = self.rule
        low = rule.resume_above if resume and rule.resume_above is not None else rule.above
        high = rule.resume_below if resume and rule.resume_below is not None else rule.below
        return (low is None or value > low) and (high is None or value < high)

    @property
    def signals(self) -> tuple[DeviceSignal, ...]:
        """The signal."""
        return (self.signal,)

    def broken(self) -> str | None:
        """Say what is wrong."""
        sample = self.signal.sample
        with self._lock:
            worst, self._worst = self._worst, None
            self._looked = max(self._looked, sample.time)
        rule = self.rule
        wrong = unfit(sample)
        if rule.equals is not None and self.signal.quantity.enum and not wrong:
            known = 0 <= int(sample.value) < len(self.signal.quantity.enum)
            wrong = None if known else f"at {self.signal.get()}, which is no state that it has"
        if wrong:  # nobody knows whether points count: that is a fault, and nothing to be waited for
            raise BadReading(
                f"{rule.signal} ({self.signal.address}) is {wrong}, so that nobody can say whether points count; "
                f"{self.signal.last_words}"
            )
        if rule.equals is not None:
            text = str(self.signal.get())
            if text != rule.equals:
                return f"{rule.because}: {rule.signal} is {text}"
            return None if worst is None else f"{rule.because}: {rule.signal} was {worst} meanwhile"
        if not self._inside(sample.value, resume=self._suspended):
            self._suspended = True
            return f"{rule.because}: {rule.signal} is {sample.value:.6g} {rule.unit}".rstrip()
        if isinstance(worst, int | float) and not self._suspended:
            return f"{rule.because}: {rule.signal} was {worst:.6g} {rule.unit} meanwhile".replace("  ", " ")
        self._suspended = False
        return None

    def restore(self) -> MsgGenerator[None]:
        """Do nothing: it comes back or it does not."""
        yield from ()


class ShutterCondition:
    """A shutter that was opened has to stay open."""

    def __init__(self, rule: HoldShutter, shutter: Any) -> None:
        self.rule, self.shutter = rule, shutter

    @property
    def signals(self) -> tuple[DeviceSignal, ...]:
        """Its indicator, if somebody opened it here."""
        return (self.shutter.indicator,) if self.shutter.wanted == "open" else ()

    def broken(self) -> str | None:
        """Say what is wrong; a shutter that nobody opened here is no concern."""
        if self.shutter.wanted != "open":
            return None
        shutter = self.shutter
        if shutter.is_open and not shutter.closed_meanwhile():
            return None
        now = shutter.reported.lower() if not shutter.is_open else "open again, but was closed meanwhile"
        permitted = "" if shutter.permit.sample.value else ", opening is not permitted"
        return f"{self.rule.because}: {shutter.name} is {now}{permitted}"

    def restore(self) -> MsgGenerator[None]:
        """Open it again, where the configuration says so and as soon as that is permitted."""
        shutter = self.shutter
        if self.rule.reopen and shutter.wanted == "open" and shutter.permit.sample.value and not shutter.is_open:
            group = f"reopen-{shutter.name}"
            yield Msg("set", shutter, "open", group=group)
            yield Msg("wait", None, group=group)


def conditions(rules: Iterator[Any] | list[Any], tree: Any) -> list[Condition]:
    """Return the rules of a beamline's configuration on its devices.

    Raises
    ------
    UnknownName
        A rule names what the beamline has not; names the nearest.
    """
    found: list[Condition] = []
    for rule in rules:
        if isinstance(rule, HoldShutter):
            shutter = tree.devices.get(rule.shutter)
            if shutter is None or not hasattr(shutter, "closed_meanwhile"):
                known = [key for key, one in tree.devices.items() if hasattr(one, "closed_meanwhile")]
                raise UnknownName("shutter in a suspension", rule.shutter, known)
            found.append(ShutterCondition(rule, shutter))
        else:
            signal = tree.find(rule.signal)
            if signal is None or not hasattr(signal, "fetch"):
                known = [
                    f"{key}.{one.dotted_name}"
                    for key, device in tree.devices.items()
                    for one in getattr(device, "signals", list)()
                ]
                raise UnknownName("signal in a suspension", rule.signal, known)
            found.append(SignalCondition(rule, signal))
    return found
