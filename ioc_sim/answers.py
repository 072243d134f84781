"""What a channel answers instead of what it stores, as long as a simulated fault wants it so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import caproto as ca

from ioc_sim.packed import Packing


@dataclass(frozen=True)
class Answer:
    """What is answered.

    Parameters
    ----------
    data : Mapping[str, Any]
        Instead of what is stored: value, timestamp.
    index : int, optional
        Of an enum, also one that no state has.
    invalid : bool
        Whether the severity is INVALID.
    silent : bool
        Whether nothing is published any more.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    index: int | None = None
    invalid: bool = False
    silent: bool = False


class Answering(Packing):
    """A channel whose answers can be changed; reads and monitors show the same."""

    answer: Answer | None = None

    @property
    def packs(self) -> bool:
        """Whether what is published is what is stored."""
        return self.answer is None

    @property
    def stored(self) -> dict[str, Any]:
        """Value, timestamp and metadata as they are."""
        return dict(self._data)

    async def publish(self, flags: Any) -> None:
        """Publish to all who subscribed."""
        if not (self.answer and self.answer.silent):
            await super().publish(flags)

    async def _read(self, data_type: Any) -> Any:
        answer = self.answer
        if answer is None:
            return await super()._read(data_type)
        # nothing below waits: no other task sees what is put in place here
        stored = self._data
        self._data = stored | dict(answer.data)
        try:
            metadata, values = await super()._read(data_type)
        finally:
            self._data = stored
        if answer.invalid:
            _make_invalid(metadata)
        if answer.index is not None:
            native = ca.native_type(data_type)
            text = native == ca.ChannelType.STRING
            other = ca.ChannelString(value="Illegal Value") if text else ca.ChannelInteger(value=answer.index)
            _, values = await other.read(native)
        return metadata, values


def _make_invalid(metadata: Any) -> None:
    if hasattr(metadata, "severity"):
        metadata.status, metadata.severity = ca.AlarmStatus.UDF, ca.AlarmSeverity.INVALID_ALARM
