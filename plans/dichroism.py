"""What the plans that take a dichroism have in common: the order of A and B, what either is, edges, and the record."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from bluesky.utils import MsgGenerator

from beam.errors import TerasuError
from beam.polarisation import parse
from devices import DrainCurrent, GratingEnergy, Magnet, Mesh
from devices.coupled import supposing
from plans.edges import Edge, find_edge
from plans.lean import move
from plans.polarised import PolarisedStation
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


@dataclass(frozen=True)
class Dichroism:
    """What is to be taken, found right before anything moves; `asked` makes it."""

    edge: str
    """As it was asked for."""
    third: Edge
    e0: float | None
    regions: list[Region]
    letters: str
    places: dict[str, Place]
    reverse: str
    field_t: float | None
    helicity: str
    switching: str
    dark_s: float
    saturation: float
    holes: float | None
    tz: float | None

    @property
    def zero_ev(self) -> float:
        """Energy that the regions are relative to, in eV."""
        return self.third.energy_ev if self.e0 is None else self.e0

    @property
    def light(self) -> list[str]:
        """The polarisations, each once."""
        return list(dict.fromkeys(one.polarisation for one in self.places.values()))

    def check(self, station: PolarisedStation, magnet: Magnet, energies: Sequence[float], harmonic: int | None) -> int:
        """Refuse what light or field cannot reach at these energies in eV, and return the harmonic to use."""
        ends = [energies[0], energies[-1]]
        chosen = station.harmonic_for(ends, [parse(one) for one in self.light], harmonic)
        station.check(energies, self.light, harmonic=chosen, switching=self.switching)
        for one in self.places.values():
            if one.field_t is not None:
                magnet.check_value(one.field_t)
        return chosen

    def set_up(self, energy: GratingEnergy, harmonic: int) -> MsgGenerator[None]:
        """Choose what makes the helicity, and the harmonic."""
        yield from move(energy.undulator.switching, self.switching)
        yield from move(energy.harmonic_choice, harmonic)

    def metadata(
        self,
        station: PolarisedStation,
        harmonic: int | None,
        chosen: int,
        how: Mapping[str, Any],
        *,
        energy: GratingEnergy,
        magnet: Magnet,
        i0: Mesh,
        tey: DrainCurrent,
    ) -> dict[str, Any]:
        """Return what both plans declare of a run.

        Parameters
        ----------
        station, energy, magnet, i0, tey
            Devices.
        harmonic, chosen
            The undulator's, as asked for and as found.
        how
            How it is taken, for the record: per scan or per point, …
        """
        untyped: Any = magnet, i0, tey  # ophyd has no types
        return {
            "plan_args": {
                **{"edge": self.edge, "sequence": self.letters, "reverse": self.reverse, "field_t": self.field_t},
                **{"switching": self.switching, "helicity": self.helicity},
                **{"regions": [str(one) for one in self.regions], "e0": self.e0, "harmonic": harmonic},
                **{"dark_s": self.dark_s, "saturation": self.saturation, "holes": self.holes, "tz": self.tz},
                **station.names,
                **{role: one.name for role, one in zip(("magnet", "i0", "tey"), untyped, strict=True)},
            },
            "edge": self.third.name,
            "edge_ev": self.third.energy_ev,
            "e0_ev": self.zero_ev,
            "regions": [asdict(one) for one in self.regions],
            "xmcd": {**how, **self._record(station, energy, magnet, i0, tey)},
            "motors": [station.names["energy"]],
            "harmonic": chosen,
            "dark_s": self.dark_s,
            "hints": {"dimensions": [(energy.hints["fields"], "primary")]},
        }

    def _record(
        self, station: PolarisedStation, energy: GratingEnergy, magnet: Magnet, i0: Mesh, tey: DrainCurrent
    ) -> dict[str, Any]:
        """Return what an analysis by sum rules must know, as the run declares it under ``xmcd``."""
        supposed = supposing({energy.undulator.switching: self.switching})
        degree = abs(energy.circular_degree(parse(self.helicity), self.zero_ev, supposed))
        untyped: Any = magnet, i0, tey  # ophyd has no types
        return {
            "sequence": self.letters,
            "reverse": self.reverse,
            "switching": self.switching,
            "circular_degree": min(degree, 1.0),
            "saturation": self.saturation,
            "field": untyped[0].name,
            "polarisation": station.names["polarisation"],
            "signal": untyped[2].name,
            "normalise": untyped[1].name,
            "slope_power": tey.energy_power - i0.energy_power,
            "electron_yield": True,
            **({} if self.holes is None else {"holes": self.holes}),
            **({} if self.tz is None else {"tz": self.tz}),
        }


def asked(
    *,
    edge: str,
    sequence: str,
    reverse: str,
    field_t: float | None,
    switching: str,
    helicity: str,
    regions: Sequence[Region] | str | None,
    dwell_s: float | Sequence[float] | None,
    default_s: float,
    e0: float | None,
    dark_s: float,
    saturation: float,
    holes: float | None,
    tz: float | None,
) -> Dichroism:
    """Return what a plan was asked for, with `default_s` a point where nothing else is said; refuse what cannot be."""
    letters, places = checked_sequence(sequence), places_of(reverse, helicity, field_t)
    if not 0 < saturation <= 1:
        raise BadRegion(f"saturation {saturation:g}: above 0 and up to 1 is allowed")
    if dark_s < 0:
        raise BadRegion(f"dark_s {dark_s:g} s: 0 s or more is allowed")
    third, second = edges(edge)
    wanted = regions_of(regions, dwell_s, second.energy_ev - third.energy_ev, default_s)
    return Dichroism(
        edge=edge,
        third=third,
        e0=e0,
        regions=wanted,
        letters=letters,
        places=places,
        reverse=reverse,
        field_t=field_t,
        helicity=helicity,
        switching=switching,
        dark_s=dark_s,
        saturation=saturation,
        holes=holes,
        tz=tz,
    )


def as_before(station: PolarisedStation, energy: GratingEnergy) -> Callable[[], MsgGenerator[None]]:
    """Return the plan that puts harmonic and switching back to what they are now."""
    harmonic, switching = energy.harmonic_choice.get(), energy.undulator.switching.get()

    def put_back() -> MsgGenerator[None]:
        yield from station.let_go()
        yield from move(energy.harmonic_choice, harmonic)
        yield from move(energy.undulator.switching, switching)

    return put_back
