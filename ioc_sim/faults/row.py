"""What a fault is: one row of the table."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from beam.errors import UnknownName
from ioc_sim.errors import Refused

Arguments = Mapping[str, Any]
Undo = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Holding:
    """What ends a fault that keeps something from ending; `struck` is set when it first does so."""

    undo: Undo
    struck: asyncio.Event


Start = Callable[[Any, Arguments], Awaitable[Undo | Holding | None]]
"""Lets a fault begin; what ends it, or None where it is over at once."""


@dataclass(frozen=True)
class Argument:
    """A number (`low` to `high` are allowed), or true or false, that may be given with a fault."""

    name: str
    default: float | bool
    description: str
    low: float = -math.inf
    high: float = math.inf

    def allows(self, value: Any) -> bool:
        """Return whether a value can be given."""
        if isinstance(self.default, bool):
            return isinstance(value, bool)
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return number and self.low <= value <= self.high

    def allowed(self) -> str:
        """Return in words what can be given."""
        if isinstance(self.default, bool):
            return "true or false is allowed"
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"{self.low:g} … {self.high:g} is allowed"
        return "a number is allowed"


FOR_S = Argument("for_s", 0.0, "wall time (s) until it ends by itself; 0: until it is cleared", 0.0, 3600.0)
"""Of faults that end by themselves: the server that they befall cannot be asked meanwhile."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Parameters
    ----------
    name : str
        By which it is set.
    on : str
        What it can befall, in a word: the target's kind.
    kinds : tuple[type, ...]
        The classes of such targets.
    description : str
        What a client sees.
    start : Start
        Makes it begin on a target, with all arguments; returns what ends it, or None where it is over at once.
    part : str
        What of the target it takes hold of: only one fault at a time can.
    arguments : tuple[Argument, ...]
        What may be given with it.
    """

    name: str
    on: str
    kinds: tuple[type, ...]
    description: str
    start: Start
    part: str
    arguments: tuple[Argument, ...] = ()

    @property
    def ends_by_itself(self) -> bool:
        """Whether it is told at its start how long it lasts."""
        return FOR_S in self.arguments

    def checked(self, given: Mapping[str, Any]) -> dict[str, float | bool]:
        """Return the values of all arguments, or refuse what does not fit."""
        known = {one.name: one for one in self.arguments}
        for name in given:
            if name not in known:
                raise UnknownName(f"argument of {self.name}", name, known)
        values = {one.name: one.default for one in self.arguments} | dict(given)
        for name, value in values.items():
            if not known[name].allows(value):
                raise Refused(f"{self.name} {name}={value}: {known[name].allowed()}")
        return {name: value if isinstance(value, bool) else float(value) for name, value in values.items()}


def words(arguments: Mapping[str, float | bool]) -> str:
    """Return arguments as the command line takes them."""
    return " ".join(
        f"{name}={str(value).lower() if isinstance(value, bool) else format(value, 'g')}"
        for name, value in arguments.items()
    )
