"""The channels under a record's name: one per field, all with the record's time and alarm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import caproto as ca
import numpy as np
import numpy.typing as npt
from caproto import ChannelType, SubscriptionType

from ioc_sim.channels import at_once
from ioc_sim.errors import Refused
from ioc_sim.packed import Packing
from ioc_sim.records.field_specs import FieldSpec, Value
from ioc_sim.watching import Watched

if TYPE_CHECKING:
    from ioc_sim.records.record import Record

Array: TypeAlias = npt.NDArray[np.int32] | npt.NDArray[np.float64]

MONITOR = SubscriptionType.DBE_VALUE | SubscriptionType.DBE_LOG


class Field(Watched, Packing):
    """A field as a channel: a put goes to the record, which decides what is stored and published."""

    record: Record
    name: str
    spec: FieldSpec
    _mask: int = 0

    def bind(self, record: Record, name: str, spec: FieldSpec) -> None:
        """Make this channel a field of `record`."""
        self.record, self.name, self.spec = record, name, spec

    def check_access(self, hostname: str, username: str) -> ca.AccessRights:
        """Grant writing unless the field is read-only."""
        return ca.AccessRights.READ if self.spec.read_only else ca.AccessRights.READ | ca.AccessRights.WRITE

    @property
    def epics_timestamp(self) -> ca.TimeStamp:
        """The record's time: its fields have none of their own."""
        return self.record.timestamp

    @property
    def timestamp(self) -> float:
        """The record's time (POSIX seconds)."""
        return self.record.time

    def plain(self, value: Any) -> Value:
        """Return what a client sent as the record's kind of value, or raise Refused."""
        value = self.preprocess_value(value)
        value = value.item() if hasattr(value, "item") else value
        if not math.isfinite(value):
            raise Refused(f"{self.record.name}.{self.name}: {value} is no number that can be set")
        return value

    def stored(self, value: Any) -> Any:
        """Return the record's value as caproto stores it."""
        return value

    def get_field(self, field: str) -> Field:
        """Return another field of the record by name, as VAL does; KeyError if there is none such."""
        if self.name == "VAL":
            return self.record.fields[field or "VAL"]
        raise KeyError(field)

    async def write_from_dbr(self, *args: Any, **kwargs: Any) -> None:
        """Take a put as it came over the wire; what cannot be converted is refused."""
        try:
            await super().write_from_dbr(*args, **kwargs)
        except ca.CaprotoError as error:
            raise Refused(f"{self.record.name}.{self.name}: {args[0]!r} cannot be put here") from error

    async def write(self, value: Any, **_: Any) -> None:
        """Take a client's put; returns when the record has done what it asks for."""
        await self.record.put(self.name, self.plain(value))

    def post(self, value: Value | Array, mask: int = MONITOR) -> None:
        """Store a value and publish it."""
        self._data["value"] = self.stored(value)
        self.publish_now(mask)

    def publish_now(self, mask: int) -> None:
        """Publish the present value to those who subscribed to one of these kinds of event."""
        self._mask = mask
        at_once(self.publish(mask))
        for watcher in self.watchers:
            watcher()

    def _is_eligible(self, ss: Any) -> bool:
        return bool(not self._mask or ss.mask & self._mask) and super()._is_eligible(ss)

    def rename(self, choices: tuple[str, ...], value: int) -> None:
        """Give the choices of a menu other names, without publishing; its present one is `value`."""
        self._data.update(enum_strings=choices, value=choices[value])

    def describe(self, **metadata: Any) -> None:
        """Set units, precision and limits, without publishing."""
        self._data.update({key: value for key, value in metadata.items() if key in self._data})


class DoubleField(Field, ca.ChannelDouble):
    """DBF_DOUBLE."""


class FloatField(Field, ca.ChannelFloat):
    """DBF_FLOAT."""


class ShortField(Field, ca.ChannelShort):
    """DBF_SHORT."""


class LongField(Field, ca.ChannelInteger):
    """DBF_LONG."""


class ByteField(Field, ca.ChannelByte):
    """DBF_UCHAR."""

    def plain(self, value: Any) -> int:
        """Return the byte as a number."""
        value = self.preprocess_value(value)
        return value[0] if isinstance(value, bytes) and value else int(value or 0)

    def stored(self, value: Value) -> bytes:
        """Return the number as a byte."""
        return bytes([int(value) & 0xFF])


class MenuField(Field, ca.ChannelEnum):
    """DBF_MENU: the record's value is the index."""

    def plain(self, value: Any) -> int:
        """Return the index of a choice that was given by index or name."""
        value = self.preprocess_value(value)
        value = value.decode() if isinstance(value, bytes) else value
        choices = self.enum_strings
        if isinstance(value, str) and value in choices:
            return choices.index(value)
        try:
            index = int(value)
        except ValueError:
            index = -1
        if not 0 <= index < len(choices):
            raise Refused(f"{self.record.name}.{self.name}: {value!r} is none of {', '.join(choices)}")
        return index

    def stored(self, value: Value) -> str:
        """Return the name of a choice."""
        return self.enum_strings[int(value)]


class TextField(Field, ca.ChannelChar):
    """DBF_STRING; as characters when asked for with `$`."""

    def plain(self, value: Any) -> str:
        """Return the text, cut to the field's size."""
        return self.preprocess_value(value).split("\0", 1)[0][: self.spec.size - 1]


class LongArrayField(Field, ca.ChannelInteger):
    """An array of DBF_LONG, read-only."""


class DoubleArrayField(Field, ca.ChannelDouble):
    """An array of DBF_DOUBLE, read-only."""


def empty(spec: FieldSpec) -> Array:
    """Return an array of no elements for a field that is one."""
    return np.zeros(0, np.int32) if spec.type == ChannelType.LONG else np.zeros(0)


_CLASSES: dict[ChannelType, type[Field]] = {
    ChannelType.DOUBLE: DoubleField,
    ChannelType.FLOAT: FloatField,
    ChannelType.INT: ShortField,
    ChannelType.LONG: LongField,
    ChannelType.CHAR: ByteField,
}


def build(record: Record, name: str, spec: FieldSpec, value: Any, alarm: ca.ChannelAlarm) -> Field:
    """Make the channel of one field; VAL answers for the record's name and finds the others."""
    options: dict[str, Any] = {"alarm": alarm, "reported_record_type": record.record_type}
    if spec.elements > 1:
        cls: type[Field] = LongArrayField if spec.type == ChannelType.LONG else DoubleArrayField
        options |= {"value": value, "max_length": spec.elements}
    elif spec.type == ChannelType.ENUM:
        cls = MenuField
        options |= {"value": spec.choices[int(value)], "enum_strings": spec.choices}
    elif spec.type == ChannelType.STRING:
        cls = TextField
        options |= {
            "value": value,
            "max_length": spec.size,
            "report_as_string": True,
            "string_encoding": "utf-8",
        }
    elif spec.type == ChannelType.CHAR:
        cls = ByteField
        options |= {"value": bytes([int(value)]), "strip_null_terminator": False}
    else:
        cls = _CLASSES[spec.type]
        options |= {"value": value}
    field = cls(**options)
    field.bind(record, name, spec)
    return field
