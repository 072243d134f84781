"""Tango devices that show faces. Imported only where one is configured: Tango's library takes a while to load.

A device has no values of its own: it answers from its `Presence`, and lets clients' writes wait there.
"""

from __future__ import annotations

import re
import threading
from typing import Any

import caproto as ca
import tango
from tango import AttrQuality, AttrWriteType, AutoTangoMonitor, DevState
from tango.server import Device, attribute, command

from beam.errors import TerasuError
from ioc_sim import watch
from ioc_sim.tango_devices.face import Shown, limits_of
from ioc_sim.tango_devices.presence import STATE, Presence, Snapshot, Stated

BEHIND: dict[str, Presence] = {}
"""What is behind the devices of this process, by device name: Tango makes the devices itself."""
STATUS = "Status"
QUALITIES = {1: AttrQuality.ATTR_WARNING, 2: AttrQuality.ATTR_ALARM, 3: AttrQuality.ATTR_INVALID}


def quality(shown: Snapshot) -> AttrQuality:
    """Return the quality that says a severity."""
    valid = AttrQuality.ATTR_CHANGING if shown.changing else AttrQuality.ATTR_VALID
    return QUALITIES.get(shown.severity, valid)


def unit_of(channel: Any) -> str:
    """Return a channel's unit: records say ``sec``."""
    return re.sub(r"\bsec\b", "s", str(channel.units))


class ShownDevice(Device):
    """A device behind which there are channels."""

    presence: Presence

    def init_device(self) -> None:
        """Find what is behind this device."""
        super().init_device()
        self.presence = BEHIND[self.get_name().lower()]
        self._limits: dict[str, tuple[float, float]] = {}
        self.presence.reset()
        self._telling = threading.Lock()
        self._told = self.presence.stated
        self._told_otherwise = False
        self._say_state(self._told)
        for name in (STATE, STATUS):
            self.set_change_event(name, True, False)
            self.set_archive_event(name, True, False)

    def initialize_dynamic_attributes(self) -> None:
        """Make the attributes that the face has."""
        for one in self.presence.face.attributes:
            self.add_attribute(self._attribute(one))
            self._describe(one)
            self.set_change_event(one.name, True, False)
            self.set_archive_event(one.name, True, False)
            self._keep_written(one.name, self.presence.snapshots[one.name])

        for image in self.presence.face.images:
            rows, columns = image.shape
            drawn = attribute(
                name=image.name, dtype=((tango.DevUShort,),), max_dim_x=columns, max_dim_y=rows, fget=self._draw
            )
            self.add_attribute(drawn)

    def always_executed_hook(self) -> None:
        """Answer nothing while the server is frozen."""
        watch.going.wait()

    def dev_state(self) -> DevState:
        """Return the state as it is now."""
        with self._telling:
            stated = self.presence.stated
            self._told_otherwise |= stated.state != self._told.state
        return getattr(DevState, stated.state)

    def dev_status(self) -> str:
        """Return the sentence that says why."""
        return self.presence.stated.status

    def changed(self, name: str, what: Snapshot | Stated) -> None:
        """Push what changed to those who subscribed; called in the thread of all pushes.

        A state that was over before its turn came is not, unless a client was answered with it: it may wait for the
        next.
        """
        if isinstance(what, Stated):
            self._push_state()
            return
        with AutoTangoMonitor(self):  # a client's write under way has left its value where this is kept
            self._keep_written(name, self.presence.snapshots[name])
        for push in self._pushes(name):
            push(name, what.value, what.time, quality(what))

    def _push_state(self) -> None:
        with self._telling:
            # that of now: an event of a state that is past would have a later stamp than an answer that knows better
            stated = self.presence.stated
            state_is_news = self._told_otherwise or stated.state != self._told.state
            status_is_news = state_is_news or stated.status != self._told.status
            self._told, self._told_otherwise = stated, False
        self._say_state(stated)
        for name, is_news in ((STATE, state_is_news), (STATUS, status_is_news)):
            for push in self._pushes(name) if is_news else ():
                push(name)

    def _pushes(self, name: str) -> list[Any]:
        """Return how to tell those who subscribed: an event costs as much where nobody has."""
        attr = self.get_device_attr().get_attr_by_name(name)
        subscribed = (
            (attr.change_event_subscribed(), self.push_change_event),
            (attr.archive_event_subscribed(), self.push_archive_event),
        )
        return [push for wanted, push in subscribed if wanted]

    def _say_state(self, stated: Stated) -> None:
        # events carry these, whatever they are given
        self.set_state(getattr(DevState, stated.state))
        self.set_status(stated.status)

    def _attribute(self, one: Shown) -> Any:
        channel = one.takes or one.shows
        options: dict[str, Any] = {"access": AttrWriteType.READ_WRITE, "fset": self._write} if one.takes else {}
        if isinstance(channel, ca.ChannelEnum):
            options |= {"dtype": "DevEnum", "enum_labels": list(channel.enum_strings)}
        elif isinstance(channel, ca.ChannelDouble):
            most = channel.max_length or 1
            options |= {"dtype": (float,), "max_dim_x": most} if most > 1 else {"dtype": float}
        elif isinstance(channel, ca.ChannelInteger | ca.ChannelShort):
            options |= {"dtype": int}
        else:
            options |= {"dtype": str}
        if one.memorised:
            options |= {"memorized": True, "hw_memorized": True}
        return attribute(name=one.name, fget=self._read, **options)

    def _describe(self, one: Shown) -> None:
        """Say unit, digits and limits: devices of one class share the attributes, but not these."""
        channel = one.takes or one.shows
        if not isinstance(channel, ca.ChannelNumeric):
            return
        attr = self.get_device_attr().get_attr_by_name(one.name)
        have = attr.get_properties()
        low, high = self._limits[one.name] = limits_of(one)
        wanted = {"unit": unit_of(channel)}
        if isinstance(channel, ca.ChannelDouble):
            wanted["format"] = f"%.{channel.precision}f"
        if low < high:
            wanted |= {"min_value": repr(low), "max_value": repr(high)}
        if any(getattr(have, key) != value for key, value in wanted.items()):
            for key, value in wanted.items():
                setattr(have, key, value)
            attr.set_properties(have)

    def _read(self, attr: Any) -> tuple[Any, float, AttrQuality]:
        shown = self.presence.snapshots[attr.get_name()]
        return shown.value, shown.time, quality(shown)

    def _draw(self, attr: Any) -> tuple[Any, float, AttrQuality]:
        image = next(one for one in self.presence.face.images if one.name == attr.get_name())
        return image.draw(), float(image.stamp.timestamp), AttrQuality.ATTR_VALID

    def _write(self, attr: Any) -> None:
        name = attr.get_name()
        self._do(name, lambda: self.presence.write(name, attr.get_write_value()))

    def _keep_written(self, name: str, shown: Snapshot) -> None:
        if shown.written is None:
            return
        attr = self.get_device_attr().get_w_attr_by_name(name)
        attr.set_write_value(shown.written)
        if shown.limits != self._limits.get(name, shown.limits):
            before, (low, high) = self._limits[name], shown.limits
            self._limits[name] = shown.limits
            ends = (attr.set_min_value, low), (attr.set_max_value, high)
            # the lowest must stay below the highest at each step
            for set_end, value in ends if low < before[1] else ends[::-1]:
                set_end(value)

    def _do(self, what: str, action: Any) -> None:
        try:
            action()
        except (TerasuError, ca.CaprotoError, ValueError) as error:
            tango.Except.throw_exception("Refused", " ".join(str(error).split()), f"{self.get_name()}/{what}")


