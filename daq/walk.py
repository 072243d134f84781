"""Walks a plan without executing it: each message is held against limits, interlocks and what answers."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from ophyd import Device

from beam.errors import TerasuError
from beam.motion import Trapezoid
from daq.ahead import Ahead, Unforeseeable
from daq.errors import Refused, UsageError, innermost
from daq.forecast import Files, Forecast
from devices.axis import Axis
from devices.coupled import CoupledAxis, now
from devices.flight import Flight
from devices.flyer import Flyer
from devices.protocols import WritesFiles
from devices.ramped import RampedAxis
from devices.walking import walking

MOST_MESSAGES = 200_000
ENOUGH = f"it is longer than {MOST_MESSAGES} messages"


class Walk:
    """One walk through one plan; `forecast` is what came of it."""

    def __init__(self, *, later: bool = False) -> None:
        self.forecast = Forecast()
        self._ahead = Ahead(later=later)
        self._seen: set[Any] = set()
        self._groups: dict[Any, float] = {}
        self._moved_by: dict[Any, Any] = {}  # what moves an axis that is not waited for yet
        self._moving: dict[Any, list[Any]] = {}  # these axes by the group that is to be waited for
        self._setters: dict[Any, Callable[[Any, Any], float]] = {}
        self._triggers: dict[Any, Callable[[], float]] = {}
        self._axes: dict[Axis, AxisNow] = {}
        self._flights: dict[Flyer, float] = {}
        self._handlers: dict[str, Callable[[Any], Any]] = {
            "set": self._set,
            "trigger": self._trigger,
            "prepare": self._prepare,
            "complete": self._complete,
            "wait": self._wait,
            "sleep": self._sleep,
            "read": lambda msg: self._ahead.reading(msg.obj),
            "locate": self._locate,
            "open_run": self._open_run,
            "save": self._save,
            "input": self._input,
        }

    def through(self, plan: Generator[Any, Any, Any]) -> Forecast:
        """Walk to the end, or as far as one can see.

        Raises
        ------
        Refused
            The first thing that a device or a rule refuses, in its own words.
        UsageError
            The plan cannot even begin with its arguments.
        """
        seen = self.forecast
        with walking():
            try:
                self._follow(plan)
            except Unforeseeable:
                seen.why = self._ahead.unforeseen
            except Refused:
                raise
            except Exception as error:
                cause = innermost(error)
                if isinstance(cause, TerasuError):
                    raise Refused(str(cause)) from error
                if not seen.messages:  # nothing was asked yet: it can only be what the plan was given
                    raise UsageError(f"{getattr(plan, '__name__', 'the plan')}: {cause}") from error
                # it wanted an answer that only running it gives
                seen.why = self._ahead.unforeseen or f"the rest cannot be foreseen ({type(cause).__name__}: {cause})"
            finally:
                plan.close()
        return seen

    def _follow(self, plan: Generator[Any, Any, Any]) -> None:
        seen, ahead, known, handlers = self.forecast, self._ahead, self._seen, self._handlers
        send = plan.send
        answer: Any = None
        while True:
            try:
                msg = send(answer)
            except StopIteration:
                seen.whole = not ahead.unforeseen
                seen.why = ahead.unforeseen
                return
            if ahead.unforeseen or seen.messages >= MOST_MESSAGES:
                seen.why = ahead.unforeseen or ENOUGH
                return
            seen.messages += 1
            if msg.obj is not None and msg.obj not in known:
                known.add(msg.obj)
                refuse_absent(msg.obj)
            handler = handlers.get(msg.command)
            answer = None if handler is None else handler(msg)

    # -- messages ----------------------------------------------------------------------------------------------

    def _open_run(self, _: Any) -> None:
        self.forecast.runs += 1

    def _save(self, _: Any) -> None:
        self.forecast.points += 1

    def _sleep(self, msg: Any) -> None:
        self.forecast.least_s += float(msg.args[0])

    def _input(self, _: Any) -> None:
        self._ahead.unforeseen = "the rest depends on what somebody types"

    def _locate(self, msg: Any) -> Any:
        if len(msg.args) == 0:
            return self._ahead.location(msg.obj)
        return None

    def _wait(self, msg: Any) -> bool:
        group = msg.kwargs.get("group", msg.args[0] if msg.args else None)
        self.forecast.least_s += self._groups.pop(group, 0.0)
        for axis in self._moving.pop(group, ()):
            del self._moved_by[axis]
        self._ahead.arrived(group)
        return True

    def _set(self, msg: Any) -> None:
        device, value = msg.obj, msg.args[0]
        group = msg.kwargs.get("group")
        setter = self._setters.get(device)
        if setter is None:
            setter = self._setters[device] = self._setter(device)
        takes_s = setter(value, group)
        if group is not None:
            self._claim(device, group)
        self._ahead.at[device] = value
        self.forecast.note_move(device, value)
        if takes_s > self._groups.get(group, 0.0):
            self._groups[group] = takes_s

    def _trigger(self, msg: Any) -> None:
        device, group = msg.obj, msg.kwargs.get("group")
        trigger = self._triggers.get(device)
        if trigger is None:
            trigger = self._triggers[device] = self._triggerer(device)
        takes_s = trigger()
        if takes_s > self._groups.get(group, 0.0):
            self._groups[group] = takes_s

    # -- acquisitions ------------------------------------------------------------------------------------------

    def _triggerer(self, device: Any) -> Callable[[], float]:
        """Return what notes an acquisition of `device` and tells how long it takes."""
        if isinstance(device, WritesFiles):
            self.forecast.files[device.name] = Files(device.directory(self._value_of))
            return partial(self._write, device)
        if (preset := getattr(device, "preset_time", None)) is not None:
            return lambda: float(self._value_of(preset))
        if getattr(type(device), "trigger", None) is not Device.trigger:  # ophyd's own does nothing, at once
            self.forecast.untimed.add(device.name)
        return lambda: 0.0

    def _write(self, device: WritesFiles) -> float:
        files = self.forecast.files[device.name]
        files.triggers += 1
        files.bytes += device.trigger_bytes(self._value_of)
        return device.trigger_s(self._value_of)

    def _value_of(self, device: Any) -> Any:
        found = self._ahead.at.get(device)
        return now(device) if found is None else found

    # -- flights -----------------------------------------------------------------------------------------------

    def _prepare(self, msg: Any) -> None:
        """Check a flight; how long it takes is known here, and passes with the wait for its end."""
        flyer, flight = msg.obj, msg.args[0]
        if not isinstance(flyer, Flyer) or not isinstance(flight, Flight):
            return
        made, group, way_s = flyer.check_flight(flight), f"way of {flyer.name}", 0.0
        for key, positions in made.positions.items():
            go = self._axis(flyer.axes[key])
            way_s = max(way_s, self._go(go, float(positions[0]), group))
            for place in (float(positions.min()), float(positions.max()), float(positions[-1])):
                self._go(go, place, group)
                self.forecast.note_move(flyer.axes[key], place)
        self._ahead.arrived(group)
        self._flights[flyer] = way_s + made.duration_s
        self.forecast.points += flight.gates
        files = self.forecast.files.setdefault(flyer.name, Files(flyer.directory()))
        files.triggers += 1
        files.bytes += flyer.flight_bytes(flight)
        for one in flight.detectors:
            frames = self.forecast.files.setdefault(one.name, Files(one.directory()))
            frames.triggers += flight.gates
            frames.bytes += one.flight_bytes(flight)

    def _complete(self, msg: Any) -> None:
        group = msg.kwargs.get("group")
        self._groups[group] = max(self._groups.get(group, 0.0), self._flights.pop(msg.obj, 0.0))

    # -- moves -------------------------------------------------------------------------------------------------

    def _setter(self, device: Any) -> Callable[[Any, Any], float]:
        """Return what checks a move of `device` and tells how long it takes."""
        if isinstance(device, CoupledAxis):
            return partial(self._set_together, device)
        if isinstance(device, Axis):
            return partial(self._go, self._axis(device))
        parent = getattr(device, "parent", None)
        if isinstance(parent, Axis) and device is parent.setpoint:
            return partial(self._go, self._axis(parent))
        if not hasattr(device, "set"):
            raise Refused(f"{getattr(device, 'name', device)} is nothing that can be moved")
        return partial(self._set_other, device)

    def _claim(self, device: Any, group: Any) -> None:
        """Refuse to move an axis that is still on its way for somebody else, before either has moved."""
        for axis in device.axes.values() if isinstance(device, CoupledAxis) else (device,):
            if (other := self._moved_by.get(axis)) is not None:
                raise Refused(
                    f"{axis.name}: {other.name} and {device.name} would move it at the same time; one after the other"
                )
            self._moved_by[axis] = device
            self._moving.setdefault(group, []).append(axis)

    def _axis(self, axis: Axis) -> AxisNow:
        if axis not in self._axes:
            self._axes[axis] = AxisNow(axis)
        return self._axes[axis]

    def _set_together(self, device: CoupledAxis, value: Any, group: Any) -> float:
        value, takes_s = device.clean(value), 0.0
        waves = device.waves(device.targets_ahead(value, self._value_of), self._value_of)
        for number, wave in enumerate(waves, 1):
            # each is waited for before the next one starts
            its_group = ("in turn", device.name, number) if number < len(waves) else group
            longest_s = 0.0
            for key, target in wave.items():
                axis = device.axes[key]
                try:
                    go = (
                        partial(self._go, self._axis(axis))
                        if isinstance(axis, Axis)
                        else partial(self._set_other, axis)
                    )
                    longest_s = max(longest_s, go(target, its_group))
                except TerasuError as error:
                    raise type(error)(f"{device.words(value)}: {error}") from error
                self.forecast.note_move(axis, target)
            takes_s += longest_s
            if its_group is not group:
                self._ahead.arrived(its_group)
        return takes_s

    def _go(self, now: AxisNow, value: Any, group: Any) -> float:
        """Let an axis go to `value`; return how long it takes."""
        axis, target = now.axis, float(value)
        if not now.low <= target <= now.high:
            axis.check_value(target)  # it says why
        if axis.interlocks is not None:
            axis.interlocks.check(axis, target, self._ahead)
            self._ahead.leaves(axis, target, group)
        takes_s, now.at = now.takes_s(target), target
        self._ahead.at[axis] = target
        return takes_s

    def _set_other(self, device: Any, value: Any, group: Any) -> float:
        if hasattr(device, "check_value"):
            device.check_value(value)
        if getattr(device, "interlocks", None) is not None:
            device.interlocks.check(device, value, self._ahead)
            self._ahead.leaves(device, value, group)
        if hasattr(device, "nominal_s"):
            return float(device.nominal_s(value))
        if hasattr(device, "is_open") and self._ahead.at.get(device) != value:
            return float(device.facts.travel_s)
        return 0.0


class AxisNow:
    """An axis as it was when the walk came to it: nothing but the walk moves it after that."""

    def __init__(self, axis: Axis) -> None:
        self.axis = axis
        self.at = axis.position
        axis.check_value(min(max(self.at, axis.low_limit), axis.high_limit))  # whether it may move at all
        self.low, self.high = axis.limits
        self.velocity, self.acceleration_s, self.settling_s = axis.full_speed, axis.acceleration_s, axis.settling_s

    def takes_s(self, target: float) -> float:
        """Return how long the move to `target` takes."""
        if isinstance(self.axis, RampedAxis):
            return self.axis.nominal_between(self.at, target)
        # asking the axis for its speed each time would cost as much as the rest of the message
        moving_s = Trapezoid(target - self.at, self.velocity, self.acceleration_s).duration
        return moving_s + self.settling_s if moving_s else 0.0


def refuse_absent(device: Any) -> None:
    """Refuse a device that a plan needs and that does not answer.

    Raises
    ------
    Refused
        Names the device and what does not answer.
    """
    for one in (device, *getattr(device, "chambers", {}).values()):
        missing = getattr(one, "missing", None)
        if missing is None:
            missing = [] if getattr(one, "connected", True) else [getattr(one, "address", one.name)]
        if missing:
            more = f" and {len(missing) - 1} more" if missing[1:] else ""
            verb = "do" if missing[1:] else "does"
            raise Refused(f"the plan needs {one.name}: {missing[0]}{more} {verb} not answer")
