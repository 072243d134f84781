"""What Tango says of an attribute, as signals carry it: value, quality, time, unit, limits; and what is wrong."""

from __future__ import annotations

import math
from typing import Any

import tango
from tango import AttrQuality, AttrWriteType, CmdArgType

from devices.signals import INVALID, Quantity
from devices.tango_names import Part, Row

SEVERITIES = {
    AttrQuality.ATTR_VALID: 0,
    AttrQuality.ATTR_CHANGING: 0,
    AttrQuality.ATTR_WARNING: 1,
    AttrQuality.ATTR_ALARM: 2,
    AttrQuality.ATTR_INVALID: INVALID,
}
FLOATS = frozenset({CmdArgType.DevDouble, CmdArgType.DevFloat})
INTEGERS = frozenset(
    {
        CmdArgType.DevShort,
        CmdArgType.DevLong,
        CmdArgType.DevLong64,
        CmdArgType.DevUShort,
        CmdArgType.DevULong,
        CmdArgType.DevULong64,
        CmdArgType.DevUChar,
        CmdArgType.DevBoolean,
    }
)
SUITS = {
    "float": FLOATS | INTEGERS,
    "int": INTEGERS | {CmdArgType.DevEnum},
    "enum": frozenset({CmdArgType.DevEnum, CmdArgType.DevBoolean, CmdArgType.DevState}),
    "string": frozenset({CmdArgType.DevString}),
}
FORMATS = ("a scalar", "a spectrum", "an image", "of no known format")  # as Tango numbers them
OF_STATE = frozenset({Part.MOVING, Part.RESTING, Part.ACTING})
UNSET = frozenset({"", "Not specified", "No unit", "No standard unit", "No display unit"})


def number(text: str) -> float:
    """Return a number as Tango's configuration writes it, or NaN where it says that there is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def unit(config: Any) -> str:
    """Return the unit of an attribute."""
    return "" if config.unit in UNSET else str(config.unit)


def limits(config: Any) -> tuple[float, float]:
    """Return the lowest and highest value that may be written; equal where there are none."""
    low, high = number(config.min_value), number(config.max_value)
    return (low, high) if low < high else (0.0, 0.0)


def digits(config: Any) -> int | None:
    """Return the digits after the point that the format asks for."""
    text = str(config.format).strip("%")
    if text.endswith(("f", "e")) and "." in text:
        after = text[:-1].split(".")[1]
        return int(after) if after.isdecimal() else None
    return None


def levels(config: Any) -> dict[str, dict[str, float | None]]:
    """Return alarm and warning levels as event-model's `limits` has them; empty where there are none."""
    found: dict[str, dict[str, float | None]] = {}
    for name in ("alarm", "warning"):
        low, high = (number(getattr(config.alarms, f"{end}_{name}")) for end in ("min", "max"))
        if not (math.isnan(low) and math.isnan(high)):
            found[name] = {"low": None if math.isnan(low) else low, "high": None if math.isnan(high) else high}
    return found


def mismatch(config: Any, quantity: Quantity, row: Row) -> str:
    """Say why an attribute is not what a signal takes it for; empty if it is."""
    if row.part in OF_STATE:
        return ""
    if config.data_type not in SUITS[quantity.dtype]:
        return f"it is a {CmdArgType(config.data_type).name}, wanted as {quantity.dtype}"
    dimensions = int(config.data_format)
    if dimensions != len(quantity.shape):
        wanted, have = FORMATS[len(quantity.shape)], FORMATS[dimensions]
        return f"it is {have}, wanted as {wanted}"
    if quantity.writable and config.writable == AttrWriteType.READ:
        return "it cannot be written"
    labels = tuple(config.enum_labels)
    if quantity.dtype == "enum" and labels and labels != quantity.enum:
        return f"its states are {', '.join(labels)}, wanted {', '.join(quantity.enum)}"
    have = unit(config)
    if quantity.unit and have and have != quantity.unit:
        return f"it is in {have}, wanted in {quantity.unit}"
    return ""


def sample_of(reading: Any, quantity: Quantity, row: Row, last: Any) -> tuple[Any, float, int]:
    """Return value, time and severity of a reading.

    An invalid reading has no value: a number is then NaN, and what cannot say that it is none stays as it was last.
    """
    severity = SEVERITIES.get(reading.quality, INVALID)
    time = reading.time.totime()
    if row.part in OF_STATE:
        busy = reading.value in (tango.DevState.MOVING, tango.DevState.RUNNING)
        return int(busy != (row.part is Part.RESTING)), time, severity
    value = reading.w_value if row.part is Part.SETPOINT else reading.value
    if value is None or severity >= INVALID:
        return nothing(quantity, last), time, INVALID
    return plain(quantity, value), time, 0 if row.part is Part.SETPOINT else severity


def plain(quantity: Quantity, value: Any) -> Any:
    """Return a value as the signal's type."""
    if quantity.shape:
        return value
    if quantity.dtype == "float":
        return float(value)
    return str(value) if quantity.dtype == "string" else int(value)


def nothing(quantity: Quantity, last: Any) -> Any:
    """Return what stands for no value."""
    if quantity.dtype == "float" and not quantity.shape:
        return math.nan
    return last if last is not None else {"string": ""}.get(quantity.dtype, 0)
