"""What all devices share: an address, signals of some transport, and a state that says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from ophyd import Component, Device, Kind

from devices import quality
from devices.commands import Commands
from devices.errors import NotConnected
from devices.interlock import LIVE, Interlocks, World
from devices.permission import refuse_without_permission
from devices.signals import AXIS_UNIT, Attr, DeviceSignal, Quantity
from devices.state import State, Stated, worst
from devices.transport import Transport, transport_for
from devices.walking import refuse_while_walking


class Instrument(Commands, Device):
    """A device at an address; which transport carries its signals follows from the address.

    Parameters
    ----------
    address
        EPICS prefix or Tango address.
    name
        Name in documents, usually the key in `config/`.
    label
        What people call it.
    unit
        The unit of an axis; empty for other devices.
    transport
        Given by tests only.
    """

    kind_of_device: ClassVar[str] = ""
    interlocks: Interlocks | None = None
    """The station's rules, where one of them speaks of this device."""

    def __init__(
        self,
        address: str,
        *,
        name: str,
        label: str = "",
        unit: str = "",
        tango_name: str = "",
        transport: Transport | None = None,
        **kwargs: Any,
    ) -> None:
        self.address = address
        self.label = label or name
        self.unit = unit
        self.tango_name = tango_name
        self.given_transport = transport
        self.transport = transport or transport_for(address)
        self._all_signals: tuple[DeviceSignal, ...] | None = None
        super().__init__(address, name=name, **kwargs)

    def __repr__(self) -> str:
        # each message of a plan is traced with it: ophyd's own asks for the kinds of all components
        return f"{type(self).__name__}({self.address!r}, name={self.name!r})"

    @property
    def triggers(self) -> bool:
        """Whether to trigger it does anything; ophyd lets one trigger every device."""
        return type(self).trigger is not Device.trigger

    def make_signal(
        self, attribute: str, quantity: Quantity, *, name: str, kind: Kind, optional: bool = False
    ) -> DeviceSignal:
        """Make a signal of this device; called once for each row of its table."""
        if AXIS_UNIT in quantity.unit:
            quantity = replace(quantity, unit=quantity.unit.replace(AXIS_UNIT, self.unit))
        return self.transport.signal(
            self.kind_of_device,
            attribute,
            self.address,
            quantity,
            name=name,
            kind=kind,
            optional=optional,
            channel=self.channel_of(attribute),
            parent=self,
        )

    def channel_of(self, attribute: str) -> int | None:
        """Return the number of the channel that `attribute` stands for; only counters have such."""
        return None

    def kind_of(self, attribute: str) -> Kind:
        """Return the ophyd kind of an attribute."""
        return self._component_kinds[attribute]

    def signals(self) -> Iterator[DeviceSignal]:
        """Yield the signals of this device and of its parts."""
        if self._all_signals is None:
            # asked for before each motion: walking ophyd's tree anew would cost as much as the rest
            walked = (walk.item for walk in self.walk_signals())
            self._all_signals = tuple(one for one in walked if isinstance(one, DeviceSignal))
        yield from self._all_signals

    def _recorded(self, kind: Kind) -> list[DeviceSignal]:
        """Return the signals of one kind of this device and of its parts: what is recorded with it."""
        found: list[DeviceSignal] = []
        for attr in self.component_names:
            part = getattr(self, attr)
            if not part.kind & kind:
                continue
            if isinstance(part, Instrument):
                found.extend(part._recorded(kind))  # noqa: SLF001
            else:
                found.append(part)
        return found

    def read(self) -> Any:
        """Return the readings, each of them checked by its policy (`devices.quality`)."""
        return quality.readings(self.name, self._recorded(Kind.normal))

    def read_configuration(self) -> Any:
        """Return the configuration, checked like a reading: what is static must be valid too."""
        return quality.readings(self.name, self._recorded(Kind.config))

    def describe(self) -> Any:
        """Return the data keys of the readings."""
        keys: Any = super().describe()
        keys.update(quality.mark_keys(self._recorded(Kind.normal)))
        return keys

    def describe_configuration(self) -> Any:
        """Return the data keys of the configuration."""
        keys: Any = super().describe_configuration()
        keys.update(quality.mark_keys(self._recorded(Kind.config)))
        return keys

    @property
    def missing(self) -> list[str]:
        """The addresses that do not answer."""
        return [one.address for one in self.signals() if not one.connected and not one.optional]

    def check_interlocks(self, value: Any, world: World = LIVE) -> None:
        """Refuse a move that a rule forbids in `world`, as things are; each way to start one comes through here.

        Raises
        ------
        NotPermitted
            Names the rule and what does not hold, or is not known to.
        TerasuError
            This session does not hold the station (any more).
        """
        refuse_while_walking(self.name)
        refuse_without_permission(self.name, value)
        if self.interlocks is not None:
            self.interlocks.check(self, value, world)

    @property
    def parts(self) -> dict[str, Instrument]:
        """The devices that this one consists of."""
        return {attr: getattr(self, attr) for attr in self._sub_devices}

    def stated(self) -> Stated:
        """Return state and sentence, computed from what the device reports."""
        if missing := self.missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            why = next((f" ({one.trouble})" for one in self.signals() if one.address == missing[0] and one.trouble), "")
            return Stated(State.UNKNOWN, f"{missing[0]}{more} does not answer{why}")
        try:
            state, text = self.report_state()
        except NotConnected as error:
            return Stated(State.UNKNOWN, str(error))
        polled = f"; polled, for want of events: {', '.join(self.polled)}" if self.polled else ""
        return Stated(state, text + polled)

    @property
    def polled(self) -> list[str]:
        """The signals of its own whose changes the server does not tell."""
        return [one.attr_name for one in self.signals() if one.parent is self and one.polled_s]

    def report_state(self) -> Stated:
        """Return the state of a connected device; by default the worst of its parts."""
        return worst((attr, part.stated()) for attr, part in self.parts.items())


PartOf = TypeVar("PartOf", bound=Device)


class Part(Component[PartOf]):
    """A device within a device, described by its own table of facts.

    Parameters
    ----------
    cls
        Class of the part, which takes its facts as only positional argument.
    """

    def create_component(self, instance: Any) -> PartOf:
        """Make the part from the facts that the parent has for it."""
        return self.cls(
            instance.facts_of(self.attr),
            name=f"{instance.name}_{self.attr}",
            transport=instance.given_transport,  # each part has an address of its own
            parent=instance,
            attr_name=self.attr,
            kind=instance.kind_of(self.attr),
        )


__all__ = ["Attr", "Instrument", "Part"]
