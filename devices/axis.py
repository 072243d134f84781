"""An axis: refuses before it moves, and has arrived only where its readback proves it.

A move is over when the control system says so (put completion). It succeeded if a readback *newer than the end of
the motion* lies within the tolerance. Newer is proven by time stamps of the same server: the end of motion was
reported after the start, and the readback with it or later. Where the monitors do not prove that, as a server may
send the completion before them, the readback is asked for.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any, ClassVar

from beam import facts
from beam.errors import OutOfReach
from beam.motion import Trapezoid
from devices.base import Instrument
from devices.deadlines import PATIENCE
from devices.errors import BadReading, Busy, MoveFailed, NotConnected, Stopped
from devices.interlock import Whereabouts
from devices.signals import INVALID, Attr, DeviceSignal, Sample
from devices.waiting import Waiting, in_background


class Move:
    """One move under way."""

    __slots__ = ("rest_before", "status", "target")

    def __init__(self, target: float, rest_before: float, status: Waiting) -> None:
        self.target = target
        self.rest_before = rest_before
        self.status = status


class Axis(Instrument):
    """What every axis does, whatever its control system calls the signals.

    A subclass declares `readback`, `setpoint`, `velocity`, `stop_motion` and the signal that tells rest from motion.
    """

    SUB_READBACK = "readback"
    _default_sub = SUB_READBACK

    readback: Attr
    setpoint: Attr
    velocity: Attr
    stop_motion: Attr
    rest_attr: ClassVar[str]
    rest_value: ClassVar[int]

    def __init__(self, axis_facts: facts.AxisFacts, *, name: str, **kwargs: Any) -> None:
        self.facts = axis_facts
        self._move: Move | None = None
        self._move_lock = threading.Lock()
        self._followed = False
        self._stopping = False
        kwargs.setdefault("labels", {"motors"})
        super().__init__(
            axis_facts.address,
            name=name,
            label=axis_facts.label,
            unit=axis_facts.unit,
            tango_name=axis_facts.name,
            **kwargs,
        )
        self._rest: DeviceSignal = getattr(self, self.rest_attr)
        self.readback.subscribe(self._connection_changed, event_type="meta", run=False)
        self.setpoint.guard = self.check_interlocks

    # -- where it is and may go --------------------------------------------------------------------------------

    @property
    def position(self) -> float:
        """The readback, in the axis's unit."""
        return self.readback.sample.value

    @property
    def egu(self) -> str:
        """The unit."""
        return self.unit

    @property
    def precision(self) -> int:
        """Digits after the point."""
        digits = self.readback.digits
        return self.facts.precision if digits is None else digits

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and highest position allowed."""
        low, high = self.setpoint.limits
        return (low, high) if low < high else (self.facts.low, self.facts.high)

    @property
    def low_limit(self) -> float:
        """The lowest position allowed."""
        return self.limits[0]

    @property
    def high_limit(self) -> float:
        """The highest position allowed."""
        return self.limits[1]

    @property
    def moving(self) -> bool:
        """Whether it moves, by whoever's command."""
        return self._rest.sample.value != self.rest_value

    def locate(self) -> dict[str, float]:
        """Return where it was asked to be and where it is."""
        return {"setpoint": self.setpoint.sample.value, "readback": self.position}

    def whereabouts(self) -> Whereabouts:
        """Ask where it is and, if it moves, where it goes; for interlocks, which take no older news.

        Raises
        ------
        BadReading, NotConnected, TimedOut
            It is not known.
        """
        rest, readback = self._rest.fetch(), self.readback.fetch()
        if max(rest.severity, readback.severity) >= INVALID or not math.isfinite(readback.value):
            raise BadReading(f"{self.name}: its position is invalid; {self._last_words()}")
        move = self._move
        if move is not None and not move.status.done:
            return Whereabouts((readback.value, move.target), True)
        if rest.value != self.rest_value:
            return Whereabouts((readback.value, self.setpoint.fetch().value), True)
        return Whereabouts((readback.value,))

    def check_value(self, value: float, **_: Any) -> None:
        """Refuse a position that cannot be reached, before anything moves.

        Raises
        ------
        OutOfReach
            Beyond the limits, or no number.
        NotPermitted, NotConnected
            The device cannot move at all now.
        """
        low, high = self.limits
        if not math.isfinite(value) or not low <= value <= high:
            raise OutOfReach(f"{self.name} {value:.9g} {self.unit}: allowed {low:.9g} … {high:.9g} {self.unit}")
        if missing := self.missing:
            raise NotConnected(f"{self.name}: {missing[0]} does not answer; {self.readback.last_words}")

    # -- moving ------------------------------------------------------------------------------------------------

    def nominal_s(self, target: float) -> float:
        """Return how long the move to `target` should take, in device seconds."""
        return self.nominal_between(self.position, target)

    def nominal_between(self, start: float, target: float) -> float:
        """Return how long a move from `start` to `target` should take, in device seconds."""
        # where nobody knows where it is, the way may be the longest there is
        distance = target - start if math.isfinite(start) else self.facts.high - self.facts.low
        moving_s = Trapezoid(distance, self.full_speed, self.acceleration_s).duration
        return moving_s + self.settling_s if moving_s else 0.0

    @property
    def settling_s(self) -> float:
        """Time after a motion until the axis is at rest for others."""
        return 0.0

    @property
    def full_speed(self) -> float:
        """Its velocity, in its unit per second."""
        velocity: float = self.velocity.sample.value
        return velocity if velocity > 0 else self.facts.velocity

    @property
    def acceleration_s(self) -> float:
        """Time to full speed."""
        return self.facts.acceleration_s

    def set(self, value: float) -> Waiting:
        """Start a move; the returned status ends with it, or fails with what went wrong."""
        target = float(value)
        self.check_value(target)
        self.allow("Move")
        self.check_interlocks(target)
        with self._move_lock:
            if self._move is not None and not self._move.status.done:
                raise Busy(
                    f"{self.name}: asked for {target:.9g} {self.unit} while still on its way to "
                    f"{self._move.target:.9g} {self.unit}; wait or stop it first"
                )
            what = f"the end of its move to {target:.9g} {self.unit}"
            status = Waiting(self.name, what, PATIENCE.wall_seconds(self.nominal_s(target)), self._last_words)
            move = self._move = Move(target, self._rest.sample.time, status)
            stopping, self._stopping = self._stopping, False
        if stopping:
            in_background(lambda: status.guard(lambda: self._start_at_rest(move)))
        else:
            status.guard(lambda: self._start(move))
        return status

    def _start(self, move: Move) -> None:
        if not move.status.done:
            self.setpoint.start(move.target, lambda: self._ended(move))

    def _start_at_rest(self, move: Move) -> None:
        """Start when the stop sent before has brought the axis to rest: it would end this move too."""
        once = threading.Lock()
        asked = self._rest.fetch()

        def look(**_: Any) -> None:
            sample = self._latest(self._rest)
            if sample is None or sample.value != self.rest_value or sample.time < asked.time:
                return
            if once.acquire(blocking=False):
                self._rest.clear_sub(look)
                move.rest_before = sample.time
                in_background(lambda: move.status.guard(lambda: self._start(move)))

        if asked.value == self.rest_value:
            move.rest_before = asked.time
            self._start(move)
        else:
            self._rest.subscribe(look, run=False)
            look()

    def stop(self, *, success: bool = False) -> None:
        """Stop the motion; with `success`, whoever waits for it is told that this was meant."""
        move, self._move = self._move, None
        under_way = move is not None and not move.status.done
        if move is not None:
            move.status.give_up()
        if self.stop_motion.connected and (under_way or (self._rest.connected and self.moving)):
            self._stopping = True
            self.stop_motion.start(1)
        if move is not None and under_way:
            if success:
                move.status.finish()
            else:
                move.status.fail(
                    Stopped(f"{self.name}: stopped on its way to {move.target:.9g} {self.unit}; {self._last_words()}")
                )

    def _ended(self, move: Move) -> None:
        if move.status.done:
            return
        rest, readback = self._latest(self._rest), self._latest(self.readback)
        if (
            rest is not None
            and readback is not None
            and rest.value == self.rest_value
            and rest.time > move.rest_before
            and readback.time >= rest.time
        ):
            if self._is_right(move, readback):
                move.status.finish()
            else:  # the reason may have to be asked for, and this thread has to take the answer
                in_background(lambda: move.status.guard(lambda: self._judge(move, readback)))
        else:
            in_background(lambda: move.status.guard(lambda: self._ask_and_judge(move)))

    def _ask_and_judge(self, move: Move) -> None:
        if refusal := self.setpoint.refusal:
            # whatever moves now, or not, it does not do so because of this
            raise MoveFailed(f"{self.name}: not moved to {move.target:.9g} {self.unit}: {refusal}")
        if self.setpoint.ended_at is None and self._rest.fetch().value != self.rest_value:
            raise MoveFailed(
                f"{self.name}: its move to {move.target:.9g} {self.unit} was reported as ended, but it still moves: "
                "somebody else moves it"
            )
        self._judge(move, self.readback.fetch())

    def _judge(self, move: Move, readback: Sample) -> None:
        if self._is_right(move, readback):
            move.status.finish()
            return
        if readback.severity >= INVALID or not math.isfinite(readback.value):
            raise BadReading(f"{self.name}: its position is invalid at the end of the move; {self._last_words()}")
        raise MoveFailed(
            f"{self.name}: ended at {readback.value:.9g} {self.unit}, asked for {move.target:.9g} {self.unit} "
            f"(tolerance {self.facts.tolerance:g} {self.unit}): {self.why_short()}"
        )

    def _is_right(self, move: Move, readback: Sample) -> bool:
        near = abs(readback.value - move.target) <= self.facts.tolerance * (1 + 1e-9)
        return near and readback.severity < INVALID  # a position that is not a number is near nothing

    def why_short(self) -> str:
        """Say why a move ended elsewhere, as far as the device reports it."""
        return "stopped by somebody else, or blocked"

    @staticmethod
    def _latest(signal: DeviceSignal) -> Sample | None:
        try:
            return signal.sample
        except NotConnected:
            return None

    def _last_words(self) -> str:
        return str(self.readback.last_words)

    def _connection_changed(self, connected: bool = True, **_: Any) -> None:
        move = self._move
        if not connected and move is not None:
            lost = f"{self.name}: lost its server on the way to {move.target:.9g} {self.unit}; {self._last_words()}"
            move.status.fail(NotConnected(lost))

    # -- documents ---------------------------------------------------------------------------------------------

    def describe(self) -> Any:
        """Return the data keys, with the axis's limits and digits."""
        keys: Any = super().describe()
        low, high = self.limits
        for key in (self.readback.name, self.setpoint.name):
            if key in keys:
                keys[key] |= {"lower_ctrl_limit": low, "upper_ctrl_limit": high, "precision": self.precision}
        return keys

    def subscribe(self, callback: Callable[..., None], event_type: str | None = None, run: bool = True) -> int:
        """Call `callback` on changes; the readback is followed only while somebody wants it."""
        if not self._followed and event_type in (None, self.SUB_READBACK):
            self._followed = True
            self.readback.subscribe(self._readback_changed)
        return super().subscribe(callback, event_type=event_type, run=run)

    def _readback_changed(self, value: float = math.nan, timestamp: float | None = None, **_: Any) -> None:
        self._run_subs(sub_type=self.SUB_READBACK, value=value, timestamp=timestamp)
