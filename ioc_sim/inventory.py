"""All PVs that the servers of a beamline or bench serve, without a network: what a device tree may ask for."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import caproto as ca

from beam.bench import Bench
from beam.clock import ExperimentClock
from beam.facts import Beamline, Facility
from beam.lines import line_for, sample_for
from ioc_sim.beamline import BeamlineGroup
from ioc_sim.bench import BenchGroup
from ioc_sim.channels import Channels
from ioc_sim.faults.group import FaultGroup
from ioc_sim.groups.ring import RingGroup
from ioc_sim.identity import Identity
from ioc_sim.records.fields import Field
from ioc_sim.station import Station
from ioc_sim.timing import Timeline

DTYPES = {
    ca.ChannelType.DOUBLE: "float",
    ca.ChannelType.FLOAT: "float",
    ca.ChannelType.LONG: "int",
    ca.ChannelType.INT: "int",
    ca.ChannelType.ENUM: "enum",
    ca.ChannelType.STRING: "string",
    ca.ChannelType.CHAR: "text",
}


@dataclass(frozen=True)
class PvInfo:
    """What a client sees of one PV.

    Attributes
    ----------
    dtype : str
        ``float``, ``int``, ``enum``, ``string`` (up to 39 characters) or ``text`` (an array of characters).
    writable : bool
        Whether a put is granted.
    enum_strings : tuple[str, ...]
        The states of an enum; empty for the rest.
    units : str
        EGU.
    length : int
        How many elements it may hold.
    precision : int or None
        Digits after the point; None where that means nothing.
    limits : tuple[float, float] or None
        Control limits, where it has any.
    """

    dtype: str
    writable: bool
    enum_strings: tuple[str, ...] = ()
    units: str = ""
    length: int = 1
    precision: int | None = None
    limits: tuple[float, float] | None = None


def info(channel: ca.ChannelData) -> PvInfo:
    """Return what a client sees of a channel."""
    low, high = getattr(channel, "lower_ctrl_limit", 0), getattr(channel, "upper_ctrl_limit", 0)
    return PvInfo(
        dtype=DTYPES[channel.data_type],
        writable=ca.AccessRights.WRITE in channel.check_access("localhost", "anyone"),
        enum_strings=tuple(getattr(channel, "enum_strings", ())),
        units=getattr(channel, "units", ""),
        length=channel.max_length or 1,
        precision=getattr(channel, "precision", None),
        limits=(low, high) if low != high else None,
    )


def channels(facility: Facility, beamline: Beamline) -> Channels:
    """Build all channels of ring and beamline, as their servers do, with nothing in the beam."""
    identity = Identity()
    clock = ExperimentClock()
    line = line_for(facility, beamline, "none", Path(), seed=identity.seed, clock=clock)
    station = Station(beamline, line, Timeline(clock))
    ring = RingGroup(facility.ring, identity)
    served = {**ring.channels, **FaultGroup(ring.simulation.prefix, {"ring": ring}).channels}
    served.update(BeamlineGroup(identity, station, "none", lambda spec: sample_for(beamline, spec, Path())).channels)
    return served


def bench_channels(bench: Bench) -> Channels:
    """Build all channels of a bench, as its server does; nothing is written."""
    identity = Identity()
    return BenchGroup(bench, identity, Timeline(identity.make_clock()), Path(tempfile.gettempdir())).channels


def inventory(facility: Facility, served: Beamline | Bench) -> dict[str, PvInfo]:
    """Return what every PV of the ring's and the beamline's server, or of a bench's, looks like to a client.

    Of records, all fields.
    """
    seen: dict[str, PvInfo] = {}
    built = bench_channels(served) if isinstance(served, Bench) else channels(facility, served)
    for pvname, channel in built.items():
        seen[pvname] = info(channel)
        if isinstance(channel, Field):
            record = channel.record
            seen.update({f"{pvname}.{name}": info(record.fields[name]) for name in record.specs})
    return seen
