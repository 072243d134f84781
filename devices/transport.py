"""Which control system a device speaks: its address says so, and nothing else in a device knows."""

from __future__ import annotations

from typing import Protocol

from ophyd import Kind

from devices.signals import DeviceSignal, Quantity


class Transport(Protocol):
    """Makes the signals of devices: one file a control system."""

    def signal(
        self,
        kind_of_device: str,
        attribute: str,
        address: str,
        quantity: Quantity,
        *,
        name: str,
        kind: Kind,
        optional: bool = False,
        channel: int | None = None,
        parent: object = None,
    ) -> DeviceSignal:
        """Make one signal; the connection is sought in the background."""
        ...


def transport_for(address: str) -> Transport:
    """Return the transport of `address`: ``BL09U:ID:`` is Channel Access, ``domain/family/member`` is Tango."""
    if "/" in address:
        from devices.tango_signal import Tango

        return Tango()
    from devices.ca import ChannelAccess

    return ChannelAccess()
