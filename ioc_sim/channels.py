"""Channels: what a server serves under one PV name.

caproto's own channels await the putter *before* they store and publish the value, so a putter that lasts a whole motion
would hold the set-point's monitor back to the end. These do what a record does with a put from a client:

1. clean the value (types, enum index or string), then check it: whatever is refused is neither stored nor published;
2. store and publish it;
3. await `on_put`: the put's completion goes out when that returns, with an error when it raises.

The server's own code never puts: it calls `post` (publish) or `update` (publish if changed). Both are plain functions:
on an ordered server nothing in publishing ever waits.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import caproto as ca

from ioc_sim.answers import Answer, Answering
from ioc_sim.errors import Refused
from ioc_sim.stamps import stamp_of
from ioc_sim.watching import Watched

Put = Callable[[Any], Awaitable[None]]
Check = Callable[[Any], None]

_UPDATE = ca.SubscriptionType.DBE_VALUE | ca.SubscriptionType.DBE_LOG


def at_once(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine that never waits to its end, now."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("publishing must not wait: serve these channels with ioc_sim.server.OrderedContext")


class Channel(Watched, Answering):
    """What all channels here share; writable from outside only with an `on_put`."""

    name = "a PV"
    """Under which it is served; set by the server, for messages."""

    def __init__(self, *, on_put: Put | None = None, check: Check | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.on_put = on_put
        self.check = check

    def check_access(self, hostname: str, username: str) -> ca.AccessRights:
        """Grant writing only where a put means something."""
        return ca.AccessRights.READ | ca.AccessRights.WRITE if self.on_put else ca.AccessRights.READ

    def get_field(self, field: str) -> Channel:
        """Serve `NAME.VAL` as `NAME`; other fields belong to records."""
        if field in ("", "VAL"):
            return self
        raise KeyError(field)

    def clean(self, value: Any) -> Any:
        """Return the value as it will be stored, or raise Refused."""
        return self.preprocess_value(value)

    async def write_from_dbr(self, *args: Any, **kwargs: Any) -> None:
        """Take a put as it came over the wire; what cannot be converted is refused."""
        try:
            await super().write_from_dbr(*args, **kwargs)
        except ca.CaprotoError as error:
            raise Refused(f"{self.name}: {args[0]!r} cannot be put here") from error

    async def write(self, value: Any, **_: Any) -> None:
        """Take a client's put: clean, check, store and publish, act."""
        value = self.clean(value)
        if self.check:
            self.check(value)
        self.post(value)
        if self.on_put:
            await self.on_put(value)

    def post(
        self,
        value: Any,
        *,
        timestamp: float | None = None,
        status: ca.AlarmStatus | None = None,
        severity: ca.AlarmSeverity | None = None,
    ) -> None:
        """Store a value of the server's own and publish it, with `timestamp` (POSIX seconds) or now."""
        self._data["value"] = value
        self._data["timestamp"] = stamp_of(time.time() if timestamp is None else timestamp)
        if self.alarm and (status is not None or severity is not None):
            at_once(self.alarm.write(status=status, severity=severity, publish=False))
        at_once(self.publish(_UPDATE))
        for watcher in self.watchers:
            watcher()

    def change_answer(self, answer: Answer | None) -> None:
        """Answer this from now on, whatever is stored; None: what is stored."""
        self.answer = answer
        at_once(self.publish(_UPDATE))

    def update(self, value: Any, *, timestamp: float | None = None) -> None:
        """Post the value if it differs from the one that stands."""
        if value != self.value:
            self.post(value, timestamp=timestamp)


class _Number(Channel):
    """A number with a unit and control limits; `low` = `high` means unlimited."""

    def __init__(self, value: float = 0, *, low: float = 0, high: float = 0, units: str = "", **kwargs: Any) -> None:
        super().__init__(
            value=value,
            units=units,
            lower_ctrl_limit=low,
            upper_ctrl_limit=high,
            lower_disp_limit=low,
            upper_disp_limit=high,
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        value = super().clean(value)
        low, high = self._data["lower_ctrl_limit"], self._data["upper_ctrl_limit"]
        if not math.isfinite(value):
            raise Refused(f"{self.name}: {value} is no number that can be set")
        if low != high and not low <= value <= high:
            units = self._data["units"]
            raise Refused(f"{self.name} {value:g} {units}: {low:g} … {high:g} {units} is allowed")
        return value


class Float(_Number, ca.ChannelDouble):
    """A 64-bit number."""


class Int(_Number, ca.ChannelInteger):
    """A 32-bit integer."""


class Enum(Channel, ca.ChannelEnum):
    """One of a few named states; the stored value is the name."""

    def __init__(self, value: str, strings: Sequence[str], **kwargs: Any) -> None:
        super().__init__(value=value, enum_strings=tuple(strings), **kwargs)

    def clean(self, value: Any) -> str:
        """Accept the name or the index of a state."""
        value = self.preprocess_value(value)
        strings = self.enum_strings
        if isinstance(value, bytes):
            value = value.decode()
        if isinstance(value, str) and value in strings:
            return value
        try:
            index = int(value)
        except ValueError:
            index = -1
        if not 0 <= index < len(strings):
            raise Refused(f"{self.name} {value!r}: {', '.join(strings)} are allowed")
        return strings[index]


class Text(Channel, ca.ChannelString):
    """A string of at most 39 characters: a longer one is cut, as a record would."""

    def __init__(self, value: str = "", **kwargs: Any) -> None:
        super().__init__(value=value[:39], string_encoding="utf-8", **kwargs)

    def post(self, value: Any, **kwargs: Any) -> None:
        """Store and publish what fits."""
        super().post(value.encode()[:39].decode(errors="ignore"), **kwargs)


class LongText(Channel, ca.ChannelChar):
    """A string as an array of characters."""

    def __init__(self, value: str = "", *, max_length: int = 4096, **kwargs: Any) -> None:
        super().__init__(value=value, max_length=max_length, string_encoding="utf-8", **kwargs)

    def clean(self, value: Any) -> str:
        """Drop what follows the first NUL: clients pad with them."""
        return self.preprocess_value(value).split("\0", 1)[0]


Channels = dict[str, ca.ChannelData]


def under(prefix: str, named: Channels) -> Channels:
    """Return channels by PV name; none where a device has no prefix, because Tango shows them."""
    return {f"{prefix}{suffix}": channel for suffix, channel in named.items()} if prefix else {}
