"""Any Tango device, filled from its own list of attributes and commands: for what has no class of its own here.

>>> camera = tango_device("bl09u/camera/1", name="camera", trigger="Start")   # doctest: +SKIP
>>> RE(count([camera]))                                                        # doctest: +SKIP

Scalars, spectra and images become signals under their names in lower case; what only the server changes is read at each
point, what can be written is configuration. Arrays are asked for when they are read, never polled.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, cast

import tango
from ophyd import Kind
from tango import AttrWriteType, CmdArgType

from beam.errors import UnknownName
from devices.base import Attr, Instrument
from devices.deadlines import PATIENCE
from devices.errors import NotConnected, NotTaken
from devices.signals import DeviceSignal, Quantity
from devices.state import State, Stated
from devices.tango_errors import NO_HOST, first_line, host_of, why_unreachable
from devices.tango_names import STATE, Part, Row
from devices.tango_signal import TangoSignal
from devices.tango_values import FLOATS, INTEGERS, unit
from devices.waiting import Waiting, in_background

STATUS = "Status"
STATES = tuple(one.value for one in State)
"""As Tango numbers them."""


class TangoDevice(Instrument):
    """A device whose signals are the attributes of a Tango device; made by `tango_device`."""

    kind_of_device = "tango_device"
    rows: ClassVar[dict[str, Row]] = {}
    commands: ClassVar[dict[str, str]] = {}
    """Names of its commands by their names in lower case."""
    trigger_command: ClassVar[str] = ""
    trigger_s: ClassVar[float] = 0.0

    tango_state: Attr
    tango_status: Attr

    def make_signal(
        self, attribute: str, quantity: Quantity, *, name: str, kind: Kind, optional: bool = False
    ) -> DeviceSignal:
        """Make the signal of an attribute."""
        row = self.rows[attribute]
        return TangoSignal(
            self.address,
            row,
            quantity=quantity,
            optional=optional,
            name=name,
            kind=kind,
            attr_name=attribute,
            parent=self,
        )

    def command(self, name: str, argument: Any = None) -> Any:
        """Execute a command and return its result.

        Raises
        ------
        UnknownName
            The device has no such command; with the nearest.
        NotTaken
            The device refused; with the first line of what it said.
        """
        if name.lower() not in self.commands:
            raise UnknownName(f"command of {self.address}", name, self.commands.values())
        try:
            return self._proxy().command_inout(self.commands[name.lower()], argument)
        except tango.DevFailed as error:
            raise NotTaken(f"{self.name}: {self.address} {name}: {first_line(error)}") from error

    def trigger(self) -> Any:
        """Take one reading: execute the trigger's command, wait until the state has left RUNNING or MOVING."""
        if not self.trigger_command:
            return super().trigger()
        status = Waiting(
            self.name,
            f"the end of {self.trigger_command}",
            PATIENCE.wall_seconds(self.trigger_s),
            lambda: str(self.tango_state.last_words),
        )
        status.guard(lambda: self._start.start(1, lambda: in_background(lambda: status.guard(ended))))

        def ended() -> None:
            if self._start.refusal:
                raise NotTaken(f"{self.name}: {self.address} {self.trigger_command}: {self._start.refusal}")
            state, text = self.tango_state.fetch().value, self.tango_status.fetch().value
            if STATES[state] in ("FAULT", "ALARM", "UNKNOWN"):
                raise NotTaken(f"{self.name}: {self.address} is {STATES[state]} after its trigger: {text}")
            status.finish()

        return status

    def read(self) -> Any:
        """Return the readings; arrays are asked for now."""
        for one in self.signals():
            if one.quantity.shape and one.kind & Kind.normal:
                one.fetch()
        return super().read()

    def report_state(self) -> Stated:
        """Return what the device says of itself."""
        return Stated(State(STATES[self.tango_state.sample.value]), str(self.tango_status.sample.value))

    @property
    def _start(self) -> DeviceSignal:
        return getattr(self, "start_command")  # noqa: B009 - there only where there is a trigger

    def _proxy(self) -> Any:
        proxy = cast(TangoSignal, self.tango_state).link.proxy
        if proxy is None:
            raise NotConnected(f"{self.name}: {self.address}: {self.tango_state.trouble}")
        return proxy


