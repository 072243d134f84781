"""What must hold before something may happen: one PV, one comparison, one value; written as text in `config/`.

``gp:valve1:State == Open``, ``gp:m8.RBV < 50``. There is nothing else to it: no `and` (a list of conditions is one), no
expressions, nothing that is executed.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field

PATTERN = r"^[A-Za-z0-9_:.{}\-]{1,60} *(==|!=|<=|>=|<|>) *[A-Za-z0-9_+\-.][A-Za-z0-9_+\-. ]{0,38}$"
_PARTS = re.compile(r"^(?P<pv>\S+?) *(?P<comparison>==|!=|<=|>=|<|>) *(?P<value>.+)$")
_EQUALITY: dict[str, Callable[[Any, Any], bool]] = {"==": operator.eq, "!=": operator.ne}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Condition:
    """One condition; `holds` says whether a value of its PV fulfils it."""

    pv: str
    comparison: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read a condition; ValueError says what one must look like."""
        parts = _PARTS.match(text) if re.fullmatch(PATTERN, text) else None
        if parts is None:
            raise ValueError("a condition is 'PV == value', with one of == != < <= > >=")
        one = cls(parts["pv"], parts["comparison"], parts["value"].strip())
        if one.comparison in _ORDER and one.number is None:
            raise ValueError(f"{one.comparison} needs a number, not {one.value!r}")
        return one

    @property
    def number(self) -> float | None:
        """The value as a number, if it is one."""
        try:
            number = float(self.value)
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    def holds(self, value: float | str) -> bool:
        """Say whether `value`, a number or a text (the name of a state, too), fulfils it; NaN does not."""
        if isinstance(value, str):
            return self.comparison in _EQUALITY and _EQUALITY[self.comparison](value, self.value)
        number = self.number
        if number is None or not math.isfinite(value):
            return False
        return (_EQUALITY | _ORDER)[self.comparison](value, number)

    def __str__(self) -> str:
        return f"{self.pv} {self.comparison} {self.value}"


def _checked(text: str) -> str:
    Condition.parse(text)
    return text


ConditionText = Annotated[str, Field(pattern=PATTERN), AfterValidator(_checked)]
"""A condition as it is written in `config/`."""
