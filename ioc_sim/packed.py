"""One number with its time and alarm, packed as it goes over the wire.

Most of what a server publishes is that. caproto makes an object of ctypes and an array of numpy of each, and asks five
times how long they are; here it is packed at once, byte for byte the same. Whatever is no single number of the
channel's own type, asked for with its time, goes caproto's way.
"""

from __future__ import annotations

import struct
import weakref
from collections import deque
from typing import Any, cast

import caproto as ca
import numpy as np
import numpy.typing as npt
from caproto import ChannelType

_STAMPED = {
    ChannelType.TIME_DOUBLE: (ChannelType.DOUBLE, struct.Struct(">HHII4x"), struct.Struct(">d"), ">f8"),
    ChannelType.TIME_FLOAT: (ChannelType.FLOAT, struct.Struct(">HHII"), struct.Struct(">f"), ">f4"),
    ChannelType.TIME_LONG: (ChannelType.LONG, struct.Struct(">HHII"), struct.Struct(">i"), ">i4"),
    ChannelType.TIME_INT: (ChannelType.INT, struct.Struct(">HHII2x"), struct.Struct(">h"), ">i2"),
    ChannelType.TIME_ENUM: (ChannelType.ENUM, struct.Struct(">HHII2x"), struct.Struct(">H"), ">u2"),
}
"""By what is asked for: the type of the channel, of time and alarm, and of the number, twice."""
_HEADER = struct.Struct(">HHHHII")
_EVENT_ADD = 1
_FINE = 1
"""Status of a subscription that is well."""


class Packed(bytes):
    """The number; `dtype` says which kind."""

    dtype: str

    @property
    def values(self) -> npt.NDArray[Any]:
        """The number as caproto has it."""
        return np.frombuffer(self, self.dtype)


class Update:
    """What caproto calls EventAddResponse: header and payload of one subscription's update."""

    __slots__ = ("__weakref__", "buffers", "header", "subscriptionid")

    def __init__(self, sub: Any, stamped: bytes, number: Packed) -> None:
        self.subscriptionid: int = sub.subscriptionid
        payload = stamped + number
        payload += bytes(-len(payload) % 8)
        self.header = _HEADER.pack(
            _EVENT_ADD, len(payload), sub.data_type, sub.data_count or 1, _FINE, self.subscriptionid
        )
        self.buffers = (payload,)

    def __len__(self) -> int:
        return len(self.header) + len(self.buffers[0])


class Packing(ca.ChannelData):
    """A channel that publishes single numbers packed."""

    _publishing = False

    @property
    def packs(self) -> bool:
        """Whether what is published is what is stored."""
        return True

    async def publish(self, flags: Any) -> None:
        """Publish to all who subscribed."""
        if not self._queues:
            self._content.clear()
            return
        self._publishing = self.packs
        try:
            await super().publish(flags)
        finally:
            self._publishing = False

    async def _read(self, data_type: Any) -> Any:
        return (self._publishing and self._pack(data_type)) or await super()._read(data_type)

    def _pack(self, data_type: Any) -> tuple[bytes, Packed] | None:
        own, stamped, number, dtype = _STAMPED.get(data_type, (None, None, None, ""))
        if own != self.data_type or stamped is None or number is None:
            return None
        value: Any = self._data["value"]
        try:
            if own == ChannelType.ENUM:
                value = cast(Any, self._data["enum_strings"]).index(value)
            elif not isinstance(value, int | float):
                return None
            packed = Packed(number.pack(value))
        except (struct.error, ValueError, OverflowError):
            return None
        packed.dtype = dtype
        alarm, time = cast(Any, self.alarm), self.epics_timestamp
        return stamped.pack(alarm.status, alarm.severity, time.secondsSinceEpoch, time.nanoSeconds), packed


def update_of(sub: Any, stamped: bytes, number: Packed) -> Update | None:
    """Return the update of a subscription, or None where caproto has to look at it: filters, events off."""
    if any(sub.channel_filter) or not sub.circuit.events_on.is_set():
        return None
    return Update(sub, stamped, number)


async def queue_update(sub_spec: Any, sub: Any, update: Update) -> None:
    """Put an update at the end of its circuit's line; beyond the quota of its subscription the oldest one goes."""
    circuit = sub.circuit
    unexpired = circuit.unexpired_updates
    if sub.subscriptionid not in unexpired:
        unexpired[sub.subscriptionid] = deque(maxlen=sub.db_entry.max_subscription_backlog)
    unexpired[sub.subscriptionid].append(update)

    def forgotten(_: Any) -> None:
        # the client turned events off meanwhile: when it turns them on it gets what stands then
        if not circuit.events_on.is_set():
            again = circuit.subscriptions_to_resend.setdefault(sub_spec, [])
            if sub not in again:
                again.append(sub)

    try:
        await circuit.subscription_queue.put(weakref.ref(update, forgotten))
    except circuit.QueueFull:
        circuit.log.warning("a client takes nothing: its pending updates are dropped")
        circuit.subscription_queue.clear()
        unexpired.clear()
