"""Signals as every transport gives them: what a device needs of them, and the table in which it declares them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ophyd import Component, Kind, Signal

from beam.run_rules import Policy
from devices.permission import refuse_without_permission
from devices.walking import refuse_while_walking

AXIS_UNIT = "<axis>"  # stands for the unit of the axis that the signal belongs to
AXIS_SPEED = f"{AXIS_UNIT}/s"
INVALID = 3  # EPICS alarm severity, which Tango's quality maps onto


class Sample(NamedTuple):
    """One value as the server sent it: value, time and severity always belong together."""

    value: Any
    time: float
    """The server's time stamp, POSIX seconds: comparable only with stamps of the same server."""
    severity: int
    """0 none, 1 minor, 2 major, 3 invalid."""
    seen: float
    """When it arrived here, on this machine's monotonic clock."""

    def words(self, unit: str = "") -> str:
        """Say the value and since when it has not changed, for an error message."""
        value = f"{self.value:.9g}" if isinstance(self.value, float) else f"{self.value!r}"
        if isinstance(self.value, Sized) and not isinstance(self.value, str):
            value = f"an array of {len(self.value)}"
        return f"last value {value}{unit and ' '}{unit}, seen {time.monotonic() - self.seen:.1f} s ago"


@dataclass(frozen=True)
class Quantity:
    """What a signal carries, whatever the control system: a row of a device's table."""

    dtype: Literal["float", "int", "enum", "string"]
    unit: str = ""
    writable: bool = False
    enum: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()


class DeviceSignal(Signal):
    """What a device asks of a signal beyond what ophyd's signals do; each transport derives its own.

    `get`, `read` and `subscribe` give enumerations as text, `sample` as index.
    """

    address: str
    quantity: Quantity
    optional: bool = False
    policy: Policy = "fail"
    """What becomes of readings that are invalid or not there (`devices.quality`); the configuration may change it."""
    guard: Callable[[Any], None] | None = None
    """Of a signal that moves something: raises what forbids to write a value to it directly."""

    def check_writing(self, value: Any) -> None:
        """Refuse to be written past the device; each transport's `put` and `set` ask first."""
        refuse_while_walking(self.name)
        refuse_without_permission(self.name, value)
        if self.guard is not None:
            self.guard(value)

    @property
    def sample(self) -> Sample:
        """The latest value that the server sent by itself, or NotConnected."""
        raise NotImplementedError

    def watch(self, told: Callable[[Sample], None]) -> Callable[[], None]:
        """Call `told` with each new value, in the transport's own thread: it must return at once.

        Much lighter than `subscribe`, for which ophyd has a thread of its own. Returns what ends it.
        """
        raise NotImplementedError

    @property
    def last_words(self) -> str:
        """The last value seen and since when, connected or not."""
        raise NotImplementedError

    @property
    def digits(self) -> int | None:
        """Digits after the point, where the server says so."""
        return None

    @property
    def levels(self) -> dict[str, dict[str, float | None]]:
        """Alarm and warning levels as event-model's `limits` has them, where the server says any."""
        return {}

    @property
    def tango(self) -> tuple[str, str] | None:
        """Device and attribute or command, where it is one of Tango."""
        return None

    @property
    def trouble(self) -> str:
        """Why there is no connection, where the control system says so; otherwise empty."""
        return ""

    @property
    def refusal(self) -> str:
        """What the server said to the last write if it refused it, where the control system says so."""
        return ""

    @property
    def ended_at(self) -> float | None:
        """When the question was sent (monotonic clock) whose answer was that what `start` began has ended.

        What was asked along was answered with it. None where nobody asked: the control system said so by itself.
        """
        return None

    @property
    def polled_s(self) -> float:
        """Seconds from one question to the next, where the server does not tell changes by itself; otherwise 0."""
        return 0.0

    def ask(self, moment: float) -> None:
        """Send the question that `fetch_since` of this `moment` will wait for, so that several are asked at once."""

    def fetch_since(self, moment: float) -> Sample:
        """Return what the server answers to a question sent at `moment` (monotonic clock) or later; or ask now."""
        del moment
        return self.fetch()

    @property
    def circuit(self) -> str:
        """The connection by which it comes: what comes by one keeps its order. Empty where that is not known."""
        return ""

    def fetch(self) -> Sample:
        """Ask the server now: what it answers is newer than everything that had ended before."""
        raise NotImplementedError

    def start(self, value: Any, done: Callable[[], None] | None = None, along: Sequence[DeviceSignal] = ()) -> None:
        """Write `value`; call `done` when all that this started has ended, however it ended. Never blocks.

        A control system that has to be asked for the end is asked for `along` with it: signals of the same device, in
        their order, and for the end last.
        """
        raise NotImplementedError


