"""What a Tango database knows of our devices, and what it should.

===========  =============================================================  =============
sign         what the database has                                          what is done
===========  =============================================================  =============
``+``        no such device                                                 added
``~``        the device, of our server, but of another class                changed
``-``        a device of our server that the configuration no longer has    deleted
===========  =============================================================  =============

A device of the same name that belongs to another server is refused: it is somebody's. Registering twice changes
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from daq.errors import Refused


class Change(NamedTuple):
    """One device that the database has to learn about."""

    sign: str
    device: str
    tango_class: str

    def __str__(self) -> str:
        return f"{self.sign} {self.device} ({self.tango_class})"


def changes(database: Any, server: str, wanted: Mapping[str, str]) -> list[Change]:
    """Return what has to be changed so that `server` has the devices `wanted`, classes by name.

    Raises
    ------
    Refused
        One of them belongs to another server; or the database does not answer.
    """
    import tango

    from devices.tango_errors import first_line

    try:
        listed = list(database.get_device_class_list(server).value_string)
        have = {name.lower(): kind for name, kind in zip(listed[::2], listed[1::2], strict=True) if kind != "DServer"}
        found: list[Change] = []
        for name, kind in wanted.items():
            if name not in have:
                if (other := _server_of(database, name)) and other.lower() != server.lower():
                    raise Refused(f"{name} is registered for the Tango server {other}: it cannot be exported as ours")
                found.append(Change("+", name, kind))
            elif have[name] != kind:
                found.append(Change("~", name, kind))
    except tango.DevFailed as error:
        raise Refused(f"Tango database: {first_line(error)}") from error
    return found + [Change("-", name, kind) for name, kind in have.items() if name not in wanted]


def register(database: Any, server: str, found: Sequence[Change]) -> None:
    """Carry changes out.

    Raises
    ------
    Refused
        The database does not take them.
    """
    import tango

    from devices.tango_errors import first_line

    try:
        for sign, device, kind in found:
            if sign in "-~":
                database.delete_device(device)
            if sign in "+~":
                info = tango.DbDevInfo()
                info.server, info.name = server, device
                info._class = kind  # noqa: SLF001 - so PyTango calls what cannot be called class
                database.add_device(info)
    except tango.DevFailed as error:
        raise Refused(f"Tango database: {first_line(error)}") from error


def _server_of(database: Any, device: str) -> str:
    import tango

    try:
        return str(database.get_device_info(device).ds_full_name)
    except tango.DevFailed:
        return ""
