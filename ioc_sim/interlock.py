"""Interlock inputs: conditions on other PVs of the same server, all of which must hold.

An input that is INVALID, or no number where one is needed, does not hold: as in a safety system, what is not known is
not safe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import caproto as ca
from caproto import AlarmSeverity

from beam.condition import Condition
from beam.errors import UnknownName
from ioc_sim.errors import ServerError
from ioc_sim.watching import find


class Input:
    """One condition, with the channel that it looks at."""

    def __init__(self, text: str, channels: Mapping[str, ca.ChannelData]) -> None:
        self.condition = Condition.parse(text)
        try:
            self.channel: Any = find(channels, self.condition.pv)
        except UnknownName as error:
            raise ServerError(f"interlock {text!r}: {error}") from error
        states = getattr(self.channel, "enum_strings", None)
        if states is not None and self.condition.value not in states:
            raise ServerError(f"interlock {text!r}: {self.condition.pv} is one of {', '.join(states)}")
        if states is None and not isinstance(self._value, str) and self.condition.number is None:
            raise ServerError(f"interlock {text!r}: {self.condition.pv} is a number")

    @property
    def _value(self) -> float | str:
        value = self.channel.value
        return value if isinstance(value, str) else float(value)

    def wrong(self) -> str:
        """Return in words why the condition does not hold; empty if it does."""
        if self.channel.alarm.severity == AlarmSeverity.INVALID_ALARM:
            return f"{self.condition.pv} is INVALID, {self.condition} is needed"
        if self.condition.holds(self._value):
            return ""
        shown = self._value if isinstance(self._value, str) else f"{self._value:g}"
        return f"{self.condition.pv} is {shown}, {self.condition} is needed"


class Interlock:
    """The inputs of one device.

    Parameters
    ----------
    conditions : Sequence[str]
        What must hold, as in `config/`.
    channels : Mapping[str, ChannelData]
        What the server serves.
    changed : Callable[[], None]
        Called whenever an input was published.
    """

    def __init__(
        self, conditions: Sequence[str], channels: Mapping[str, ca.ChannelData], changed: Callable[[], None]
    ) -> None:
        self._inputs = [Input(text, channels) for text in conditions]
        for one in self._inputs:
            one.channel.watch(changed)

    def wrong(self) -> str:
        """Return in words what does not hold; empty if everything does."""
        return "; ".join(words for one in self._inputs if (words := one.wrong()))