def fetch_all(signals: Sequence[DeviceSignal], since: float | None = None) -> list[Sample]:
    """Ask for all of `signals` at once, but for those asked `since` then (monotonic); return what servers answer."""
    moment = time.monotonic() if since is None else since
    for signal in signals:
        signal.ask(moment)
    return [signal.fetch_since(moment) for signal in signals]


class Attr(Component[DeviceSignal]):
    """A signal of a device, declared without saying by which transport it comes.

    Parameters
    ----------
    quantity
        What it carries.
    kind
        As in ophyd.
    name
        Its name in documents; ``{}`` stands for the device's name. By default ``<device>_<attribute>``.
    optional
        A device without it is complete: real hardware does not always have it.
    """

    def __init__(
        self,
        quantity: Quantity,
        *,
        kind: Kind | str = Kind.omitted,
        name: str | None = None,
        doc: str | None = None,
        optional: bool = False,
    ) -> None:
        super().__init__(DeviceSignal, kind=kind, doc=doc)
        self.quantity = quantity
        self.optional = optional
        self._name = name

    def create_component(self, instance: Any) -> DeviceSignal:
        """Let the device's transport make the signal."""
        name = f"{instance.name}_{self.attr}" if self._name is None else self._name.format(instance.name)
        return instance.make_signal(
            str(self.attr),
            self.quantity,
            name=name,
            kind=instance.kind_of(str(self.attr)),
            optional=self.optional,
        )


def enum_text(quantity: Quantity, value: Any) -> Any:
    """Return the text of an enumeration's index; an index that does not exist says so."""
    if quantity.dtype != "enum":
        return value
    index = int(value)
    return quantity.enum[index] if 0 <= index < len(quantity.enum) else f"index {index} of {len(quantity.enum)}"


def to_wire(quantity: Quantity, value: Any, name: str) -> Any:
    """Return `value` as the server wants it: the index of an enumeration's text."""
    if quantity.dtype != "enum" or not isinstance(value, str):
        return value
    try:
        return quantity.enum.index(value)
    except ValueError:
        raise ValueError(f"{name} {value!r}: allowed are {', '.join(quantity.enum)}") from None


def data_key(
    quantity: Quantity, *, source: str, unit: str, precision: int | None, limits: tuple[float, float] | None
) -> dict[str, Any]:
    """Return the event-model description of a signal."""
    dtype, dtype_numpy = {
        "float": ("number", "<f8"),
        "int": ("integer", "<i8"),
        "enum": ("string", None),
        "string": ("string", None),
    }[quantity.dtype]
    key: dict[str, Any] = {
        "source": source,
        "dtype": "array" if quantity.shape else dtype,
        "shape": list(quantity.shape),
    }
    if dtype_numpy:
        key["dtype_numpy"] = dtype_numpy
    if unit:
        key["units"] = unit
    if precision is not None and dtype == "number":
        key["precision"] = precision
    if limits is not None and limits[0] < limits[1]:
        key["lower_ctrl_limit"], key["upper_ctrl_limit"] = limits
    if quantity.enum:
        key["enum_strs"] = list(quantity.enum)
    return key
