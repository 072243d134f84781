"""Tango devices that show faces. Imported only when something is exported: Tango's library takes a while to load.

A Tango class is made for each device, with its commands; attributes are added when the device starts, and once more
when a server that did not answer then has come back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NoReturn

import tango
from tango import AttrQuality, AttrWriteType, AutoTangoMonitor, DevState
from tango.server import Device, attribute, command

from beam.errors import TerasuError
from beam.latin import latin
from daq.tango_export.face import STATE, Face, Form, Reading, Shown
from devices.state import State, Stated

STATUS = "Status"
QUALITIES = {1: AttrQuality.ATTR_WARNING, 2: AttrQuality.ATTR_ALARM, 3: AttrQuality.ATTR_INVALID}
TYPES: Mapping[str, Any] = {"float": float, "int": int, "string": str, "enum": "DevEnum"}
LEAST_DIMENSION = 4096
"""Arrays may become larger than they are when the export starts, a detector's by another region."""


def failure(error: Exception, where: str) -> tango.DevFailed:
    """Return an error as Tango carries it: its kind, and its one line."""
    one = tango.DevError()
    one.reason, one.desc, one.origin = type(error).__name__, latin(" ".join(str(error).split())), where
    one.severity = tango.ErrSeverity.ERR
    return tango.DevFailed(one)


def quality(reading: Reading) -> AttrQuality:
    """Return the quality that says a severity."""
    valid = AttrQuality.ATTR_CHANGING if reading.changing else AttrQuality.ATTR_VALID
    return QUALITIES.get(reading.severity, valid)


class ExportedDevice(Device):
    """A device behind which there is a face."""

    face: ClassVar[Face]
    made: ClassVar[dict[str, ExportedDevice]]
    """The devices of this process by name: Tango makes them itself, once more when a client restarts the server."""

    def init_device(self) -> None:
        """Make ready; a client's Init comes here, too. What it finds wrong, state and sentence say."""
        if hasattr(self, "_shown"):
            try:
                self.face.init()
            except TerasuError as error:
                # Tango lets no error of Init through to the client
                self._init_failure = f"; Init was refused: {error}"
            else:
                self._init_failure = ""
            return
        super().init_device()
        self._init_failure = ""
        self._shown: dict[str, Shown] = {}
        self._forms: dict[str, Form] = {}
        self._last: Stated | None = None
        for name in (STATE, STATUS):
            self.set_change_event(name, True, False)
            self.set_archive_event(name, True, False)

    def initialize_dynamic_attributes(self) -> None:
        """Make the attributes that the face has."""
        self.look_again()
        self.made[self.face.name] = self

    def look_again(self) -> None:
        """Show what the face has now: more attributes, other limits, once a server has answered."""
        for one in self.face.attributes():
            form = one.form()
            if one.name not in self._shown:
                self._shown[one.name] = one
                self._forms[one.name] = form
                self.add_attribute(self._attribute(one, form))
                self.set_change_event(one.name, True, False)
                self.set_archive_event(one.name, True, False)
            else:
                self._describe(one, form)

    def _describe(self, one: Shown, form: Form) -> None:
        """Tell clients what an attribute says of itself now, if that is something else than before."""
        if form == self._forms[one.name]:
            return
        self._forms[one.name] = form
        attr = self.get_device_attr().get_attr_by_name(one.name)
        properties = attr.get_properties()
        for key, value in described(one, form).items():
            setattr(properties, key, str(value))
        attr.set_properties(properties)

    # -- asked by clients --------------------------------------------------------------------------------------

    def dev_state(self) -> DevState:
        """Return the state as it is now."""
        return dev_state(self.face.stated().state)

    def dev_status(self) -> str:
        """Return the sentence that says why."""
        return latin(self.face.stated().text + self._init_failure)

    def do(self, what: str, action: Callable[[], None]) -> None:
        """Do what a client asked for; a refusal goes to it in one line."""
        try:
            action()
        except (TerasuError, ValueError) as error:
            self._refuse(error, what)

    def _read(self, attr: Any) -> tuple[Any, float, AttrQuality]:
        name = attr.get_name()
        try:
            reading = self._shown[name].read()
        except TerasuError as error:
            self._refuse(error, name)
        self._keep_written(name, reading)
        return reading.value, reading.time, quality(reading)

    def _write(self, attr: Any) -> None:
        name, take = attr.get_name(), self._shown[attr.get_name()].take
        if take is not None:
            self.do(name, lambda: take(attr.get_write_value()))

    def _refuse(self, error: Exception, what: str) -> NoReturn:
        raise failure(error, f"{self.get_name()}/{what}") from error

    # -- told to clients, in the thread of all pushes ------------------------------------------------------------

    def push(self, name: str) -> None:
        """Tell those who subscribed what an attribute is now, or why that is not known."""
        shown = self._shown.get(name)
        if shown is None:
            return
        if shown.take is not None:
            self._describe(shown, shown.form())  # limits may be moved, too
        attr = self.get_device_attr().get_attr_by_name(name)
        pushes: list[Any] = []  # who subscribes later is told what it is then
        if attr.change_event_subscribed():
            pushes.append(self.push_change_event)
        if attr.archive_event_subscribed():
            pushes.append(self.push_archive_event)
        if not pushes:
            return
        try:
            with AutoTangoMonitor(self):  # a client's write under way has left its value where this is kept
                reading = shown.read()
                self._keep_written(name, reading)
        except TerasuError as error:
            why = failure(error, f"{self.get_name()}/{name}")
            for push in pushes:
                push(name, why)
            return
        for push in pushes:
            push(name, reading.value, reading.time, quality(reading))

    def push_state(self) -> None:
        """Tell those who subscribed state and sentence, as far as they have changed."""
        before, stated = self._last, self.face.stated()
        if stated == before:
            return
        self._last = stated
        # events carry these, whatever they are given
        self.set_state(dev_state(stated.state))
        self.set_status(latin(stated.text))
        if before is None or stated.state is not before.state:
            if before is not None and State.UNKNOWN in (stated.state, before.state):
                self.look_again()
            self.push_change_event(STATE)
            self.push_archive_event(STATE)
        self.push_change_event(STATUS)
        self.push_archive_event(STATUS)

    def _keep_written(self, name: str, reading: Reading) -> None:
        if reading.written is not None:
            self.get_device_attr().get_w_attr_by_name(name).set_write_value(reading.written)

    # -- making ------------------------------------------------------------------------------------------------

    def _attribute(self, one: Shown, form: Form) -> Any:
        options: dict[str, Any] = described(one, form)
        if one.take is not None:
            options |= {"access": AttrWriteType.READ_WRITE, "fset": self._write}
        if one.enum and one.dtype == "enum":
            options["enum_labels"] = list(one.enum)
        dtype = TYPES[one.dtype]
        if one.shape:
            options["max_dim_x"] = max(one.shape[-1], LEAST_DIMENSION)
            dtype = (dtype,)
        if one.shape[1:]:
            options["max_dim_y"] = max(one.shape[-2], LEAST_DIMENSION)
            dtype = (dtype,)
        return attribute(name=one.name, dtype=dtype, fget=self._read, **options)


