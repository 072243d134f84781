"""Which fields a record has: from the definitions in caproto, which are generated from those of EPICS base.

DBF_ULONG goes over Channel Access as a double, DBF_USHORT as a long: so MSTA and the scaler's counts are
doubles here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import caproto as ca
from caproto import ChannelType
from caproto.server.records import base

Value = float | int | str


@dataclass(frozen=True)
class FieldSpec:
    """One field: its type on the wire, how it starts, and whether clients may write it."""

    type: ChannelType
    value: Value
    read_only: bool = False
    choices: tuple[str, ...] = ()
    size: int = 1
    """Of a text: the longest."""
    elements: int = 1
    """Of an array: the most; 1 is no array."""
    doc: str = ""


Specs = dict[str, FieldSpec]
"""Fields by name; records of a kind share theirs, so nobody changes them."""

_NUMBERS = (
    (ca.ChannelDouble, ChannelType.DOUBLE),
    (ca.ChannelFloat, ChannelType.FLOAT),
    (ca.ChannelShort, ChannelType.INT),
    (ca.ChannelInteger, ChannelType.LONG),
    (ca.ChannelByte, ChannelType.CHAR),
)


def _spec(prop: Any) -> FieldSpec:
    spec = prop.pvspec
    options = dict(spec.cls_kwargs or {})
    kind, read_only = spec.dtype, bool(spec.read_only)
    if options.get("enum_strings"):
        choices = tuple(options["enum_strings"])
        index = choices.index(spec.value) if spec.value in choices else int(spec.value or 0)
        return FieldSpec(ChannelType.ENUM, index, read_only, choices, doc=spec.doc or "")
    if isinstance(kind, type):
        for number, wire in _NUMBERS:
            if issubclass(kind, number):
                value = spec.value[0] - ord("0") if isinstance(spec.value, bytes) else spec.value or 0
                return FieldSpec(wire, value, read_only, doc=spec.doc or "")
        return FieldSpec(
            ChannelType.STRING, spec.value or "", read_only, size=spec.max_length or 40, doc=spec.doc or ""
        )
    return FieldSpec(kind, spec.value or 0, read_only, doc=spec.doc or "")


@cache
def specs_of(group: Any) -> Specs:
    """Return the fields of one of caproto's groups of fields."""
    return {prop.pvspec.name: _spec(prop) for prop in group._pvs_.values()}


def common() -> Specs:
    """Return the fields that every record has."""
    specs = specs_of(base.RecordFieldGroup)
    return specs | {
        "RTYP": text(20, read_only=True, doc="Record type"),
        "UDF": replace(specs["UDF"], value=0),
    }


def double(doc: str, value: float = 0.0, *, read_only: bool = False) -> FieldSpec:
    """Return a field of type DBF_DOUBLE."""
    return FieldSpec(ChannelType.DOUBLE, value, read_only, doc=doc)


def long(doc: str, value: int = 0, *, read_only: bool = False) -> FieldSpec:
    """Return a field of type DBF_LONG."""
    return FieldSpec(ChannelType.LONG, value, read_only, doc=doc)


def short(doc: str, value: int = 0, *, read_only: bool = False) -> FieldSpec:
    """Return a field of type DBF_SHORT."""
    return FieldSpec(ChannelType.INT, value, read_only, doc=doc)


def real(doc: str, value: float = 0.0) -> FieldSpec:
    """Return a field of type DBF_FLOAT."""
    return FieldSpec(ChannelType.FLOAT, value, doc=doc)


def menu(doc: str, *choices: str, value: int = 0) -> FieldSpec:
    """Return a field of type DBF_MENU."""
    return FieldSpec(ChannelType.ENUM, value, choices=choices, doc=doc)


def text(size: int, value: str = "", *, read_only: bool = False, doc: str = "") -> FieldSpec:
    """Return a field of type DBF_STRING."""
    return FieldSpec(ChannelType.STRING, value, read_only, size=size, doc=doc)


@cache
def motor() -> Specs:
    """Return the fields of a motor record: caproto's, and those that were added since its list was generated."""
    specs = specs_of(base.MotorFields) | {
        **{name: spec for name, spec in common().items() if name in ("RTYP", "UDF")},
        "VAL": double("User Desired Value (EGU"),
        "ACCS": double("Move Accel. (EGU/s^2)"),
        "ACCU": menu("Acceleration used", "Use ACCL", "Use ACCS"),
        "RHLM": double("Raw High Limit", read_only=True),
        "RLLM": double("Raw Low Limit", read_only=True),
        "RSTM": menu("Restore Mode", "Never", "Always", "NearZero", "Conditional", value=2),
        "MSTA": double("Motor Status", read_only=True),
    }
    for name in ("MIP", "NTMF"):
        specs[name] = replace(specs[name], type=ChannelType.LONG)
    for name in ("HSV", "HHSV", "LSV", "LLSV", "HLSV"):
        specs[name] = replace(specs[name], value=0)
    return specs


CHANNELS = 32
"""Channels that a scaler record has fields for, whatever its NCH."""


@cache
def scaler(channels: int) -> Specs:
    """Return the fields of a scaler record with `channels` in use (epics-modules/scaler, scalerRecord.dbd)."""
    specs = common() | {
        "VERS": replace(real("Code Version", 3.19), read_only=True),
        "VAL": double("Result"),
        "FREQ": double("Time base freq"),
        "CNT": menu("Count", "Done", "Count"),
        "PCNT": replace(menu("Prev Count", "Done", "Count"), read_only=True),
        "SS": short("Scaler state", read_only=True),
        "US": short("User state", read_only=True),
        "CONT": menu("OneShot/AutoCount", "OneShot", "AutoCount"),
        "OUT": text(40, doc="Output Specification"),
        "CARD": short("Card Number", read_only=True),
        "RATE": real("Display Rate (Hz.)"),
        "RAT1": real("Auto Display Rate (Hz.)"),
        "DLY": real("Delay"),
        "DLY1": real("Auto-mode Delay"),
        "NCH": short("Number of Channels", channels, read_only=True),
        "TP": double("Time Preset"),
        "TP1": double("Time Preset", 1.0),
        "T": double("Timer", read_only=True),
        "EGU": text(16, doc="Units Name"),
        "PREC": short("Display Precision"),
        "COUT": text(40, doc="CNT Output"),
        "COUTP": text(40, doc="CNT Output Prompt"),
    }
    for n in range(1, CHANNELS + 1):
        specs |= {
            f"D{n}": menu(f"Count Direction {n}", "Up", "Dn", value=int(n == 1)),
            f"G{n}": menu(f"Gate Control {n}", "N", "Y", value=int(n == 1)),
            f"PR{n}": double(f"Preset {n}"),
            f"S{n}": double(f"Count {n}", read_only=True),
            f"NM{n}": text(16, doc=f"Scaler {n} name"),
        }
    return specs
