"""What a fault is: one row of the table."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from beam.errors import UnknownName
from ioc_sim.errors import Refused

Arguments = Mapping[str, float]
Undo = Callable[[], Awaitable[None]]
Start = Callable[[Any, Arguments], Awaitable[Undo]]


@dataclass(frozen=True)
class Argument:
    """A number that may be given with a fault; `low` and `high` are allowed."""

    name: str
    default: float
    description: str
    low: float = -math.inf
    high: float = math.inf


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
        Makes it begin on a target, with all arguments; returns what ends it.
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

    def checked(self, given: Mapping[str, Any]) -> dict[str, float]:
        """Return the values of all arguments, or refuse what does not fit."""
        known = {one.name: one for one in self.arguments}
        for name in given:
            if name not in known:
                raise UnknownName(f"argument of {self.name}", name, known)
        values = {one.name: one.default for one in self.arguments} | dict(given)
        for name, value in values.items():
            one = known[name]
            number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            if not number or not one.low <= value <= one.high:
                raise Refused(f"{self.name} {name}={value}: {_allowed(one)}")
        return {name: float(value) for name, value in values.items()}


def _allowed(one: Argument) -> str:
    if math.isfinite(one.low) and math.isfinite(one.high):
        return f"{one.low:g} … {one.high:g} is allowed"
    return "a number is allowed"
