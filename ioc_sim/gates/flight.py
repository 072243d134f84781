"""One flight: the axes are carried along the trajectory, and what is latched at its gates becomes rows.

=============  ==============================  =========================================================================
state          event                           what happens
=============  ==============================  =========================================================================
to the start   all axes are there              on the way
on the way     a tick of wall time             the axes are put where they are by then; rows of gates that have ended
on the way     the last point is reached       ended well
on the way     an axis is too far off          ended: `Lost`, which names it
on the way     rows find no room, or no disk   ended: `Lost`
any            told to stop                    ended: `Halted`; rows of all gates that have ended
=============  ==============================  =========================================================================

Each gate that has ended triggers the detectors on the outputs in use, too (`ioc_sim.gates.triggers`). Everything that a
row, a frame or a spectrum depends on is a function of the flight's own time, never of when a tick falls.
"""

from __future__ import annotations

import asyncio
import math
import time as wall
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from beam.axis import LineAxis
from beam.errors import ConfigError
from beam.flight import FlyingLight, GateNoise, Latched
from beam.gate_kinds import GateUnit
from beam.line import Line
from beam.motion import Trapezoid
from beam.soft_line import SoftLine
from ioc_sim.gates.energies import shown_and_demanded
from ioc_sim.gates.program import Program
from ioc_sim.gates.triggers import Gates, Triggers
from ioc_sim.station import Station

Floats: TypeAlias = npt.NDArray[np.float64]
Result = TypeVar("Result")

TICK_S = 0.03
"""Wall time between two looks on the way."""
MOST_ROWS = 20_000
"""Rows that are made at once."""
MOST_TRIGGERED = 128
"""Likewise where detectors are triggered: a spectrum takes as much memory as thousands of rows."""
CURRENT_S = 0.01
"""Between two times at which the ring's current is asked for."""


class Halted(Exception):
    """Somebody stopped the flight."""


class Lost(Exception):
    """The flight could not be ended."""


class Carriage(Protocol):
    """What moves one axis while nobody flies: a motor record's drive, an undulator's gap."""

    @property
    def moving(self) -> bool:
        """Whether it is not at rest."""
        ...

    def carry(self, stopped: Callable[[], None], /) -> None:
        """Let go of the axis."""
        ...

    def carried_to(self, position: float, /) -> None:
        """Take note of where the axis is put."""
        ...

    async def put_down(self) -> None:
        """Take the axis over again."""
        ...


@dataclass
class Settings:
    """What was put besides the program."""

    number: float
    """Of the pass, which each row carries."""
    spacing_a: float
    offset_deg: float
    mirror_offset_deg: float = 0.0


@dataclass
class Log:
    """What became of a flight."""

    gates: int = 0
    overloaded: int = 0
    errors: dict[str, float] = field(default_factory=dict)
    """The largest distance of each axis from what was demanded, at a gate."""


