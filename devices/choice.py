"""What is chosen and moves nothing by itself: one of a few values, or a number within limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ophyd import Signal

from beam.errors import OutOfReach
from devices.deadlines import PATIENCE
from devices.waiting import Waiting


class Chosen(Signal):
    """A value kept here; a subclass says which are allowed."""

    def get(self, **kwargs: Any) -> Any:
        """Return the value."""
        return super().get(**kwargs)

    def check_value(self, value: Any, **_: Any) -> None:
        """Refuse a value that is not allowed."""
        raise NotImplementedError

    def set(self, value: Any, **_: Any) -> Any:
        """Choose; at once."""
        self.put(value)
        status = Waiting(self.name, "a choice", PATIENCE.margin_s, lambda: "")
        status.finish()
        return status


class Choice(Chosen):
    """One of a few values; the first to begin with."""

    def __init__(self, allowed: Sequence[Any], **kwargs: Any) -> None:
        self.allowed = tuple(allowed)
        super().__init__(value=self.allowed[0], **kwargs)

    def check_value(self, value: Any, **_: Any) -> None:
        """Refuse what is none of them."""
        if value not in self.allowed:
            raise OutOfReach(f"{self.name} {value}: allowed are {', '.join(str(one) for one in self.allowed)}")


class ChosenNumber(Chosen):
    """A number within limits, both included."""

    def __init__(self, value: float, low: float, high: float, **kwargs: Any) -> None:
        self.low, self.high = low, high
        super().__init__(value=value, **kwargs)

    def check_value(self, value: float, **_: Any) -> None:
        """Refuse what lies beyond."""
        if not self.low <= value <= self.high:
            raise OutOfReach(f"{self.name} {value:g}: {self.low:g} … {self.high:g} is allowed")
