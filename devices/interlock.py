"""Interlocks: which moves need which conditions, in force for every way to start a move.

=====================  ==============================================================================================
a move of              is refused
=====================  ==============================================================================================
what a rule restrains  if one of the rule's needs does not hold, or is not known to hold
what a rule needs      if it would break the need while the restrained device moves, is where it is restrained, or
                       goes there; or if that is not known
anything               never for going to ``closed``: what closes the light away must always be possible
=====================  ==============================================================================================

What is not known is not safe: a reading that is INVALID, or of a server that does not answer, fulfils nothing. A
device that is on its way is taken to be at both ends of it. The rules are looked at before a move starts; what happens
to their conditions while it is under way, only a safety system watches.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from devices.errors import DeviceError, NotPermitted

Place = float | str
CLOSED = "closed"


class Whereabouts(NamedTuple):
    """Where a device is and, if it moves, where it goes: positions, or the names of states."""

    places: tuple[Place, ...]
    moving: bool = False

    def words(self, unit: str) -> str:
        """Say it."""
        here, *there = (one if isinstance(one, str) else f"at {one:.6g} {unit}" for one in self.places)
        return f"{here}, going to {there[0].removeprefix('at ')}" if there else here


class World(Protocol):
    """Where devices are: now, or at some message of a plan that is only looked through."""

    def whereabouts(self, device: Any) -> Whereabouts:
        """Return where `device` is; raise DeviceError where that is not known."""
        ...


class Live:
    """The devices as they are, asked now."""

    def whereabouts(self, device: Any) -> Whereabouts:
        """Ask the device."""
        found: Whereabouts = device.whereabouts()
        return found


LIVE = Live()


class Afterwards:
    """The devices as they will be when one of them has gone to a place."""

    def __init__(self, device: Any, place: Place, before: World) -> None:
        self._device, self._place, self._before = device, place, before

    def whereabouts(self, device: Any) -> Whereabouts:
        """Return where `device` will be."""
        return Whereabouts((self._place,)) if device is self._device else self._before.whereabouts(device)


def place_of(value: Any) -> Place:
    """Return where ``set(value)`` leads: a position or a state."""
    if isinstance(value, str):
        return CLOSED if value == "close" else value
    return float(value)


@dataclass(frozen=True)
class Range:
    """A state, or positions from `low` to `high`; `words` say it."""

    words: str
    state: str | None = None
    low: float = -math.inf
    high: float = math.inf
    ends_belong: bool = True

    def has(self, place: Place) -> bool:
        """Say whether a place lies within; NaN does not."""
        if isinstance(place, str) or self.state is not None:
            return place == self.state
        return self.low <= place <= self.high if self.ends_belong else self.low < place < self.high


class Need(NamedTuple):
    """One device that must be in a range."""

    device: Any
    allowed: Range

    def wrong(self, world: World) -> str:
        """Return in words why it does not hold; empty if it does."""
        try:
            where = world.whereabouts(self.device)
        except DeviceError as error:
            return f"{error}; {self.device.name} must be {self.allowed.words}"
        if all(self.allowed.has(one) for one in where.places):
            return ""
        return f"{self.device.name} is {where.words(self.device.unit)}, it must be {self.allowed.words}"


@dataclass(frozen=True)
class Rule:
    """One interlock; without `restrained` each move of `moving` needs what it needs."""

    says: str
    moving: Any
    restrained: Range | None
    needs: tuple[Need, ...]

    @property
    def devices(self) -> Iterable[Any]:
        """The devices that it speaks of, each once."""
        return dict.fromkeys((self.moving, *(need.device for need in self.needs)))

    def check(self, device: Any, place: Place, world: World) -> None:
        """Raise NotPermitted if this forbids `device` to go to `place`."""
        if device is self.moving and (self.restrained is None or self.restrained.has(place)):
            for need in self.needs:
                if wrong := need.wrong(world):
                    self._refuse(device, place, wrong)
        for need in self.needs:
            if device is need.device and not need.allowed.has(place) and (why := self._in_force(world)):
                self._refuse(device, place, f"{why}, {device.name} must be {need.allowed.words}")

    def _in_force(self, world: World) -> str:
        """Return in words why the needs must hold now; empty if they need not."""
        try:
            where = world.whereabouts(self.moving)
        except DeviceError as error:
            return str(error)
        if where.moving if self.restrained is None else any(self.restrained.has(one) for one in where.places):
            return f"{self.moving.name} is {where.words(self.moving.unit)}"
        return ""

    def _refuse(self, device: Any, place: Place, why: str) -> None:
        target = place if isinstance(place, str) else f"{place:.9g} {device.unit}"
        raise NotPermitted(f"{device.name} {target}: interlock, {self.says}: {why}")


@dataclass(frozen=True)
class Apart:
    """Two axes on one line that must not meet: `low` stays at least `least` below `high`, wherever these are."""

    says: str
    low: Any
    high: Any
    least: float

    @property
    def devices(self) -> Iterable[Any]:
        """The devices that it speaks of."""
        return (self.low, self.high)

    def check(self, device: Any, place: Place, world: World) -> None:
        """Raise NotPermitted if `device` would come too near to the other one."""
        other = self.high if device is self.low else self.low
        target, unit = float(place), device.unit
        says = f"{device.name} {target:.9g} {unit}: {self.says}"
        try:
            where = world.whereabouts(other)
        except DeviceError as error:
            raise NotPermitted(f"{says}: {error}") from error
        # both come to rest within their tolerances
        least = self.least - self.low.facts.tolerance - self.high.facts.tolerance
        for at in where.places:
            room = float(at) - target if device is self.low else target - float(at)
            if not room >= least:
                raise NotPermitted(f"{says}: {other.name} is {where.words(unit)}, {self.least:g} {unit} stay between")


class Interlocks:
    """All rules of a station; `own` are those that devices bring with them, whatever the configuration says."""

    def __init__(self, rules: Iterable[Rule], own: Iterable[Apart] = ()) -> None:
        self.rules = tuple(rules)
        self._of: dict[Any, list[Rule | Apart]] = {}
        for rule in (*self.rules, *own):
            for device in rule.devices:
                self._of.setdefault(device, []).append(rule)

    @property
    def devices(self) -> Iterable[Any]:
        """The devices that one of the rules speaks of."""
        return self._of.keys()

    def check(self, device: Any, value: Any, world: World = LIVE) -> None:
        """Raise NotPermitted if a rule forbids ``device.set(value)``, with the rule and what does not hold."""
        rules = self._of.get(device)
        if rules and (place := place_of(value)) != CLOSED:
            for rule in rules:
                rule.check(device, place, world)
