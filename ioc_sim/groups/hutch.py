"""The safety system of a station as it shows itself: searched and locked, the beam permitted. Nothing can be put."""

from __future__ import annotations

from beam.facts import StationInterlock
from ioc_sim.channels import Channels, Enum, Text
from ioc_sim.station import Station

STATES = ("Open", "Searching", "Locked")


class HutchGroup:
    """The channels of one station's safety system."""

    def __init__(self, name: str, facts: StationInterlock, station: Station) -> None:
        del name, station
        self.state = Enum("Locked", STATES)
        self.permit = Enum("Permitted", ("Denied", "Permitted"))
        self.status = Text("searched and locked")
        self.channels: Channels = {
            f"{facts.prefix}State": self.state,
            f"{facts.prefix}Permit": self.permit,
            f"{facts.prefix}Status": self.status,
        }
