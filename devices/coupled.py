"""A coordinate that several axes make together: a subclass says where each has to be for it, and what they read as."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from ophyd import Device

from beam.errors import OutOfReach
from devices.axis import Axis
from devices.base import Instrument
from devices.commands import Commands
from devices.deadlines import PATIENCE
from devices.errors import DeviceError, NotConnected
from devices.interlock import LIVE, Afterwards, World
from devices.protocols import ValueOf
from devices.quality import fit_sample
from devices.signals import DeviceSignal, Quantity, data_key
from devices.state import Stated, worst
from devices.waiting import Waiting, in_background


def now(device: Any) -> Any:
    """Return where a device is, or what a signal says, at this moment."""
    return device.position if hasattr(device, "position") else device.get()


def supposing(values: Mapping[Any, Any]) -> ValueOf:
    """Return what tells of some devices or signals what they are supposed to be, and of others what they are now."""
    return lambda device: values[device] if device in values else now(device)


class CoupledAxis(Commands, Device):
    """What all of them do; a subclass has `targets_ahead`, `value_at`, `limits` and `judge`.

    Parameters
    ----------
    axes
        What it moves, by key.
    name, label, unit
        As of an axis.
    """

    SUB_READBACK = "readback"
    _default_sub = SUB_READBACK

    in_turn: ClassVar[bool] = False
    """Whether each axis starts when the one before it has arrived; otherwise all start at once (but see `waves`)."""
    by_words: ClassVar[bool] = False
    """Whether its values are words."""
    axes: Mapping[str, Axis]
    label: str
    unit: str

    def __init__(self, axes: Mapping[str, Axis], *, name: str, label: str, unit: str, **kwargs: Any) -> None:
        self.axes = dict(axes)
        self.label, self.unit = label, unit
        self._target: Any = None
        """What was last asked for."""
        self._status: Waiting | None = None
        self._lock = threading.Lock()
        self._followed = False
        super().__init__("", name=name, labels={"motors"}, **kwargs)

    # -- what a subclass says ----------------------------------------------------------------------------------

    def clean(self, value: Any) -> Any:
        """Return a value as it is kept; a number by default."""
        return float(value)

    def value_at(self, positions: Mapping[str, float]) -> Any:
        """Return the coordinate where the axes are at `positions`."""
        raise NotImplementedError

    def targets_ahead(self, value: Any, where: ValueOf) -> dict[str, float]:
        """Return where each axis has to be; `where` tells of axes and signals what they are, or will be by then.

        Raises
        ------
        OutOfReach
            If the value cannot be reached; the message names the range.
        """
        raise NotImplementedError

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and highest value allowed."""
        raise NotImplementedError

    def judge(self, target: Any) -> None:
        """Raise MoveFailed if it is not at `target` though all axes have arrived."""

    def words(self, value: Any) -> str:
        """Say that it is asked for a value."""
        return f"{self.name} {value:.6g} {self.unit}"

    # -- where it is and may go --------------------------------------------------------------------------------

    @property
    def position(self) -> Any:
        """Where it is, by the readbacks of its axes."""
        return self.value_at({key: axis.position for key, axis in self.axes.items()})

    @property
    def egu(self) -> str:
        """The unit."""
        return self.unit

    @property
    def precision(self) -> int:
        """Digits after the point."""
        return max(axis.precision for axis in self.axes.values())

    @property
    def low_limit(self) -> float:
        """The lowest value."""
        return self.limits[0]

    @property
    def high_limit(self) -> float:
        """The highest value."""
        return self.limits[1]

    @property
    def moving(self) -> bool:
        """Whether one of its axes moves."""
        return any(axis.moving for axis in self.axes.values())

    @property
    def setpoint(self) -> Any:
        """Where it was asked to be, by the set-points of its axes."""
        return self.value_at({key: axis.setpoint.sample.value for key, axis in self.axes.items()})

    def locate(self) -> dict[str, Any]:
        """Return where it was asked to be and where it is."""
        return {"setpoint": self.setpoint, "readback": self.position}

    def check_value(self, value: Any, **_: Any) -> None:
        """Refuse what cannot be reached, before anything moves."""
        self.check_targets(value, self.targets_ahead(self.clean(value), now))

    def check_targets(self, value: Any, targets: Mapping[str, float]) -> None:
        """Refuse a value for which an axis would be sent where it cannot go; says which."""
        for key, target in targets.items():
            try:
                self.axes[key].check_value(target)
            except (OutOfReach, DeviceError) as error:
                raise type(error)(f"{self.words(value)}: {error}") from error

    # -- moving ------------------------------------------------------------------------------------------------

    def waves(self, targets: Mapping[str, float], where: ValueOf) -> list[dict[str, float]]:
        """Return which axes start together, each lot when the one before it has arrived; `where` as above."""
        del where
        return [{key: one} for key, one in targets.items()] if self.in_turn else [dict(targets)]

    def stands(self, key: str, target: float) -> bool:
        """Return whether an axis need not be sent to its target, because it is there."""
        del key, target
        return False

    def set(self, value: Any) -> Waiting:
        """Start moving; the returned status ends when all axes have arrived and the value is right."""
        target = self.clean(value)
        targets = self.targets_ahead(target, now)
        self.check_targets(target, targets)
        waves = self.waves(targets, now)
        world: World = LIVE
        for wave in waves:  # all before any moves
            for key, one in wave.items():
                self.axes[key].check_interlocks(one, world)
            for key, one in wave.items() if len(waves) > 1 else ():
                world = Afterwards(self.axes[key], one, world)
        nominal = [max(self.axes[key].nominal_s(one) for key, one in wave.items()) for wave in waves]
        status = Waiting(
            self.name,
            f"all its axes to arrive at {self.words(target)}",
            # its axes have deadlines of their own, which say more
            PATIENCE.wall_seconds(sum(nominal)) + len(targets),
            lambda: str(next(iter(self.axes.values())).readback.last_words),
        )
        moves = [[(key, one) for key, one in wave.items() if not self.stands(key, one)] for wave in waves]
        self._target, self._status = target, status
        status.guard(lambda: self._start([wave for wave in moves if wave], target, status))
        status.add_callback(self._stop_the_rest)
        return status

    def _start(self, waves: list[list[tuple[str, float]]], target: Any, status: Waiting) -> None:
        """Start the first of `waves`, and the rest when it has arrived."""
        if status.done:
            return
        if not waves:
            self._finish(target, status)
            return
        wave, *rest = waves
        pending = {key for key, _ in wave}

        def arrived(part: Any, key: str) -> None:
            if (error := part.exception()) is not None:
                status.fail(error)
                return
            with self._lock:
                pending.discard(key)
                if pending:
                    return
            if rest:
                in_background(lambda: status.guard(lambda: self._start(rest, target, status)))
            else:
                status.guard(lambda: self._finish(target, status))

        for key, one in wave:
            part = self.axes[key].set(one)
            part.add_callback(lambda part, key=key: arrived(part, key))

    def _finish(self, target: Any, status: Waiting) -> None:
        self.judge(target)
        status.finish()

    def stop(self, *, success: bool = False) -> None:
        """Stop all axes; with `success`, whoever waits is told that this was meant."""
        if success and self._status is not None:
            self._status.finish()
        for axis in self.axes.values():
            axis.stop(success=success)

    def _stop_the_rest(self, status: Any) -> None:
        if not status.success:
            for axis in self.axes.values():
                if axis.connected:
                    axis.stop()

    # -- documents ---------------------------------------------------------------------------------------------

    @property
    def hints(self) -> dict[str, list[str]]:
        """It is what one plots against."""
        return {"fields": [self.name]}

    def read(self) -> Any:
        """Return value and set-point."""
        samples = {key: fit_sample(self.name, axis.readback) for key, axis in self.axes.items()}
        value = self.value_at({key: one.value for key, one in samples.items()})
        stamp = max(one.time for one in samples.values())
        return {
            self.name: {"value": value, "timestamp": stamp},
            f"{self.name}_setpoint": {"value": self.setpoint, "timestamp": stamp},
        }

    def describe(self) -> Any:
        """Return the data keys."""
        source = f"computed:{','.join(axis.name for axis in self.axes.values())}"
        quantity = Quantity("float", self.unit)
        key = data_key(quantity, source=source, unit=self.unit, precision=self.precision, limits=self.limits)
        return {self.name: key, f"{self.name}_setpoint": dict(key)}

    def subscribe(self, callback: Any, event_type: str | None = None, run: bool = True) -> int:
        """Call `callback` on changes."""
        if not self._followed and event_type in (None, self.SUB_READBACK):
            self._followed = True
            self.follow(self._readback_changed)
        return super().subscribe(callback, event_type=event_type, run=run)

    def follow(self, callback: Callable[..., None]) -> None:
        """Have `callback` called whenever the value changes."""
        for axis in self.axes.values():
            axis.readback.subscribe(callback)

    def _readback_changed(self, timestamp: float | None = None, **_: Any) -> None:
        with contextlib.suppress(NotConnected):  # then there is no value to tell
            self._run_subs(sub_type=self.SUB_READBACK, value=self.position, timestamp=timestamp)

    # -- state -------------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether all its axes are connected."""
        return all(axis.connected for axis in self.axes.values())

    @property
    def missing(self) -> list[str]:
        """The addresses that do not answer."""
        return [address for axis in self.axes.values() for address in axis.missing]

    @property
    def parts(self) -> dict[str, Instrument]:
        """The axes it moves."""
        return dict(self.axes)

    def signals(self) -> Iterator[DeviceSignal]:
        """Yield the signals of the axes that it moves."""
        for axis in self.axes.values():
            yield from axis.signals()

    def stated(self) -> Stated:
        """Return the worst state of its axes."""
        return worst((key, axis.stated()) for key, axis in self.axes.items())
