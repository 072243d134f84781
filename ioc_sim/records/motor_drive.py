"""The controller and drive behind a motor record: carries the axis along velocity profiles, in device time.

===========  ==============================  ===================================================================
state        event                           what happens
===========  ==============================  ===================================================================
at rest      Move, Jog, Home                 refused with PROBLEM if torque is off or the speed is 0; else under
                                             way, a report
under way    a tick of wall time             the axis is put where the profile says, a report
under way    Stop                            braking
under way    another Move, Jog, Home         braking; it starts when the axis is at rest
under way    profile ends, switch reached    arriving
at rest      `carry`                         carried: another controller moves the axis, `carried_to` tells where
carried      Stop, Move, Jog, Home           that controller is told to stop; what was commanded waits for it
carried      `put_down`                      at rest, a report; or the command that waited starts
braking      ramp ends                       arriving
arriving     the clock has been advanced     at rest, a report; or the command that waited starts
===========  ==============================  ===================================================================

A motion that takes less wall time than an event loop can resolve is made at once, without sleeping and without
ticks. The profile of a jog or of a home search is a move that is too long, cut off where the switch is.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from typing import Protocol

from beam.motion import Trapezoid
from ioc_sim.records.binding import Axis, Timing
from ioc_sim.records.motor_bits import Msta
from ioc_sim.records.motor_commands import Home, Jog, Move, Ramp, Report
from ioc_sim.records.motor_faults import NO_FAULT, STANDING, DriveFault
from ioc_sim.records.motor_fields import nearest
from ioc_sim.records.motor_settings import MotorSettings

TICK_S = 1 / 15
"""Wall time between two positions on the way."""
RESOLVED_S = 5e-4
"""Wall time that is too short to sleep."""

Motion = Move | Jog | Home
log = logging.getLogger(__name__)


class Profile(Protocol):
    """Way and speed against time."""

    duration: float

    def position(self, t: float) -> float:
        """Return the signed way covered after `t` seconds."""
        ...

    def velocity(self, t: float) -> float:
        """Return the signed speed after `t` seconds."""
        ...


class Braking:
    """From `velocity` to rest at `rate` (unit/s²)."""

    def __init__(self, velocity: float, rate: float) -> None:
        self._velocity = velocity
        self._rate = rate
        self.duration = abs(velocity) / rate

    def position(self, t: float) -> float:
        """Return the signed way covered."""
        t = min(max(t, 0.0), self.duration)
        return math.copysign(abs(self._velocity) * t - self._rate * t * t / 2, self._velocity)

    def velocity(self, t: float) -> float:
        """Return the signed speed."""
        return math.copysign(max(abs(self._velocity) - self._rate * t, 0.0), self._velocity)


class MotorDrive:
    """One axis's drive; `changed` is called with each report."""

    def __init__(self, axis: Axis, timing: Timing, settings: MotorSettings, changed: Callable[[Report], None]) -> None:
        self._axis, self._timing, self._changed = axis, timing, changed
        facts = axis.facts
        self._step = facts.resolution
        margin = facts.tolerance / 2 if settings.switch_margin is None else settings.switch_margin
        self.low_switch, self.high_switch = facts.low - margin, facts.high + margin
        self.home = facts.low if settings.home is None else settings.home
        self.torque = True
        self.fault: DriveFault = NO_FAULT
        """What is wrong with the drive."""
        self._shift = 0
        self._forward = False
        self._homed = False
        self._problem = False
        self._moving = False
        self._arriving = False
        self._waiting: Motion | None = None
        self._command: Motion | None = None
        self._profile: Profile | None = None
        self._begin = self._end = 0.0
        self._mark = math.inf
        self._passed = self._spent = self._tick_from = self._tick = 0.0
        self._duration = 0.0
        self._turn = 0
        self._carrier: Callable[[], None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # ---- what the record sees

    def report(self) -> Report:
        """Return positions (steps) and status."""
        steps = nearest(self._axis.encoder / self._step)
        return Report(steps + self._shift, steps + self._shift, self._status())

    def _status(self) -> int:
        position, tiny = self._axis.position, self._step * 1e-6
        status = Msta.ENCODER_PRESENT | Msta.GAIN_SUPPORT
        status |= Msta.MOVING if self._moving else Msta.DONE
        status |= Msta.DIRECTION if self._forward else 0
        status |= Msta.POSITION if self.torque else 0
        status |= Msta.PLUS_LS if position >= self.high_switch - tiny else 0
        status |= Msta.MINUS_LS if position <= self.low_switch + tiny else 0
        status |= (Msta.AT_HOME | Msta.ENCODER_HOME) if abs(position - self.home) <= self._step / 2 else 0
        status |= Msta.HOMED if self._homed else 0
        return self.fault.status(status | (Msta.PROBLEM if self._problem else 0))

    def load(self, raw: float) -> None:
        """Call the present place `raw` steps."""
        self._shift = nearest(raw) - nearest(self._axis.encoder / self._step)

    # ---- commands

    async def start(self, command: Motion) -> None:
        """Begin a motion, or let it wait until the one under way has been braked; returns before a long one ends."""
        if self._moving:
            self._waiting = command
            await self._brake()
        else:
            await self._start(command)

    async def stop(self) -> None:
        """Brake, and forget what waits; does nothing at rest."""
        self._waiting = None
        await self._brake()

    async def replace_fault(self, fault: DriveFault) -> None:
        """Let another fault act from the next motion on; what the old one held back goes on, and the status is told."""
        self.fault = fault
        if self._moving and self._profile is STANDING and self._command is not None:
            await self.start(self._waiting or self._command)
        else:
            self._changed(self.report())

    async def switch_torque(self, on: bool) -> None:
        """Switch closed-loop control; without it nothing moves."""
        self.torque = on
        self._problem = False
        await self.stop()

    async def _brake(self) -> None:
        if self._carrier is not None:
            self._carrier()
            return
        if not self._moving or self._arriving or self._profile is None or isinstance(self._profile, Braking):
            return
        now = self._now()
        velocity = self._profile.velocity(now)
        self._axis.move_to(self._position(now))
        self._spent += now
        self._begin = self._axis.position
        rate = self._rate()
        profile = Braking(velocity, rate) if rate and velocity else None
        await self._travel(profile, self._begin + (profile.position(math.inf) if profile else 0.0))

    async def _start(self, command: Motion) -> None:
        self._command, self._waiting = command, None
        self._problem = not self.torque or not command.ramp.speed
        self._begin = self._axis.position
        aim = self._target(command)
        self._forward = aim > self._begin if aim != self._begin else self._forward
        if self._problem:
            self._changed(self.report())
            return
        self._moving, self._spent = True, 0.0
        target = self.fault.end(self._begin, aim)
        ramp = command.ramp
        profile = Trapezoid(target - self._begin, abs(ramp.speed) * self._step, ramp.seconds, ramp.base * self._step)
        self._changed(self.report())
        if self.fault.holds:
            self._turn += 1
            self._profile, self._passed, self._tick, self._duration = STANDING, 0.0, 0.0, math.inf
        else:
            await self._travel(profile, target, self.fault.mark)

    def _target(self, command: Motion) -> float:
        """Return where the motion would end if nothing were in the way (mechanical position)."""
        if isinstance(command, Move):
            return self._axis.quantise((nearest(command.target) - self._shift) * self._step)
        forward = command.forward if isinstance(command, Home) else command.ramp.speed > 0
        ramp: Ramp = command.ramp
        switch = self.high_switch if forward else self.low_switch
        way = abs(switch - self._begin) + 2 * abs(ramp.speed) * self._step * max(ramp.seconds, 1.0)
        return self._begin + (way if forward else -way)

    def _rate(self) -> float:
        """Return how fast the command under way brakes (unit/s²); 0 means at once."""
        ramp = self._command.ramp if self._command else Ramp(0, 0, 0)
        return max(abs(ramp.speed) - ramp.base, 0.0) * self._step / ramp.seconds if ramp.seconds > 0 else 0.0

    # ---- carried by another controller

    @property
    def moving(self) -> bool:
        """Whether it is not at rest, by whoever's command."""
        return self._moving

    def carry(self, stopped: Callable[[], None]) -> None:
        """Let another controller move the axis, which is at rest; `stopped` is called where this one is to stop."""
        self._carrier, self._moving, self._profile = stopped, True, None
        self._changed(self.report())

    def carried_to(self, position: float) -> None:
        """Take note of where the other controller has put the axis; not where a fault holds it."""
        if not self.fault.holds:
            self._forward = position >= self._axis.position
            self._axis.move_to(position)
        self._changed(self.report())

    async def put_down(self) -> None:
        """Be at rest where the other controller left the axis."""
        self._carrier, self._moving = None, False
        if self._waiting is not None:
            await self._start(self._waiting)
        else:
            self._changed(self.report())

    # ---- motion

    async def _travel(self, profile: Profile | None, target: float, mark: float = math.inf) -> None:
        self._turn += 1
        self._profile, self._passed, self._tick = profile, 0.0, 0.0
        self._end = self._cut(target)
        if profile is None:
            self._duration = 0.0
        else:
            whole = profile.duration
            self._duration = whole if self._end == target else _when(profile, self._end - self._begin)
        self._mark = self._duration * mark if math.isfinite(mark) else mark
        if self._duration < RESOLVED_S * self._timing.scale:
            self._passed = self._duration
            await self._arrive()
            return
        task = asyncio.create_task(self._run(self._turn))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _cut(self, target: float) -> float:
        """Return where a motion to `target` really ends: a switch may be in the way."""
        if isinstance(self._command, Home) and self._begin < self.home <= target:
            return self.home
        if isinstance(self._command, Home) and target <= self.home < self._begin:
            return self.home
        if isinstance(self._command, Home) and self._begin == self.home:
            return self.home
        if target > self._begin:
            return min(target, max(self.high_switch, self._begin))
        return max(target, min(self.low_switch, self._begin))

    def _now(self) -> float:
        """Return how long the profile has been followed (device seconds)."""
        since = self._timing.now() - self._tick_from if self._tick else 0.0
        return min(self._passed + min(max(since, 0.0), self._tick), self._duration)

    def _position(self, t: float) -> float:
        if t >= self._duration or self._profile is None:
            return self._end
        return self._begin + self._profile.position(t)

    async def _run(self, turn: int) -> None:
        late = 0.0
        while self._passed < self._duration:
            self._tick = min(TICK_S * self._timing.scale, min(self._mark, self._duration) - self._passed)
            self._tick_from = self._timing.now()
            await self._timing.wait(max(self._tick - late, 0.0))
            if turn != self._turn:
                return
            # the loop wakes up a little late each time: the next tick makes up for it
            late = min(late + self._timing.now() - self._tick_from - self._tick, self._tick)
            self._passed = min(self._passed + self._tick, self._duration)
            self._tick = 0.0
            if self._duration - self._passed < RESOLVED_S * self._timing.scale:
                break
            self._axis.move_to(self._position(self._passed))
            self._changed(self.report())
            if turn == self._turn and self._passed >= self._mark:
                self._mark = math.inf
                await self.fault.marked()
            if turn != self._turn:
                return
        self._passed = self._duration
        await self._arrive()

    async def _arrive(self) -> None:
        self._arriving = True
        self._axis.move_to(self._end)
        if isinstance(self._command, Home) and self._end == self.home:
            self._shift, self._homed = 0, True
        self._spent += self._passed
        if self._spent > 0:
            await self._timing.advance(self._spent)
        self._arriving = self._moving = False
        if self._waiting is not None:
            await self._start(self._waiting)
        else:
            self._changed(self.report())

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("the motion of %s failed", self._axis.facts.label, exc_info=error)
            self._turn += 1
            self._moving = self._arriving = False
            self._problem = True
            self._changed(self.report())


def _when(profile: Profile, way: float) -> float:
    """Return the time at which a profile has covered `way`, by bisection."""
    low, high = 0.0, profile.duration
    for _ in range(60):
        middle = (low + high) / 2
        if abs(profile.position(middle)) < abs(way):
            low = middle
        else:
            high = middle
    return high