def described(one: Shown, form: Form) -> dict[str, Any]:
    """Return what Tango calls an attribute's properties."""
    found: dict[str, Any] = {"label": latin(one.label or one.name), "unit": latin(form.unit)}
    if one.doc:
        found["description"] = latin(one.doc)
    if one.dtype not in ("float", "int") or one.shape:
        return found
    number = repr if one.dtype == "float" else lambda value: str(round(value))
    if form.digits is not None and one.dtype == "float":
        found["format"] = f"%.{form.digits}f"
    if form.low < form.high and one.take is not None:
        found |= {"min_value": number(form.low), "max_value": number(form.high)}
    for level, ends in form.levels.items():
        for end, key in (("low", f"min_{level}"), ("high", f"max_{level}")):
            if (value := ends.get(end)) is not None:
                found[key] = number(value)
    return found


def dev_state(state: State) -> DevState:
    """Return one of our states as Tango's of the same name."""
    return getattr(DevState, state.value)


def class_of(face: Face, made: dict[str, ExportedDevice]) -> type[ExportedDevice]:
    """Make the Tango class of a face, whose device will put itself into `made`."""
    members: dict[str, Any] = {"face": face, "made": made, "__doc__": f"{face.tango_class}, exported by Terasu."}
    members |= {name: command(_method(name, *act), doc_in=act.doc) for name, act in face.commands.items()}
    return type(face.tango_class, (ExportedDevice,), members)


def _method(name: str, doc: str, do: Callable[[], None]) -> Callable[[Any], None]:
    """Return the function of a command: Tango looks at its name and its parameters."""

    def run(self: ExportedDevice) -> None:
        self.do(name, do)

    run.__name__ = run.__qualname__ = name
    run.__doc__ = doc
    return run
