"""X-ray magnetic circular dichroism: spectra with both helicities, or in both directions of the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from bluesky import preprocessors
from bluesky.utils import Msg, MsgGenerator

from devices import DrainCurrent, GratingEnergy, Magnet, Mesh, PolarisationAxis, RingStatus, Shutter
from plans.beam_on import closed_at_the_end
from plans.dichroism import BadSequence, as_before, asked
from plans.polarised import Light, PolarisedStation, step
from plans.regions import Point, Region, expand
from plans.roles import Role
from plans.spectrum import preset

_untyped: Any = preprocessors


def xmcd(
    edge: str = "Fe L3",
    *,
    sequence: str = "ABBA",
    reverse: str = "helicity",
    per: str = "scan",
    field_t: float | None = None,
    switching: str = "rows",
    helicity: str = "circular+",
    regions: Sequence[Region] | str | None = None,
    dwell_s: float | Sequence[float] | None = None,
    e0: float | None = None,
    harmonic: int | None = None,
    dark_s: float = 10.0,
    saturation: float = 1.0,
    holes: float | None = None,
    tz: float | None = None,
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
    """Take the spectra of both L edges of a 3d metal with A and B by turns, in one run.

    What an analysis by sum rules must know is recorded with the run (``xmcd``, and the sample's own record). Field,
    polarisation and energy stay where the last point left them.

    Parameters
    ----------
    edge
        Such as ``"Fe L3"``; its L2 is taken with it.
    sequence
        What comes after what: ``ABBA``; as many A as B.
    reverse
        ``helicity``: A is `helicity`, B its opposite; ``field``: A is `field_t`, B its opposite.
    per
        ``scan``: a whole spectrum for each letter; ``point``: all letters at each energy.
    field_t
        Field along the beam in tesla; by default the one that there is, which cannot be reversed.
    switching
        What makes the helicity: ``rows``, or ``shifters``, which are fast and give less than full polarisation.
    helicity
        That of A, and of the whole run where the field is reversed: ``circular+``, ``circular-``, ``elliptic DEGREE``.
    regions, dwell_s
        As of `xas`, relative to L3 in eV; by default -36 … -8 by 2, to 11 eV above L2 by 0.4, and to 61 eV above by 2;
        1 s per point.
    e0
        Energy that the regions are relative to, in eV; by default the tabulated L3 edge.
    harmonic
        Of the undulator; by default one that reaches all energies: circular light has the first alone.
    dark_s
        Time to count with the shutter closed, before the scan; 0 leaves it out.
    saturation
        Share of the saturated magnetisation that the sample has along the beam, for the record.
    holes, tz
        Number of holes in the 3d shell, and ⟨Tz⟩ in ħ, for the record; by default the sample's record says them.
    energy, polarisation, magnet, detectors, i0, tey, shutter, front_end, ring
        Devices, filled in by their roles.
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
        Regions that make no spectrum, or an element that the sum rules do not speak of; says what would do.
    OutOfReach
        An energy that circular light does not reach, or a field beyond the magnet; nothing has moved.
    """
    station = PolarisedStation(energy, polarisation, detectors, shutter, front_end, ring)
    if per not in ("scan", "point"):
        raise BadSequence(f"per = {per!r}: allowed are 'scan' and 'point'")
    asked_for = asked(
        edge=edge,
        sequence=sequence,
        reverse=reverse,
        field_t=field_t,
        switching=switching,
        helicity=helicity,
        regions=regions,
        dwell_s=dwell_s,
        default_s=1.0,
        e0=e0,
        dark_s=dark_s,
        saturation=saturation,
        holes=holes,
        tz=tz,
    )
    letters, places = asked_for.letters, asked_for.places
    points = expand(asked_for.regions, asked_for.zero_ev)
    chosen = asked_for.check(station, magnet, [one.energy_ev for one in points], harmonic)
    put_back = as_before(station, energy)
    metadata = asked_for.metadata(station, harmonic, chosen, {"per": per}, energy=energy, magnet=magnet, i0=i0, tey=tey)
    metadata |= {
        "plan_name": "xmcd",
        "plan_args": {**metadata["plan_args"], "per": per},
        "detectors": [one.name for one in detectors],
        "num_points": len(points) * len(letters),
        "num_intervals": len(points) * len(letters) - 1,
        **(md or {}),
    }

    def body() -> MsgGenerator[None]:
        yield Msg("checkpoint")
        yield from asked_for.set_up(energy, chosen)
        at: dict[Any, Any] = {}
        yield from station.go(_light(letters[0], points[0]), places[letters[0]].fields(magnet), at)
        yield from station.dark(dark_s)
        yield from station.light(points[0].dwell_s)
        dwell = points[0].dwell_s
        for letter, point in _order(letters, points, per):
            if point.dwell_s != dwell:
                dwell = point.dwell_s
                yield from preset(detectors, dwell)
            yield from step(
                station, [*detectors, magnet, ring], _light(letter, point), places[letter].fields(magnet), at
            )

    def _light(letter: str, point: Point) -> Light:
        return Light(point.energy_ev, places[letter].polarisation)

    safe = closed_at_the_end(body(), shutter, put_back)
    staged: list[Any] = [*detectors, energy, polarisation, magnet]
    run: MsgGenerator[str] = _untyped.stage_wrapper(_untyped.run_wrapper(safe, md=metadata), staged)
    return (yield from run)


def _order(letters: str, points: Sequence[Point], per: str) -> list[tuple[str, Point]]:
    """Return letters and points in the order in which they are taken."""
    if per == "scan":
        return [(letter, point) for letter in letters for point in points]
    return [(letter, point) for point in points for letter in letters]
