"""What all records share: fields with one time and one alarm, puts, and the completions that wait for the record.

A put (from any client) is refused if DISP is set or the field is read-only. Otherwise the record stores it,
publishes it and acts; the put's completion goes out when the record is idle again. All that is between two
waits happens in one turn of the event loop, so puts and reports never interleave.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import caproto as ca
from caproto import AlarmSeverity, AlarmStatus, SubscriptionType

from ioc_sim.channels import at_once
from ioc_sim.completions import Completions
from ioc_sim.errors import Refused
from ioc_sim.records.field_specs import Specs, Value
from ioc_sim.records.fields import MONITOR, Array, Field, build, empty
from ioc_sim.stamps import stamp_of

Metadata = dict[str, Any]
DESCRIBING = frozenset({"EGU", "PREC", "HIHI", "HIGH", "LOW", "LOLO"})
"""Fields that say something about others."""


class Record:
    """A record at `name`; `channels` is what a server serves for it.

    Parameters
    ----------
    name : str
        The record's name, any prefix: its fields are `name.FIELD`.
    specs : Specs
        Its fields. A field's channel is made when somebody asks for it; until then it is a value among `values`.
    """

    record_type: str = ""

    def __init__(self, name: str, specs: Specs) -> None:
        self.name = name
        self.specs = specs
        self.time = time.time()
        self._stamp: tuple[float, ca.TimeStamp] = (0.0, ca.TimeStamp())
        self.alarm = ca.ChannelAlarm()
        self.values: dict[str, Value] = {field: spec.value for field, spec in specs.items()}
        self.values |= {"NAME": name, "RTYP": self.record_type}
        self.arrays: dict[str, Array] = {name: empty(spec) for name, spec in specs.items() if spec.elements > 1}
        self.fields = Fields(self)
        self._completions = Completions()
        self.withheld: Callable[[str], Awaitable[None]] | None = None
        """Awaited with the field before a put completes: a simulated fault."""
        self.frozen = False
        """Whether a simulated fault keeps the record's time from going on."""

    @property
    def channels(self) -> dict[str, ca.ChannelData]:
        """What a server serves: the record; caproto asks it for its fields."""
        return {self.name: self.fields["VAL"]}

    # ---- puts

    async def put(self, field: str, value: Value) -> None:
        """Take a put from a client; returns when the record has done what it asks for."""
        if self.values["DISP"] and field != "DISP":
            raise Refused(f"{self.name}: puts are disabled (DISP = 1)")
        await self.take(field, value)
        if self.withheld:
            await self.withheld(field)

    async def take(self, field: str, value: Value) -> None:
        """Act on a put; records override this for the fields that they know."""
        self.post(field, value)
        if field in DESCRIBING:
            self.describe(SubscriptionType.DBE_PROPERTY)

    def disabled(self) -> bool:
        """Say whether DISA keeps the record from processing."""
        return self.values["DISA"] == self.values["DISV"]

    # ---- publishing

    def stamp(self) -> float:
        """Give the record the present time; return it (POSIX seconds)."""
        if not self.frozen:
            self.time = time.time()
        return self.time

    @property
    def timestamp(self) -> ca.TimeStamp:
        """The record's time as it goes over the wire."""
        if self._stamp[0] != self.time:
            self._stamp = (self.time, stamp_of(self.time))
        return self._stamp[1]

    def post(self, field: str, value: Value, mask: int = MONITOR) -> None:
        """Store and publish a field."""
        self.values[field] = value
        if (channel := self.fields.get(field)) is not None:
            channel.post(value, mask)

    def post_array(self, field: str, value: Array) -> None:
        """Store and publish an array, which must not be changed afterwards."""
        self.arrays[field] = value
        if (channel := self.fields.get(field)) is not None:
            channel.post(value)

    def metadata(self, field: str) -> Metadata:
        """Return units, precision and limits of a field; records override this."""
        return {"units": self.values.get("EGU", ""), "precision": self.values.get("PREC", 0)}

    def describe(self, mask: int = 0) -> None:
        """Set the metadata of all fields anew; publish those in use if a `mask` is given."""
        for field, channel in self.fields.items():
            channel.describe(**self.metadata(field))
            if mask:
                channel.publish_now(mask)

    def raise_alarm(self, status: AlarmStatus, severity: AlarmSeverity, *fields: str) -> None:
        """Change the record's alarm, and publish `fields` with it, if it is another one."""
        if (status, severity) == (self.alarm.status, self.alarm.severity):
            return
        at_once(self.alarm.write(status=status, severity=severity, publish=False))
        self.post("STAT", int(status))
        self.post("SEVR", int(severity))
        for field in fields:
            if (channel := self.fields.get(field)) is not None:
                channel.publish_now(SubscriptionType.DBE_ALARM | SubscriptionType.DBE_VALUE)

    # ---- completion

    async def until_idle(self) -> None:
        """Wait for `release`."""
        await self._completions.wait()

    def release(self, error: Exception | None = None) -> None:
        """Let all puts complete that wait, or fail with `error`."""
        self._completions.release(error)


class Fields(dict[str, Field]):
    """The channels of a record's fields, made when first asked for."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self._record = record

    def __missing__(self, name: str) -> Field:
        record = self._record
        value = record.arrays[name] if name in record.arrays else record.values[name]
        field = build(record, name, record.specs[name], value, record.alarm)
        field.describe(**record.metadata(name))
        self[name] = field
        return field
