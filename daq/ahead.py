"""Where devices will be at some message of a plan that is only looked through, and what its reads can be told."""

from __future__ import annotations

from typing import Any, NoReturn

from devices.errors import DeviceError
from devices.interlock import LIVE, Whereabouts, place_of


class Unforeseeable(Exception):
    """The plan looks at what only a measurement can tell."""


class Unmeasured:
    """Stands for a reading that nobody has taken; who looks at it is told so."""

    def __init__(self, name: str, ahead: Ahead) -> None:
        self._name, self._ahead = name, ahead

    def __getitem__(self, key: object) -> NoReturn:
        """Give up."""
        self._ahead.unforeseen = f"the rest depends on the reading of {self._name}"
        raise Unforeseeable(self._ahead.unforeseen)

    get = pop = __getitem__

    def __iter__(self) -> NoReturn:
        raise self[""]

    keys = values = items = __iter__


class Ahead:
    """The devices as the plan will have left them; what it has not touched is as it is now, asked once.

    Parameters
    ----------
    later
        Whether the plan is only queued: by the time it begins, other plans may have moved what it has not touched. A
        location then says so (``may_change``), and who asks for it may leave its judgement to that time.

    Attributes
    ----------
    at
        What was set, by device or signal.
    unforeseen
        Why the plan cannot be followed any further; empty while it can.
    """

    def __init__(self, *, later: bool = False) -> None:
        self.later = later
        self.at: dict[Any, Any] = {}
        self.unforeseen = ""
        self._on_the_way: dict[Any, tuple[Whereabouts, Any]] = {}
        self._now: dict[Any, Whereabouts | DeviceError] = {}
        self._readings: dict[Any, dict[str, Any] | None] = {}

    # -- for interlocks ----------------------------------------------------------------------------------------

    def whereabouts(self, device: Any) -> Whereabouts:
        """Return where it will be; raise DeviceError where that is not known."""
        if device in self._on_the_way:
            return self._on_the_way[device][0]
        if device in self.at:
            return Whereabouts((place_of(self.at[device]),))
        if device not in self._now:
            try:
                self._now[device] = LIVE.whereabouts(device)
            except DeviceError as error:
                self._now[device] = error
        known = self._now[device]
        if isinstance(known, DeviceError):
            raise known
        return known

    def leaves(self, device: Any, value: Any, group: Any) -> None:
        """Note that a device that interlocks speak of moves from here on, until `group` is waited for."""
        place = place_of(value)
        if isinstance(place, str):  # half open is neither
            way = Whereabouts(("on its way", place), True)
        else:
            try:
                way = Whereabouts((*self.whereabouts(device).places, place), True)
            except DeviceError:
                way = Whereabouts((place, place), True)
        self._on_the_way[device] = way, group

    def arrived(self, group: Any) -> None:
        """Note that all moves of a group have ended."""
        if self._on_the_way:
            self._on_the_way = {one: way for one, way in self._on_the_way.items() if way[1] != group}

    # -- for the plan ------------------------------------------------------------------------------------------

    def location(self, device: Any) -> Any:
        """Return what ``locate`` will give: where it was sent, or where it is."""
        if device in self.at:
            return {"setpoint": self.at[device], "readback": self.at[device]}
        if not hasattr(device, "locate"):
            return None
        return {**device.locate(), "may_change": True} if self.later else device.locate()

    def reading(self, device: Any) -> dict[str, Any] | None:
        """Return what ``read`` will give: of what was or can be set, where that is; of the rest, what tells on use."""
        if device in self._readings:
            return self._readings[device]
        if (location := self.location(device)) is not None:
            return {
                device.name: {"value": location["readback"], "timestamp": 0.0},
                f"{device.name}_setpoint": {"value": location["setpoint"], "timestamp": 0.0},
            }
        keys = device.describe() if hasattr(device, "describe") else None
        found = self._readings[device] = None if keys is None else {key: Unmeasured(key, self) for key in keys}
        return found
