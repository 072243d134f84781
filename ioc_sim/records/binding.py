"""What a record needs of mechanics and time: `beam.line.LineAxis` and `ioc_sim.timing.Timeline` have it."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Protocol


class AxisFacts(Protocol):
    """The numbers of an axis, in its unit: `beam.facts.AxisFacts`."""

    @property
    def label(self) -> str:
        """What people call the axis."""
        ...

    unit: ClassVar[str]
    """The unit of all its positions."""

    @property
    def low(self) -> float:
        """Lower soft limit."""
        ...

    @property
    def high(self) -> float:
        """Upper soft limit."""
        ...

    @property
    def start(self) -> float:
        """Where it stands at first."""
        ...

    @property
    def resolution(self) -> float:
        """Step of drive and encoder."""
        ...

    @property
    def tolerance(self) -> float:
        """How far beyond its limits the mechanics can still be."""
        ...

    @property
    def velocity(self) -> float:
        """Full speed (unit/s)."""
        ...

    @property
    def acceleration_s(self) -> float:
        """Time to full speed (s)."""
        ...

    @property
    def precision(self) -> int:
        """Digits to show."""
        ...


class Axis(Protocol):
    """The mechanics behind a motor; positions are the mechanics' own, in the axis's unit."""

    @property
    def facts(self) -> AxisFacts:
        """The axis's numbers."""
        ...

    @property
    def position(self) -> float:
        """Where the mechanics is; continuous."""
        ...

    @property
    def encoder(self) -> float:
        """What the encoder reads: the position in whole steps of the resolution."""
        ...

    def move_to(self, position: float) -> None:
        """Put the mechanics there at once: the record divides a motion into such steps."""
        ...

    def quantise(self, position: float, /) -> float:
        """Return the nearest position that the drive can be sent to."""
        ...


class Timing(Protocol):
    """The server's time: device seconds, of which `scale` pass in a second of wall time."""

    @property
    def scale(self) -> float:
        """How many device seconds pass in a second of wall time."""
        ...

    def now(self) -> float:
        """Return a steady time, in device seconds."""
        ...

    async def wait(self, seconds: float, interrupt: asyncio.Event | None = None) -> float:
        """Wait device `seconds`; return how many passed (fewer only if interrupted)."""
        ...

    async def advance(self, seconds: float) -> None:
        """Add device `seconds` to the experiment; returns when every server has followed."""
        ...
