"""One axis carried along its velocity profile in device time.

=========  ======================  =====================================================================
state      event                   what happens
=========  ======================  =====================================================================
at rest    `to(target)`            moving; returns on arrival
moving     arrival                 at rest exactly at the target; the clock advanced by the nominal time
moving     `to(other)`             goes on from where it is to `other`; both calls return on arrival there
moving     `stop()`                at rest where it is; the clock advanced by the time that passed
at rest    `stop()`                nothing
at rest    `carry()`               moving: another controller moves the axis
carried    `to(…)`, `stop()`       that controller is told to stop; `to` goes on when it has let go
carried    `put_down()`            at rest where it is
=========  ======================  =====================================================================
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Protocol

from beam.motion import Trapezoid
from ioc_sim.timing import MotionTime

PROGRESS_S = 0.1
"""Wall time between two positions on the way; an axis that arrives sooner reports only its arrival."""


class Axis(Protocol):
    """The mechanics: `beam.line.LineAxis`."""

    @property
    def position(self) -> float:
        """Where the mechanics is."""
        ...

    def move_to(self, position: float) -> None:
        """Put the mechanics there."""
        ...


class Path(Protocol):
    """The way of one move over time: `beam.motion.Trapezoid`."""

    @property
    def duration(self) -> float:
        """How long it takes (s)."""
        ...

    def position(self, t: float, /) -> float:
        """Return the signed way covered after a time (s)."""
        ...


class Motion:
    """The motion of one axis.

    Parameters
    ----------
    axis : Axis
        What moves.
    time : MotionTime
        The server's time service.
    acceleration_s : float
        Time to full velocity.
    on_change : Callable[[], None]
        Called at the start, on the way and at the end.
    path : Callable[[float, float], Path], optional
        Makes the way from distance and velocity; a `Trapezoid` otherwise.
    """

    def __init__(
        self,
        axis: Axis,
        time: MotionTime,
        acceleration_s: float,
        on_change: Callable[[], None],
        path: Callable[[float, float], Path] | None = None,
    ) -> None:
        self._axis = axis
        self._time = time
        self._path = path or (lambda distance, velocity: Trapezoid(distance, velocity, acceleration_s))
        self._on_change = on_change
        self._interrupt = asyncio.Event()
        self._goal: tuple[float, float] | None = None
        self._runner: asyncio.Task[None] | None = None
        self._carrier: Callable[[], None] | None = None
        self._down = asyncio.Event()

    @property
    def moving(self) -> bool:
        """Whether the axis is on its way."""
        return self._runner is not None or self._carrier is not None

    def carry(self, stopped: Callable[[], None]) -> None:
        """Let another controller move the axis, which is at rest; `stopped` is called where it is to stop."""
        self._carrier = stopped
        self._down.clear()
        self._on_change()

    def carried_to(self, position: float) -> None:
        """Take note of where the other controller puts the axis."""
        self._axis.move_to(position)
        self._on_change()

    async def put_down(self) -> None:
        """Be at rest where the other controller left the axis."""
        self._carrier = None
        self._down.set()
        self._on_change()

    async def to(self, target: float, velocity: float) -> None:
        """Move to `target` at `velocity` (unit and unit/s of the axis); return at rest."""
        if self._carrier is not None:
            self._carrier()
            await self._down.wait()
        self._goal = (target, velocity)
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        else:
            self._interrupt.set()
        await asyncio.shield(self._runner)

    def stop(self) -> None:
        """Come to rest where the axis is."""
        if self._carrier is not None:
            self._carrier()
        if self._runner is not None:
            self._goal = None
            self._interrupt.set()

    async def _run(self) -> None:
        try:
            while self._goal is not None:
                target, velocity = self._goal
                self._goal = None
                self._interrupt.clear()
                self._on_change()
                await self._travel(target, velocity)
        finally:
            self._runner = None
            self._on_change()

    async def _travel(self, target: float, velocity: float) -> None:
        start = self._axis.position
        path = self._path(target - start, velocity)
        duration = path.duration
        steps = max(1, math.ceil(duration / (PROGRESS_S * self._time.scale)))
        for step in range(1, steps + 1):
            waited = await self._time.wait(duration / steps, self._interrupt)
            if self._interrupt.is_set():
                passed = duration * (step - 1) / steps + waited
                self._axis.move_to(start + path.position(passed))
                await self._time.advance(passed)
                return
            if step < steps:
                self._axis.move_to(start + path.position(duration * step / steps))
                self._on_change()
        self._axis.move_to(target)
        await self._time.advance(duration)