def tango_device(address: str, *, name: str, trigger: str = "", trigger_s: float = 0.0) -> TangoDevice:
    """Return a device with the attributes and commands that the server has now.

    Parameters
    ----------
    address
        Tango's name of the device.
    name
        In documents.
    trigger
        The command that takes one reading; without it, reading is all there is to do.
    trigger_s
        How long that may take, in device seconds.

    Raises
    ------
    NotConnected
        The device does not answer; names the host.
    UnknownName
        It has no command `trigger`.
    """
    if not host_of(address):
        raise NotConnected(f"{name}: {address}: {NO_HOST}")
    try:
        proxy = tango.DeviceProxy(address)
        configs = proxy.attribute_list_query_ex()
        commands = {one.lower(): one for one in proxy.get_command_list()}
        shapes = {one.name: shape_of(proxy, one) for one in configs}
    except tango.DevFailed as error:
        raise NotConnected(f"{name}: {address}: {why_unreachable(error, address)}") from error
    if trigger and trigger.lower() not in commands:
        raise UnknownName(f"command of {address}", trigger, commands.values())
    members: dict[str, Any] = {}
    rows: dict[str, Row] = {}
    for config in configs:
        key, quantity = key_of(config.name), quantity_of(config, shapes[config.name])
        if quantity is None:
            continue
        kind = "omitted" if config.name in (STATE, STATUS) else "config" if quantity.writable else "normal"
        # one attribute that the server cannot read leaves the others of use
        members[key] = Attr(quantity, kind=kind, doc=config.description, optional=config.name != STATE)
        rows[key] = Row(config.name, on_demand=bool(quantity.shape))
    if trigger:
        members["start_command"] = Attr(Quantity("int", writable=True), doc="takes one reading")
        rows["start_command"] = Row(commands[trigger.lower()], Part.COMMAND, moves=True)
    members |= {"rows": rows, "commands": commands, "trigger_command": trigger, "trigger_s": trigger_s}
    cls = type(key_of(name).title() or "Device", (TangoDevice,), members)
    return cls(address, name=name)


def key_of(name: str) -> str:
    """Return the name of a signal: ``ExposureTime`` is ``exposure_time``; State and Status are Tango's own."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    key = re.sub(r"\W+", "_", snake)
    return f"tango_{key}" if name in (STATE, STATUS) or hasattr(TangoDevice, key) else key


def shape_of(proxy: Any, config: Any) -> tuple[int, ...]:
    """Return the shape that an attribute has now; of a scalar, none."""
    if int(config.data_format) == 0:
        return ()
    reading = proxy.read_attribute(config.name)
    return (reading.dim_x,) if int(config.data_format) == 1 else (reading.dim_y, reading.dim_x)


def quantity_of(config: Any, shape: tuple[int, ...]) -> Quantity | None:
    """Return what a signal of an attribute carries; None where documents cannot carry it."""
    writable = config.writable != AttrWriteType.READ
    labels = tuple(config.enum_labels)
    match CmdArgType(config.data_type):
        case CmdArgType.DevState:
            return Quantity("enum", enum=STATES) if not shape else None
        case CmdArgType.DevBoolean if not shape:
            return Quantity("int", "", writable)
        case CmdArgType.DevEnum if not shape:
            return Quantity("enum", "", writable, labels)
        case CmdArgType.DevString if not shape:
            return Quantity("string", "", writable)
        case one if one in FLOATS:
            return Quantity("float", unit(config), writable and not shape, shape=shape)
        case one if one in INTEGERS:
            return Quantity("int", unit(config), writable and not shape, shape=shape)
        case _:
            return None
