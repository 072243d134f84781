"""The attributes of a device: its own signals, and what it computes from those of others.

A signal has the name that `devices.tango_names` gives it where there is one, so an exported axis looks like one that
has always been on Tango; every other is its name in capitals and small letters (``low_soft`` is ``LowSoft``).

Written is what the device itself takes (an axis, the energy) and what is its configuration, a counter's preset time for
one. All other signals are read-only here even where the control system would take a value: what starts or limits a
motion is the device's affair.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ophyd import Kind

from beam.errors import OutOfReach, TerasuError
from beam.latin import latin
from daq.errors import Refused
from daq.tango_export.acting import Acting
from daq.tango_export.face import Form, Reading, Shown
from daq.tango_export.rights import Rights
from devices.base import Instrument
from devices.errors import NotTaken
from devices.signals import DeviceSignal, Quantity
from devices.state import State
from devices.tango_names import NAMES, Part

TAKEN_S = 2.0
"""Within which a setting must have been taken: clients wait 3 s for an answer."""
SETTINGS = frozenset({"preset_time"})
"""Signals that may be written though they are no configuration of their own."""
SOFT_LIMITS = ("low_soft", "high_soft")
DTYPES = {"number": "float", "integer": "int", "string": "string", "boolean": "int"}


def attributes(member: Any, acting: Acting, rights: Rights) -> Iterator[tuple[Shown, tuple[DeviceSignal, ...]]]:
    """Yield what a device shows, each with the signals by which it changes.

    Parameters
    ----------
    member
        The device, without its parts.
    acting
        Where what clients start is kept.
    rights
        What they may do.
    """
    positioner = _offers(member, "set", "position", "limits")
    if isinstance(member, Instrument):
        for signal in member.signals():
            if signal.parent is not member or (signal.optional and not signal.connected):
                continue
            if positioner and signal is member.readback:
                ends = [one for one in (getattr(member, key, None) for key in SOFT_LIMITS) if one is not None]
                yield _position(member, signal, acting, rights), (signal, member.setpoint, *ends)
            elif (name := name_of(member, signal)) and not (positioner and signal is member.setpoint):
                yield _of_signal(name, signal, rights), (signal,)
    else:
        yield from _computed(member, acting, rights)


def _offers(device: Any, *names: str) -> bool:
    """Return whether a device's class has all of these; nothing is computed for the answer."""
    return all(hasattr(type(device), name) for name in names)


def name_of(member: Any, signal: DeviceSignal) -> str:
    """Return the name of a signal's attribute; empty where a command or the state says what it does."""
    row = NAMES.get(member.kind_of_device, {}).get(signal.attr_name)
    if row is not None:
        return row.name if row.part is Part.VALUE and row.name != "Status" else ""
    if signal.attr_name == "stop_motion" or signal.attr_name.endswith("_command"):
        return ""
    return camel(signal.attr_name)


def camel(name: str) -> str:
    """Return ``first_harmonic`` as ``FirstHarmonic``."""
    return "".join(one[:1].upper() + one[1:] for one in name.split("_"))


def plain(quantity: Quantity, value: Any) -> Any:
    """Return a value as Tango takes it."""
    if quantity.dtype == "string" and not quantity.shape:
        return latin(str(value))
    return value


def checked(name: str, value: float, form: Form) -> None:
    """Refuse a number that may not be written.

    Raises
    ------
    OutOfReach
        It is none, or beyond the limits.
    """
    allowed = f"allowed {form.low:.9g} … {form.high:.9g} {form.unit}" if form.low < form.high else "not a finite number"
    if not math.isfinite(value) or (form.low < form.high and not form.low <= value <= form.high):
        raise OutOfReach(f"{name} {value:.9g} {form.unit}: {allowed}")


# -- a signal -----------------------------------------------------------------------------------------------------


