"""Tango devices that show faces. Imported only where one is configured: Tango's library takes a while to load.

A device has no values of its own: it answers from its `Presence`, and lets clients' writes wait there.
"""

from __future__ import annotations

from typing import Any

import caproto as ca
import tango
from tango import AttrQuality, AttrWriteType, DevState
from tango.server import Device, attribute, command

from beam.errors import TerasuError
from ioc_sim.tango_devices.face import Shown
from ioc_sim.tango_devices.presence import STATE, Presence, Snapshot, Stated

BEHIND: dict[str, Presence] = {}
"""What is behind the devices of this process, by device name: Tango makes the devices itself."""
STATUS = "Status"
QUALITIES = {1: AttrQuality.ATTR_WARNING, 2: AttrQuality.ATTR_ALARM, 3: AttrQuality.ATTR_INVALID}


def quality(shown: Snapshot) -> AttrQuality:
    """Return the quality that says a severity."""
    valid = AttrQuality.ATTR_CHANGING if shown.changing else AttrQuality.ATTR_VALID
    return QUALITIES.get(shown.severity, valid)


class ShownDevice(Device):
    """A device behind which there are channels."""

    presence: Presence

    def init_device(self) -> None:
        """Find what is behind this device."""
        super().init_device()
        self.presence = BEHIND[self.get_name().lower()]
        self.presence.reset()
        self._say_state(self.presence.stated)
        for name in (STATE, STATUS):
            self.set_change_event(name, True, False)
            self.set_archive_event(name, True, False)

    def initialize_dynamic_attributes(self) -> None:
        """Make the attributes that the face has."""
        for one in self.presence.face.attributes:
            self.add_attribute(self._attribute(one))
            self.set_change_event(one.name, True, False)
            self.set_archive_event(one.name, True, False)
            self._keep_written(one.name, self.presence.snapshots[one.name])

    def dev_state(self) -> DevState:
        """Return the state as it is now."""
        return getattr(DevState, self.presence.stated.state)

    def dev_status(self) -> str:
        """Return the sentence that says why."""
        return self.presence.stated.status

    def changed(self, name: str, what: Snapshot | Stated) -> None:
        """Push what changed to those who subscribed; called in the thread of all pushes."""
        if isinstance(what, Stated):
            self._say_state(what)
            for each in (STATE, STATUS):
                self.push_change_event(each)
                self.push_archive_event(each)
            return
        self._keep_written(name, what)
        self.push_change_event(name, what.value, what.time, quality(what))
        self.push_archive_event(name, what.value, what.time, quality(what))

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
            options |= {"dtype": float, "unit": channel.units, "format": f"%.{channel.precision}f"}
        elif isinstance(channel, ca.ChannelInteger):
            options |= {"dtype": int, "unit": channel.units}
        else:
            options |= {"dtype": str}
        low, high = getattr(channel, "lower_ctrl_limit", 0), getattr(channel, "upper_ctrl_limit", 0)
        if one.takes and low < high:
            options |= {"min_value": low, "max_value": high}
        if one.memorised:
            options |= {"memorized": True, "hw_memorized": True}
        return attribute(name=one.name, fget=self._read, **options)

    def _read(self, attr: Any) -> tuple[Any, float, AttrQuality]:
        shown = self.presence.snapshots[attr.get_name()]
        return shown.value, shown.time, quality(shown)

    def _write(self, attr: Any) -> None:
        name = attr.get_name()
        self._do(name, lambda: self.presence.write(name, attr.get_write_value()))

    def _keep_written(self, name: str, shown: Snapshot) -> None:
        if shown.written is not None:
            self.get_device_attr().get_w_attr_by_name(name).set_write_value(shown.written)

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


class StorageRing(ShownDevice):
    """The storage ring as its users see it."""


class Undulator(ActingDevice):
    """An insertion device: gap, permission, light."""


CLASSES: dict[str, type[ShownDevice]] = {one.__name__: one for one in (StorageRing, Undulator)}
"""By the kind that a face says."""
