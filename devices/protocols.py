"""The face of each kind of device: what plans and people may rely on, whichever control system is behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from bluesky.protocols import Status

from devices.state import State


@runtime_checkable
class Stateful(Protocol):
    """What every device has."""

    name: str
    label: str

    @property
    def state(self) -> State:
        """One of Tango's fourteen states."""
        ...

    @property
    def status_text(self) -> str:
        """One sentence that says why."""
        ...

    @property
    def connected(self) -> bool:
        """Whether all its signals are connected."""
        ...

    def read(self) -> dict[str, Any]:
        """Return the readings."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return the data keys: units, precision, limits."""
        ...


@runtime_checkable
class Positioner(Stateful, Protocol):
    """A motor, a gap, the energy."""

    @property
    def position(self) -> float:
        """Where it is."""
        ...

    @property
    def egu(self) -> str:
        """The unit."""
        ...

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and highest position allowed."""
        ...

    @property
    def moving(self) -> bool:
        """Whether it moves."""
        ...

    def check_value(self, value: float) -> None:
        """Raise OutOfReach, NotPermitted or NotConnected; nothing moves."""
        ...

    def set(self, value: float) -> Status:
        """Move."""
        ...

    def stop(self, *, success: bool = False) -> None:
        """Stop."""
        ...


@runtime_checkable
class TwoState(Stateful, Protocol):
    """A shutter, a valve."""

    @property
    def is_open(self) -> bool:
        """Whether it is fully open."""
        ...

    def check_value(self, value: str) -> None:
        """Raise OutOfReach, NotPermitted or NotConnected; nothing moves."""
        ...

    def set(self, value: str) -> Status:
        """Go to ``"open"`` or ``"close"``."""
        ...


@runtime_checkable
class Detector(Stateful, Protocol):
    """A counter: whatever is triggered and then read."""

    preset_time: Any

    def trigger(self) -> Status:
        """Take one reading."""
        ...


ValueOf = Callable[[Any], Any]
"""Tells the value that a signal has, or will have by then: at a message of a plan that is only looked through."""


@runtime_checkable
class WritesFiles(Protocol):
    """A detector that writes its frames to files, as far as a plan can be held against a disk beforehand."""

    name: str

    def trigger_bytes(self, value_of: ValueOf) -> float:
        """Return how many bytes one trigger writes: frames × pixels × bytes per pixel."""
        ...

    def trigger_s(self, value_of: ValueOf) -> float:
        """Return how long one trigger takes, in device seconds."""
        ...

    def directory(self, value_of: ValueOf) -> Path:
        """Return where it writes, as its server sees it."""
        ...


@runtime_checkable
class Source(Stateful, Protocol):
    """The storage ring as users see it."""

    current: Any
    mode: Any