class ActingDevice(ShownDevice):
    """A device that can be stopped."""

    @command(doc_in="Come to rest where it is.")
    def Stop(self) -> None:  # noqa: N802 - Tango's name
        """Come to rest where it is."""
        self._do("Stop", lambda: self.presence.command("Stop"))

    @command(doc_in="Give up what it is doing.")
    def Abort(self) -> None:  # noqa: N802 - Tango's name
        """Give up what it is doing."""
        self._do("Abort", lambda: self.presence.command("Abort"))


class AcquiringDevice(ActingDevice):
    """A device that acquires."""

    @command(doc_in="Acquire once, as it is set up; RUNNING until it has.")
    def Start(self) -> None:  # noqa: N802 - Tango's name
        """Acquire."""
        self._do("Start", lambda: self.presence.command("Start"))


class StorageRing(ShownDevice):
    """The storage ring as its users see it."""


class Undulator(ActingDevice):
    """An insertion device: gap, permission, light."""


class UndulatorAxis(ActingDevice):
    """A row of magnets, or a phase shifter: moves by the machine's permission."""


class MotionAxis(ActingDevice):
    """One motion axis."""


class CurrentAmplifier(ShownDevice):
    """The amplifier of an ion chamber: its gain, and whether it was overloaded."""


class Counter(AcquiringDevice):
    """Counts on several channels for a time."""


class Shutter(ShownDevice):
    """A shutter that reports its state by itself."""

    @command(doc_in="Open it; MOVING until it is.")
    def Open(self) -> None:  # noqa: N802 - Tango's name
        """Open it."""
        self._do("Open", lambda: self.presence.command("Open"))

    @command(doc_in="Close it; MOVING until it is.")
    def Close(self) -> None:  # noqa: N802 - Tango's name
        """Close it."""
        self._do("Close", lambda: self.presence.command("Close"))


class GateUnit(AcquiringDevice):
    """Moves axes along a trajectory, and latches counters and encoders gate by gate."""

    @command(doc_in="Check the tables; BuildStatus says what came of it.")
    def Build(self) -> None:  # noqa: N802 - Tango's name
        """Check the tables."""
        self._do("Build", lambda: self.presence.command("Build"))


class Electrometer(AcquiringDevice):
    """Four currents, averaged."""


class AreaDetector(AcquiringDevice):
    """A detector of two dimensions that writes its frames to files."""


CLASSES: dict[str, type[ShownDevice]] = {
    one.__name__: one
    for one in (
        AreaDetector,
        Counter,
        CurrentAmplifier,
        Electrometer,
        GateUnit,
        MotionAxis,
        Shutter,
        StorageRing,
        Undulator,
        UndulatorAxis,
    )
}
"""By the kind that a face says."""
