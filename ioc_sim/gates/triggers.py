"""The trigger outputs of a gate unit: what a detector that is wired to one makes of each gate.

=======================  ===========================================================================================
at a gate                the detector
=======================  ===========================================================================================
armed, and ready again   makes one frame or spectrum, of the light and the places that there were at that gate
not armed                loses the gate, and counts it as missed
still exposing, reading  likewise
=======================  ===========================================================================================

What is lost follows from the flight's own time. Where this machine is slower than the experiment, the flight waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from beam.flight import SeenOnTheWay
from beam.line import Line

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Gates:
    """Gates that have ended, one item each.

    Attributes
    ----------
    first
        Number of the first one in the unit's life; the others follow.
    begin_s, end_s
        Since the flight began, shape (n,).
    posix_s
        When they ended, POSIX time, shape (n,).
    current_ma
        Of the ring, 0 while a shutter was closed, shape (n,).
    """

    first: int
    begin_s: Floats
    end_s: Floats
    posix_s: Floats
    current_ma: Floats

    def __len__(self) -> int:
        return len(self.begin_s)


class Triggered(Protocol):
    """A detector that is wired to an output."""

    async def prepare(self) -> None:
        """Get ready to tell the light; may take a while when it is done first."""
        ...

    def light(self, line: Line, /) -> Floats:
        """Return what the light of 1 mA is to it where the line's axes are, always as many numbers; in a thread."""
        ...

    def begin(self) -> None:
        """Take note that a flight begins: its time starts at 0."""
        ...

    async def take(self, gates: Gates, light: Floats, stop: asyncio.Event, /) -> None:
        """Expose at these gates, with their light, shape (n, numbers); wait while too many are under way here.

        Once `stop` is set it does not wait any more.
        """
        ...


class Triggers:
    """The outputs that are used in one flight.

    Parameters
    ----------
    detectors
        What they trigger.
    """

    def __init__(self, detectors: Sequence[Triggered] = ()) -> None:
        self._detectors = detectors
        self._seen: list[SeenOnTheWay] = []

    def __bool__(self) -> bool:
        return bool(self._detectors)

    async def begin(self) -> None:
        """Begin a flight."""
        for one in self._detectors:
            await one.prepare()
            one.begin()

    def follow(self, line: Line, way: Mapping[str, Floats]) -> None:
        """See the light along this way, on a line that nothing else uses."""
        self._seen = [SeenOnTheWay(line, one.light, way) for one in self._detectors]

    def look(self, gate: int, count: int) -> list[Floats]:
        """Return the light at gates of the flight for each detector; in a worker thread."""
        return [one.numbers(gate, count) for one in self._seen]

    async def fire(self, gates: Gates, light: Sequence[Floats], stop: asyncio.Event) -> None:
        """Trigger all detectors at these gates."""
        await asyncio.gather(*(one.take(gates, each, stop) for one, each in zip(self._detectors, light, strict=True)))
