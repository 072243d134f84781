"""What every station's page inherits: the devices of its configuration, their roles, and how they connect."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, get_type_hints

from ophyd import Device

from beam import facts
from beam.bench import Bench
from beam.errors import ConfigError, TerasuError, UnknownName
from beam.run_rules import Policy
from beamlines.rules import interlocks
from beamlines.supplement import Supplement
from devices import Shutter, build
from devices.base import Instrument
from devices.signals import DeviceSignal
from devices.transport import Transport

SHOWN = 8  # addresses in an error message


class Unreachable(TerasuError):
    """Devices whose servers do not answer; names the addresses and where they were sought."""

    def __init__(self, beamline: str, addresses: list[str], timeout: float, troubles: Sequence[str] = ()) -> None:
        addresses = list(dict.fromkeys(addresses))
        shown = ", ".join(addresses[:SHOWN]) + (f" and {len(addresses) - SHOWN} more" if len(addresses) > SHOWN else "")
        if troubles:
            where = "; ".join(troubles[:SHOWN])
        else:
            listed = os.environ.get("EPICS_CA_ADDR_LIST") or "not set"
            auto = os.environ.get("EPICS_CA_AUTO_ADDR_LIST", "YES")
            where = f"EPICS_CA_ADDR_LIST is {listed}, EPICS_CA_AUTO_ADDR_LIST is {auto}"
        super().__init__(f"{beamline}: no answer within {timeout:g} s from {shown}; {where}")
        self.addresses = addresses


class DeviceTree:
    """The devices of one station and how they connect.

    Parameters
    ----------
    facility, station
        The facts.
    devices
        By name.

    Attributes
    ----------
    devices : dict[str, ophyd.Device]
        By their keys in the configuration, with ``energy`` and ``ring`` at a beamline.
    roles : dict[str, Any]
        What plans ask for by role: a device, or a list of them for ``detectors`` and ``baseline``.
    interlocks : devices.interlock.Interlocks
        The station's rules; the devices know them.
    supplement : beamlines.supplement.Supplement
        The baseline, read before and after each run.
    preprocessors : list
        For the run engine: the supplement.
    """

    def __init__(
        self, facility: facts.Facility, station: facts.Beamline | Bench, devices: Mapping[str, Device]
    ) -> None:
        self.name = station.name
        self.facts = station
        self.facility = facility
        self.devices: dict[str, Device] = dict(devices)
        for key, device in self.devices.items():
            setattr(self, key, device)
        self.roles: dict[str, Any] = {}
        self.interlocks = interlocks(self.name, station.interlock, self.devices)
        self.supplement = Supplement()
        self.preprocessors: list[Any] = [self.supplement]
        self._apply_policies(station.readings)

    def _apply_policies(self, policies: Mapping[str, Policy]) -> None:
        """Tell the signals what becomes of their unfit readings."""
        signals = {one.name: one for device in self.devices.values() for one in _signals(device)}
        for name, policy in policies.items():
            if name not in signals:
                raise UnknownName(f"reading of {self.name}", name, signals)
            signals[name].policy = policy

    def find(self, text: str) -> Any:
        """Return the device or signal called `text`, ``dcm.bragg`` or by name ``dcm_bragg``; None if there is none."""
        head, *rest = text.split(".")
        found: Any = self.devices.get(head)
        for attribute in rest:
            if attribute.startswith("_") or found is None:
                return None
            found = getattr(found, attribute, None)
        if found is None:
            return next((one for device in self.devices.values() for one in _parts(device) if one.name == text), None)
        return found if hasattr(found, "read") else None

    def addresses(self) -> dict[str, list[str]]:
        """Return the addresses that each device asks for."""
        return {key: [one.address for one in _signals(device)] for key, device in self.devices.items()}

    def unreachable(self, timeout: float) -> list[str]:
        """Wait until all signals are connected, at most `timeout` seconds in all; return those that are not."""
        end = time.monotonic() + timeout
        signals = [one for device in self.devices.values() for one in _signals(device) if not one.optional]
        # all were sought at once when they were made: one wait after the other costs what the slowest does
        for one in signals:
            if not one.connected and (left := end - time.monotonic()) > 0:
                try:
                    one.wait_for_connection(timeout=left)
                except TimeoutError:
                    break
        return [one.address for one in signals if not one.connected]

    def troubles(self, missing: Iterable[str]) -> list[str]:
        """Return what the control systems say of addresses that do not answer, where they say anything."""
        asked = set(missing)
        devices = [device for device in self.devices.values() if hasattr(device, "signals")]
        said = [one.trouble for device in devices for one in device.signals() if one.address in asked]
        return list(dict.fromkeys(one for one in said if one))

    def connect(self, timeout: float = 10.0) -> None:
        """Wait until all devices are connected, at most `timeout` seconds in all.

        Raises
        ------
        Unreachable
            Names the addresses that did not answer and the list of servers that were asked.
        """
        if missing := self.unreachable(timeout):
            raise Unreachable(self.name, missing, timeout, self.troubles(missing))

    def come_up(self, timeout: float) -> dict[str, list[str]]:
        """Wait at most `timeout` seconds in all; return the addresses that do not answer, by device.

        A station works with what answers: what is absent is refused by name to the plans that need it, and used
        again as soon as it is back.

        Raises
        ------
        Unreachable
            Nothing answers.
        """
        missing = self.unreachable(timeout)
        absent = self.absent()
        if missing and not any(one.connected for device in self.devices.values() for one in _signals(device)):
            raise Unreachable(self.name, missing, timeout, self.troubles(missing))
        return absent

    def absent(self) -> dict[str, list[str]]:
        """Return the addresses that do not answer now, by device."""
        found: dict[str, list[str]] = {key: [*getattr(device, "missing", ())] for key, device in self.devices.items()}
        return {key: addresses for key, addresses in found.items() if addresses}

    def __repr__(self) -> str:
        return f"<{self.name}: {', '.join(self.devices)}>"


def _parts(device: Any) -> Iterator[Any]:
    for part in getattr(device, "parts", {}).values():
        yield part
        yield from _parts(part)


def _signals(device: Any) -> Iterable[DeviceSignal]:
    return device.signals() if isinstance(device, Instrument) else ()


class Tree(DeviceTree):
    """The devices of one beamline; a page names them with their classes, so that editors know them.

    Parameters
    ----------
    facility, beamline
        The facts.
    transport
        Given by tests; otherwise each device's address decides.
    """

    ROLES: ClassVar[Mapping[str, str]] = {}
    DETECTORS: ClassVar[tuple[str, ...]] = ()
    BASELINE: ClassVar[tuple[str, ...]] = ()

    def __init__(self, facility: facts.Facility, beamline: facts.Beamline, transport: Transport | None = None) -> None:
        super().__init__(facility, beamline, build(beamline, facility, transport))
        wanted = self.page()
        for key in self.devices.keys() ^ wanted.keys():
            where = "the configuration" if key in self.devices else "the page"
            raise ConfigError(f"{self.name}: {key} is only in {where} ({type(self).__name__})")
        for key, device in self.devices.items():
            if not isinstance(device, wanted[key]):
                raise ConfigError(
                    f"{self.name}.{key}: the page says {wanted[key].__name__}, "
                    f"the configuration makes a {type(device).__name__}"
                )
        self.roles |= {role: self._named(key) for role, key in self.ROLES.items()}
        self.roles["detectors"] = [self._named(key) for key in self.DETECTORS]
        self.roles["baseline"] = [self._named(key) for key in self.BASELINE]
        self.supplement.baseline = list(self.roles["baseline"])
        if isinstance(shutter := self.roles.get("shutter"), Shutter):
            shutter.closes_on_pause = True

    @classmethod
    def page(cls) -> dict[str, type[Device]]:
        """Return the devices that the page names, with their classes."""
        return {key: hint for key, hint in get_type_hints(cls).items() if isinstance(hint, type)}

    def _named(self, key: str) -> Device:
        if key not in self.devices:
            raise ConfigError(
                f"{self.name}: a role names {key!r}, which is no device; there are {', '.join(self.devices)}"
            )
        return self.devices[key]
