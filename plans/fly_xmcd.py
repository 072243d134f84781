"""X-ray magnetic circular dichroism on the fly: the spectrum of each letter is one flight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from bluesky.utils import Msg, MsgGenerator

from beam.polarisation import parse
from devices import (
    DrainCurrent,
    Flight,
    Flyer,
    GratingEnergy,
    Magnet,
    Mesh,
    PolarisationAxis,
    RingStatus,
    Shutter,
)
from devices.coupled import supposing
from plans.dichroism import as_before, asked
from plans.fly_xas import tracking
from plans.flying import check_flights, fly_run, name_of
from plans.lean import read_once
from plans.polarised import Light, PolarisedStation
from plans.regions import BadRegion, Point, Region, expand
from plans.roles import Role

Floats: TypeAlias = npt.NDArray[np.float64]

PASSES = "passes"
"""The stream that says in which light and field each pass was flown."""


def fly_xmcd(
    edge: str = "Fe L3",
    *,
    sequence: str = "ABBA",
    reverse: str = "helicity",
    field_t: float | None = None,
    switching: str = "rows",
    helicity: str = "circular+",
    regions: Sequence[Region] | str | None = None,
    gate_s: float | Sequence[float] | None = None,
    bidirectional: bool = True,
    e0: float | None = None,
    harmonic: int | None = None,
    dark_s: float = 10.0,
    saturation: float = 1.0,
    holes: float | None = None,
    tz: float | None = None,
    flyer: Annotated[Flyer, Role("flyer")],
    energy: Annotated[GratingEnergy, Role("energy")],
    polarisation: Annotated[PolarisationAxis, Role("polarisation")],
    magnet: Annotated[Magnet, Role("magnet")],
    detectors: Annotated[Sequence[Any], Role("detectors")],
    i0: Annotated[Mesh, Role("i0")],
    tey: Annotated[DrainCurrent, Role("tey")],
    shutter: Annotated[Shutter, Role("shutter")],
    front_end: Annotated[Shutter, Role("front_end")],
    ring: Annotated[RingStatus, Role("ring")],
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Take the spectra of both L edges of a 3d metal with A and B by turns, each in one continuous motion.

    As `xmcd` with a whole spectrum for each letter; undulator, mirror and grating move together. Rows tell their pass;
    the stream ``passes`` tells polarisation and field that were read before each.

    Parameters
    ----------
    edge, sequence, reverse, field_t, switching, helicity
        As of `xmcd`.
    regions, gate_s
        As `regions` and `dwell_s` of `xmcd`: each of its points is the middle of a gate; by default of 0.1 s.
    bidirectional
        Whether every second spectrum goes down in energy; otherwise the axes go back in between.
    e0, harmonic, dark_s, saturation, holes, tz
        As of `xmcd`.
    flyer, energy, polarisation, magnet, detectors, i0, tey, shutter, front_end, ring
        Devices, filled in by their roles; the detectors count the dark.
    md
        More metadata.

    Returns
    -------
    str
        The run's uid.

    Raises
    ------
    BadSequence
        A sequence of odd length, or with not as many A as B; a way to reverse that there is not, no field to reverse.
    UnknownName
        No such edge; names the nearest.
    BadRegion
        Regions that make no continuous spectrum, or an element that the sum rules do not speak of; says what would do.
    OutOfReach
        An energy that circular light does not reach, a field beyond the magnet, or gates that are too fast for an
        axis; says what would do. Nothing has moved.
    """
    station = PolarisedStation(energy, polarisation, detectors, shutter, front_end, ring)
    asked_for = asked(
        edge=edge,
        sequence=sequence,
        reverse=reverse,
        field_t=field_t,
        switching=switching,
        helicity=helicity,
        regions=regions,
        dwell_s=gate_s,
        default_s=0.1,
        e0=e0,
        dark_s=dark_s,
        saturation=saturation,
        holes=holes,
        tz=tz,
    )
    letters, places = asked_for.letters, asked_for.places
    edges_ev, gates = gates_around(expand(asked_for.regions, asked_for.zero_ev))
    ends = [float(edges_ev[0]), float(edges_ev[-1])]
    chosen = asked_for.check(station, magnet, ends, harmonic)
    put_back, supposed = as_before(station, energy), supposing({energy.undulator.switching: switching})
    ways = {
        words: tracking(
            flyer,
            energy,
            [energy.targets_in(parse(words), float(one), chosen, supposed) for one in edges_ev],
            gates,
        )
        for words in asked_for.light
    }
    back = [bool(bidirectional and number % 2) for number in range(len(letters))]
    flights = [
        Flight((way.reversed() if down else way,), number)
        for number, (letter, down) in enumerate(zip(letters, back, strict=True), 1)
        for way in (ways[places[letter].polarisation],)
    ]
    check_flights(flyer, flights[:4])
    how = {"per": "scan", "flown": name_of(flyer)}
    metadata = asked_for.metadata(station, harmonic, chosen, how, energy=energy, magnet=magnet, i0=i0, tey=tey)
    metadata |= {
        "plan_name": "fly_xmcd",
        "plan_args": {**metadata["plan_args"], "bidirectional": bidirectional, "flyer": name_of(flyer)},
        **(md or {}),
    }

    at: dict[Any, Any] = {}

    def place(number: int) -> MsgGenerator[None]:
        # here, and not by the flyer: rows and gap are moved in the order that is safe for the undulator
        one = places[letters[number]]
        yield from station.go(Light(ends[back[number]], one.polarisation), one.fields(magnet), at)

    def dark() -> MsgGenerator[None]:
        yield from asked_for.set_up(energy, chosen)
        yield from place(0)
        yield from station.dark(dark_s)
        yield Msg("checkpoint")

    def before_each(number: int) -> MsgGenerator[None]:
        yield Msg("checkpoint")
        at.clear()  # a flight ends elsewhere
        yield from place(number)
        yield from read_once([flyer.pass_number, magnet, ring, energy, polarisation], PASSES)

    return (
        yield from fly_run(
            flyer,
            flights,
            shutter,
            front_end,
            md=metadata,
            staged=[*detectors, energy, polarisation, magnet],
            before=dark,
            before_each=before_each,
            after=put_back,
        )
    )


def gates_around(points: Sequence[Point]) -> tuple[Floats, Floats]:
    """Return the energies in eV at the edges of gates, each half-way between two points, and how long each lasts in s.

    So each point is the middle of its gate, but for those where the step changes.

    Raises
    ------
    BadRegion
        Less than two points, or one that lasts no time.
    """
    if len(points) < 2 or any(one.dwell_s <= 0 for one in points):
        raise BadRegion("on the fly there must be two points or more, each of more than 0 s")
    at = np.array([one.energy_ev for one in points])
    half = 0.5 * np.diff(at)
    edges_ev: Floats = np.concatenate(([at[0] - half[0]], at[:-1] + half, [at[-1] + half[-1]]))
    return edges_ev, np.array([one.dwell_s for one in points])