def _of_signal(name: str, signal: DeviceSignal, rights: Rights) -> Shown:
    quantity = signal.quantity
    scalar = quantity.writable and not quantity.shape
    is_setting = scalar and (bool(signal.kind & Kind.config) or signal.attr_name in SETTINGS)
    # where our own devices look for something that can be written, there is something: it refuses
    writable = is_setting or (scalar and signal.attr_name in SOFT_LIMITS)

    def read() -> Reading:
        # arrays need not be monitored: they are asked for when somebody wants them
        sample = signal.fetch() if quantity.shape else signal.sample
        value = plain(quantity, sample.value)
        severity = sample.severity
        if quantity.dtype == "enum" and not 0 <= int(value) < len(quantity.enum):
            severity = 3
        return Reading(value, sample.time, severity, value if writable else None)

    def form() -> Form:
        low, high = (float(one or 0) for one in signal.limits)
        # fields of a record that count or say yes and no have the unit of its value all the same
        unit = str(getattr(signal, "unit", quantity.unit)) if quantity.dtype == "float" else quantity.unit
        return Form(unit, signal.digits, low, high, signal.levels if quantity.dtype == "float" else {})

    def take(value: Any) -> None:
        rights.write()
        if not is_setting:
            raise Refused(f"{signal.name}: limits are not changed through the export")
        if quantity.dtype in ("float", "int"):
            checked(signal.name, value, form())
        status = signal.set(value)
        try:
            status.wait(TAKEN_S)
        except TimeoutError as error:
            raise NotTaken(f"{signal.name}: {signal.address} did not take {value} within {TAKEN_S:g} s") from error

    doc = str(getattr(type(signal.parent), str(signal.attr_name)).doc or "") if signal.parent is not None else ""
    return Shown(
        name,
        quantity.dtype,
        read,
        form,
        take if writable else None,
        quantity.shape,
        quantity.enum,
        f"{signal.parent.label if signal.parent is not None else ''} {signal.attr_name.replace('_', ' ')}".strip(),
        doc,
    )


# -- what is moved ------------------------------------------------------------------------------------------------


def _position(axis: Any, readback: DeviceSignal, acting: Acting, rights: Rights) -> Shown:
    row = NAMES.get(axis.kind_of_device, {}).get("readback")

    def read() -> Reading:
        sample = readback.sample
        return Reading(sample.value, sample.time, sample.severity, axis.setpoint.sample.value, axis.moving)

    return Shown(
        row.name if row is not None else "Position",
        "float",
        read,
        lambda: Form(axis.unit, axis.precision, *_limits(axis), readback.levels),
        lambda value: _move(axis, value, acting, rights),
        label=axis.label,
        doc="where it is; writing moves it there",
    )


def _limits(device: Any) -> tuple[float, float]:
    try:
        low, high = device.limits
    except TerasuError:  # they may be the server's, and it does not answer
        return 0.0, 0.0
    return float(low), float(high)


def _move(device: Any, value: float, acting: Acting, rights: Rights) -> None:
    rights.write()
    acting.begin(lambda: device.set(value), State.MOVING)


# -- what is computed ---------------------------------------------------------------------------------------------


def _computed(device: Any, acting: Acting, rights: Rights) -> Iterator[tuple[Shown, tuple[DeviceSignal, ...]]]:
    signals = tuple(device.signals())
    try:
        keys: dict[str, Any] = dict(device.describe())
    except TerasuError:
        keys = {device.name: {"dtype": "number", "units": getattr(device, "unit", "")}}
    movable = _offers(device, "set", "position")
    for key, described in keys.items():
        suffix = key.removeprefix(device.name).strip("_")
        if movable and suffix == "setpoint":
            continue
        moves = movable and not suffix
        yield _of_key(key, camel(suffix) or "Position", described, device, acting, rights, moves), signals


def _of_key(
    key: str, name: str, described: dict[str, Any], device: Any, acting: Acting, rights: Rights, moves: bool
) -> Shown:
    enum = tuple(described.get("enum_strs") or ())
    shape = tuple(described.get("shape") or ())
    array = described["dtype"] == "array"
    kind = str(described.get("dtype_numpy", "<f8"))[1:2] if array else ""
    dtype: Any = ("int" if kind in "iu" else "float") if array else "enum" if enum else DTYPES[described["dtype"]]

    def read() -> Reading:
        found = device.read()[key]
        value = enum.index(found["value"]) if enum else found["value"]
        value = latin(value) if isinstance(value, str) else value
        return Reading(value, found["timestamp"], 0, device.setpoint if moves else None, moves and device.moving)

    def form() -> Form:
        low, high = described.get("lower_ctrl_limit", 0.0), described.get("upper_ctrl_limit", 0.0)
        if moves:
            low, high = _limits(device)
        return Form(str(described.get("units", "")), described.get("precision"), low, high, described.get("limits", {}))

    return Shown(
        name,
        dtype,
        read,
        form,
        (lambda value: _move(device, value, acting, rights)) if moves else None,
        shape,
        enum,
        device.label if moves else key.replace("_", " "),
        "where it is; writing moves it there" if moves else f"computed: {described.get('source', '')}",
    )
