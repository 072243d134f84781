"""What the plans that take a dichroism have in common: the order of A and B, what either is, edges, and the record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from beam.errors import TerasuError
from beam.polarisation import parse
from devices import DrainCurrent, GratingEnergy, Magnet, Mesh
from devices.coupled import supposing
from plans.edges import Edge, find_edge
from plans.regions import BadRegion, Region, parse_regions

LONGEST_SEQUENCE = 64
WITH_HOLES = ("Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu")
"""Elements with 2p edges into a 3d shell that is not full: the sum rules are per hole."""
_SIGNS = {"A": 1.0, "B": -1.0}


class BadSequence(TerasuError):
    """A sequence of A and B from which no difference can be taken."""


class Place(NamedTuple):
    """What A or B is: a polarisation, and a field in tesla; None leaves the field that there is."""

    polarisation: str
    field_t: float | None

    def fields(self, magnet: Magnet) -> dict[Any, Any]:
        """Return where the magnet has to be, if anywhere."""
        return {} if self.field_t is None else {magnet: self.field_t}


def checked_sequence(sequence: str) -> str:
    """Return the letters; refuse those that give no difference, and say what would."""
    letters = sequence.strip().upper()
    allowed = "as many A as B, such as AB or ABBA"
    if not letters or set(letters) - {"A", "B"} or len(letters) > LONGEST_SEQUENCE:
        raise BadSequence(f"sequence {sequence!r}: must be up to {LONGEST_SEQUENCE} letters, {allowed}")
    if len(letters) % 2:
        raise BadSequence(f"sequence {sequence!r} is of odd length {len(letters)}: must be {allowed}")
    if letters.count("A") != letters.count("B"):
        raise BadSequence(
            f"sequence {sequence!r} has {letters.count('A')} A and {letters.count('B')} B: must have {allowed}"
        )
    return letters


def places_of(reverse: str, helicity: str, field_t: float | None) -> dict[str, Place]:
    """Return what A and B are; refuse a way to reverse that there is not, and light or field that cannot be."""
    light = parse(helicity)
    other = light.reversed()  # refuses what has no helicity
    match reverse:
        case "helicity":
            return {"A": Place(str(light), field_t), "B": Place(str(other), field_t)}
        case "field":
            if not field_t:
                raise BadSequence("reverse = 'field': needs field_t, the field that is reversed, other than 0 T")
            return {letter: Place(str(light), sign * field_t) for letter, sign in _SIGNS.items()}
        case _:
            raise BadSequence(f"reverse = {reverse!r}: allowed are 'helicity' and 'field'")


def check_saturation(saturation: float) -> None:
    """Refuse a share that is none."""
    if not 0 < saturation <= 1:
        raise BadRegion(f"saturation {saturation:g}: above 0 and up to 1 is allowed")


def edges(edge: str) -> tuple[Edge, Edge]:
    """Return L3 and L2 of the element; refuse edges, and elements, that the sum rules do not speak of."""
    found = find_edge(edge)
    if found.level not in ("L2", "L3"):
        raise BadRegion(f"edge {found.name}: XMCD by sum rules is of L2 and L3; say {found.element} L3")
    if found.element not in WITH_HOLES:
        raise BadRegion(
            f"edge {found.name}: the sum rules are for transitions from 2p into holes of the 3d shell; "
            f"L3 of {', '.join(WITH_HOLES)} would do"
        )
    return find_edge(f"{found.element} L3"), find_edge(f"{found.element} L2")


def regions_of(
    regions: Sequence[Region] | str | None,
    dwell_s: float | Sequence[float] | None,
    split_ev: float,
    default_s: float,
) -> list[Region]:
    """Return the regions relative to L3, by default around both edges with `default_s` a point."""
    if regions is None:
        given = default_s if dwell_s is None else dwell_s
        each = [float(given)] * 3 if isinstance(given, int | float) else given
        if len(each) != 3:
            raise BadRegion(f"dwell_s has {len(each)} values; 1, or 3 for before, on and after the lines, are allowed")
        end = math.ceil(split_ev) + 11.0
        return [
            Region(-36.0, -8.0, 2.0, each[0]),
            Region(-8.0, end, 0.4, each[1]),
            Region(end, end + 50.0, 2.0, each[2]),
        ]
    wanted = parse_regions(regions) if isinstance(regions, str) else list(regions)
    if dwell_s is None:
        return wanted
    if not isinstance(dwell_s, int | float):
        raise BadRegion("with regions of your own, dwell_s must be one number; or give each region its dwell")
    return [Region(one.start, one.stop, one.step, float(dwell_s), one.unit) for one in wanted]


def record(
    words: Mapping[str, Any],
    *,
    helicity: str,
    switching: str,
    zero_ev: float,
    saturation: float,
    holes: float | None,
    tz: float | None,
    energy: GratingEnergy,
    polarisation: str,
    magnet: Magnet,
    i0: Mesh,
    tey: DrainCurrent,
) -> dict[str, Any]:
    """Return what an analysis by sum rules must know, as the run declares it under ``xmcd``.

    Parameters
    ----------
    words
        How it was taken: sequence, what was reversed, …
    helicity, switching, zero_ev
        Light, what makes it, and the energy for which its degree is given.
    saturation, holes, tz
        As of the plans.
    energy, polarisation, magnet, i0, tey
        Devices; the polarisation by its name.
    """
    chooser = energy.undulator.switching
    degree = abs(energy.circular_degree(parse(helicity), zero_ev, supposing({chooser: switching})))
    untyped: Any = magnet, i0, tey  # ophyd has no types
    return {
        **words,
        "switching": switching,
        "circular_degree": min(degree, 1.0),
        "saturation": saturation,
        "field": untyped[0].name,
        "polarisation": polarisation,
        "signal": untyped[2].name,
        "normalise": untyped[1].name,
        "slope_power": tey.energy_power - i0.energy_power,
        "electron_yield": True,
        **({} if holes is None else {"holes": holes}),
        **({} if tz is None else {"tz": tz}),
    }