class Flight:
    """Carries out one program.

    Parameters
    ----------
    facts, station
        The unit's, and the server's.
    axes, carriages
        All that are wired to the unit, by key.
    program, settings
        What to do.
    first
        Number of the first gate in the unit's life.
    thread
        Where rows are made.
    triggers
        The outputs that trigger a detector at each gate.
    """

    def __init__(
        self,
        facts: GateUnit,
        station: Station,
        axes: Mapping[str, LineAxis],
        carriages: Mapping[str, Carriage],
        program: Program,
        settings: Settings,
        first: int,
        thread: ThreadPoolExecutor,
        triggers: Triggers | None = None,
    ) -> None:
        self._triggers = triggers or Triggers()
        self._facts, self._station, self._axes, self._carriages = facts, station, axes, carriages
        self._program, self._settings, self._first, self._thread = program, settings, first, thread
        self.log = Log(errors=dict.fromkeys(program.positions, 0.0))
        self._line = line = flown_line(facts, station)
        self._chambers: Sequence[Latched] = line.latched_on(facts.scaler)
        self._noise = [GateNoise(line.seed, chamber.name) for chamber in self._chambers]
        self._stalled: dict[str, tuple[float, float]] = {}  # since when, and where
        self._light: FlyingLight | None = None
        self._began_s = self._began_posix = 0.0

    async def run(
        self, stop: asyncio.Event, take: Callable[[Floats, float], Awaitable[None]], ticked: Callable[[], bool]
    ) -> None:
        """Fly.

        Parameters
        ----------
        stop
            Set when it is to end where it is.
        take
            Takes rows, shape (columns, n), made up to a time of the flight.
        ticked
            Called after each look; returns whether rows can be stored still.

        Raises
        ------
        Halted, Lost
            It did not come to its end.
        """
        time, program = self._station.time, self._program
        await self._triggers.begin()
        await self._to_the_start(stop)
        self._began_s, self._began_posix = time.clock.now(), wall.time()
        self._light = self._lit(self._line.apart())
        now, left = 0.0, time.now()
        while now < program.duration_s:
            self._look_for_stalls(now)
            # what was done since the last look has taken time, too
            target = min(max(now, time.now() - left) + TICK_S * time.scale, program.duration_s)
            await time.wait(max(target - (time.now() - left), 0.0), stop)
            before = now
            now = min(max(now, time.now() - left), target) if stop.is_set() else target
            passed = now - before
            self._carry(now)
            await time.advance(passed)
            ended = int(np.searchsorted(program.end, now + 1e-9, side="right"))
            current = self._current(before, now)
            lit = all(self._station.line.open.values())
            while self.log.gates < ended:
                gate, most = self.log.gates, MOST_TRIGGERED if self._triggers else MOST_ROWS
                count = min(ended - gate, most)
                block = await self._in_thread(self._rows, gate, count, current, lit)
                self.log.gates += count
                await take(block, min(now, float(program.end[self.log.gates - 1])))
                left += await self._trigger(gate, count, current if lit else None, stop)
            going_on = ticked()
            if stop.is_set():
                raise Halted
            if not going_on:
                return
            self._refuse_to_lag(now)

    async def _trigger(
        self, gate: int, count: int, current: tuple[Floats, Floats] | None, stop: asyncio.Event
    ) -> float:
        """Trigger the detectors at gates that have ended; return for how long they held the flight up."""
        if not self._triggers:
            return 0.0
        began, program = self._station.time.now(), self._program
        begin, end = program.begin[gate : gate + count], program.end[gate : gate + count]
        light = await self._in_thread(self._triggers.look, gate, count)
        posix = self._began_posix + end / self._station.time.scale
        ring: Floats = np.zeros(count) if current is None else np.interp(0.5 * (begin + end), *current)
        await self._triggers.fire(Gates(self._first + gate, begin, end, posix, ring), light, stop)
        return self._station.time.now() - began

    # ---- the axes

    async def _to_the_start(self, stop: asyncio.Event) -> None:
        time, program = self._station.time, self._program
        ways = {
            key: (
                axis.position,
                Trapezoid(float(one[0]) - axis.position, axis.facts.velocity, axis.facts.acceleration_s),
            )
            for key, one in program.positions.items()
            for axis in (self._axes[key],)
        }
        longest = max(way.duration for _, way in ways.values())
        now = 0.0
        while now < longest:
            passed = await time.wait(min(TICK_S * time.scale, longest - now), stop)
            now += passed
            for key, (start, way) in ways.items():
                self._carriages[key].carried_to(start + way.position(now))
            await time.advance(passed)
            if stop.is_set():
                raise Halted
        for key, one in program.positions.items():
            self._carriages[key].carried_to(float(one[0]))
            if abs(self._axes[key].position - float(one[0])) > self._axes[key].facts.tolerance:
                raise Lost(f"{self._axes[key].name} did not come to its start")

    def _carry(self, now: float) -> None:
        for key in self._program.positions:
            self._carriages[key].carried_to(float(self._actual(key, now)))

    def _actual(self, key: str, at: Floats | float) -> Floats:
        """Return where an axis is: behind what is demanded, or where it stalled."""
        found = self._program.demanded(key, np.asarray(at) - self._facts.lag_s)
        if key in self._stalled:
            since, there = self._stalled[key]
            found = np.where(np.asarray(at) > since, there, found)
        return found

    def _look_for_stalls(self, now: float) -> None:
        for key in self._program.positions:
            fault = getattr(self._carriages[key], "fault", None)
            if fault is not None and fault.holds and key not in self._stalled:
                fault.end(0.0, 0.0)
                self._stalled[key] = now, self._axes[key].position
                if self._light is not None:
                    self._light = self._lit(self._light.line)

    def _refuse_to_lag(self, now: float) -> None:
        if now >= self._program.duration_s:
            return
        for key in self._program.positions:
            axis = self._axes[key]
            off = float(self._program.demanded(key, now)) - float(self._actual(key, now))
            most = self._facts.following_limit_s * axis.facts.velocity
            if abs(off) > most:
                raise Lost(
                    f"{axis.name}: {abs(off):.4g} {axis.facts.unit} off what is demanded; {most:.4g} "
                    f"{axis.facts.unit} is allowed"
                )

    # ---- the rows

    def _lit(self, apart: Any) -> FlyingLight:
        program = self._program
        middle = 0.5 * (program.begin + program.end)
        way = {key: self._actual(key, middle) for key in program.positions}
        self._triggers.follow(apart, way)
        return FlyingLight(apart, self._facts.scaler, way)

    def _current(self, before: float, now: float) -> tuple[Floats, Floats]:
        """Return times on the flight and the ring's current then: on a grid, so that ticks make no difference."""
        ring, first, last = self._station.line.ring, math.floor(before / CURRENT_S), math.ceil(now / CURRENT_S)
        at: Floats = CURRENT_S * np.arange(max(first - 1, 0), last + 1, dtype=np.float64)
        return at, np.array([ring.current_ma(self._began_s + one) for one in at.tolist()])

    def _rows(self, gate: int, count: int, current: tuple[Floats, Floats], lit: bool) -> Floats:
        """Return rows of gates that have ended; in a worker thread."""
        assert self._light is not None
        program, line = self._program, self._station.line
        begin, end = program.begin[gate : gate + count], program.end[gate : gate + count]
        middle, lasts = 0.5 * (begin + end), np.round(end - begin, 12)
        columns: list[Floats] = [
            np.arange(self._first + gate, self._first + gate + count, dtype=np.float64),
            np.full(count, self._settings.number),
            middle,
            self._began_posix + end / self._station.time.scale,
            lasts,
        ]
        places: dict[str, tuple[Floats, Floats]] = {}
        for key, axis in self._axes.items():
            if key in program.positions:
                shown = 0.5 * (_shown(axis, self._actual(key, begin)) + _shown(axis, self._actual(key, end)))
                error = program.demanded(key, middle) - shown
                worst = float(np.max(np.abs(error)))
                self.log.errors[key] = max(self.log.errors[key], worst)
            else:
                shown, error = np.full(count, axis.encoder), np.zeros(count)
            places[key] = shown, error
        put = self._settings
        columns += shown_and_demanded(
            self._facts,
            places,
            spacing_a=put.spacing_a,
            offset_deg=put.offset_deg,
            mirror_offset_deg=put.mirror_offset_deg,
        )
        for shown, error in places.values():
            columns += [shown, error]
        light = self._light.at(gate, count) * (np.interp(middle, *current) if lit else np.zeros(count))[:, None, None]
        over = np.zeros(count, dtype=np.bool_)
        for number, (chamber, noise) in enumerate(zip(self._chambers, self._noise, strict=True)):
            normal, uniform = noise.of(self._first + gate, count)
            counts, overloaded = chamber.read_many(
                light[:, number],
                gain_v_per_a=line.gain_v_per_a.get(chamber.name, 0.0),  # what counts pulses has none
                gate_s=lasts,
                normal=normal,
                uniform=uniform,
            )
            columns.append(counts)
            over |= overloaded
        self.log.overloaded += int(np.count_nonzero(over))
        return np.stack(columns)

    async def _in_thread(self, function: Callable[..., Result], *arguments: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)


def flown_line(facts: GateUnit, station: Station) -> Line | SoftLine:
    """Return the line whose light can be followed along a flight.

    Raises
    ------
    ConfigError
        If the station's is another.
    """
    if not isinstance(station.line, Line | SoftLine):
        raise ConfigError(f"{facts.name}: gates are simulated on lines with a monochromator only")
    return station.line


def columns_of(facts: GateUnit, line: Line | SoftLine) -> dict[str, str]:
    """Return the columns of the rows with their units, in their order."""
    found = {"gate": "", "pass": "", "time": "s", "timestamp": "s", "count_time": "s"}
    if facts.energy_axis is not None:
        found |= {"energy": "eV", "energy_demand": "eV"}
    for key in facts.axes:
        name, unit = key.replace(".", "_"), line.axes[key].facts.unit
        found |= {name: unit, f"{name}_error": unit}
    return found | {chamber.name: "counts" for chamber in line.latched_on(facts.scaler)}


def _shown(axis: LineAxis, positions: Floats) -> Floats:
    """Return what the encoder shows."""
    step = axis.facts.resolution
    shown: Floats = np.round(np.round(positions / step) * step, 12)
    return shown
