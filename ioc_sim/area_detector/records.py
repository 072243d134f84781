"""Channels for the records of a port, with the fields that clients ask records for.

A record's value is a plain channel. Its other fields (`.EGU`, `.DISA`, `.ZRST` …) are made when somebody asks for one:
a detector has thousands of records, and of most nobody ever wants more than the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import caproto as ca
import numpy as np
from caproto.server.records import base

from ioc_sim.area_detector.table import Row
from ioc_sim.channels import Channel, Check, Enum, Float, Int, LongText, Put, Text
from ioc_sim.records.field_specs import Specs, common, specs_of
from ioc_sim.records.record import Record

OUTPUTS = frozenset({"ao", "bo", "mbbo", "longout", "stringout", "busy", "waveform", "calcout", "asyn"})
"""Record types that clients may write."""
PIXELS = {"CHAR": np.uint8, "SHORT": np.int16, "LONG": np.int32, "FLOAT": np.float32, "DOUBLE": np.float64}
"""What the elements of an array are, by the name of their type in a record."""

_FIELDS: dict[str, Any] = {
    "ai": base.AiFields,
    "ao": base.AoFields,
    "bi": base.BiFields,
    "bo": base.BoFields,
    "busy": base.BoFields,
    "calc": base.CalcFields,
    "calcout": base.CalcoutFields,
    "compress": base.CompressFields,
    "dfanout": base.DfanoutFields,
    "fanout": base.FanoutFields,
    "longin": base.LonginFields,
    "longout": base.LongoutFields,
    "mbbi": base.MbbiFields,
    "mbbo": base.MbboFields,
    "stringin": base.StringinFields,
    "stringout": base.StringoutFields,
    "subArray": base.SubarrayFields,
    "waveform": base.WaveformFields,
}
_STATES = ("ZR", "ON", "TW", "TH", "FR", "FV", "SX", "SV", "EI", "NI", "TE", "EL", "TV", "TT", "FT", "FF")


class RecordFields(Record):
    """The fields of a record beside its value: they describe it, and follow its alarm."""

    def __init__(self, name: str, row: Row, elements: int, alarm: ca.ChannelAlarm) -> None:
        self.record_type = row.record
        super().__init__(name, _specs(row.record))
        self.alarm = alarm
        known = {"EGU": row.unit, "PREC": row.digits, "NELM": elements}
        if row.choices and row.record in ("bi", "bo", "busy"):
            known |= dict(zip(("ZNAM", "ONAM"), row.choices, strict=False))
        else:
            known |= {f"{state}ST": text for state, text in zip(_STATES, row.choices, strict=False)}
        self.values |= {field: value for field, value in known.items() if field in self.values}


def _specs(record: str) -> Specs:
    basic = {name: spec for name, spec in common().items() if name in ("RTYP", "UDF")}
    return (specs_of(_FIELDS[record]) if record in _FIELDS else common()) | basic


class _Fielded(Channel):
    """A channel with the fields of a record."""

    row: Row
    _fields: RecordFields | None = None

    def get_field(self, field: str) -> Any:
        """Return the channel of a field, or raise KeyError: there is none such."""
        if field in ("", "VAL"):
            return self
        if self._fields is None:
            self._fields = RecordFields(self.name, self.row, self.max_length or 1, self.alarm or ca.ChannelAlarm())
        if field not in self._fields.values:
            raise KeyError(field)
        return self._fields.fields[field]


class FloatRecord(_Fielded, Float):
    """ai, ao, calc, calcout."""


class IntRecord(_Fielded, Int):
    """longin, longout, and what only passes on."""


class MenuRecord(_Fielded, Enum):
    """bi, bo, busy, mbbi, mbbo."""


class TextRecord(_Fielded, Text):
    """stringin, stringout."""


class LongTextRecord(_Fielded, LongText):
    """A waveform of characters."""


class _Array(_Fielded):
    """A waveform of numbers; what is posted must not be changed afterwards."""

    def clean(self, value: Any) -> Any:
        """Return a put as an array."""
        return np.atleast_1d(self.preprocess_value(value))

    def update(self, value: Any, *, timestamp: float | None = None) -> None:
        """Post: arrays are not compared."""
        self.post(value, timestamp=timestamp)


class BytesRecord(_Array, ca.ChannelByte):
    """A waveform of DBF_UCHAR or DBF_CHAR."""


class ShortsRecord(_Array, ca.ChannelShort):
    """A waveform of DBF_SHORT."""


class LongsRecord(_Array, ca.ChannelInteger):
    """A waveform of DBF_LONG."""


class FloatsRecord(_Array, ca.ChannelFloat):
    """A waveform of DBF_FLOAT."""


class DoublesRecord(_Array, ca.ChannelDouble):
    """A waveform of DBF_DOUBLE."""


_ARRAYS: dict[str, type[Any]] = {
    "CHAR": BytesRecord,
    "SHORT": ShortsRecord,
    "LONG": LongsRecord,
    "FLOAT": FloatsRecord,
    "DOUBLE": DoublesRecord,
}


def build(row: Row, sizes: Mapping[str, int], pixel: str, on_put: Put | None, check: Check | None) -> Any:
    """Make the channel of one record."""
    options: dict[str, Any] = {"on_put": on_put, "check": check, "reported_record_type": row.record}
    kind = pixel if row.element == "PIXEL" else row.element
    if kind == "CHAR" and row.element != "PIXEL":
        channel: Any = LongTextRecord(row.value, max_length=row.elements(sizes), **options)
    elif kind:
        empty = b"" if kind == "CHAR" else np.zeros(0, PIXELS[kind])
        channel = _ARRAYS[kind](value=empty, max_length=row.elements(sizes), **options)
    elif row.record in ("stringin", "stringout"):
        channel = TextRecord(row.value, **options)
    elif row.record in ("bi", "bo", "busy", "mbbi", "mbbo"):
        choices = row.choices or ("0", "1")
        channel = MenuRecord(choices[int(row.value or 0)], choices, **options)
    elif row.record in ("ai", "ao", "calc", "calcout", "dfanout"):
        channel = FloatRecord(float(row.value or 0), units=row.unit, precision=row.digits, **options)
    else:
        channel = IntRecord(int(row.value or 0), units=row.unit, **options)
    channel.row = row
    return channel
