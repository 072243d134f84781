"""An X-ray absorption spectrum across an edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, NamedTuple

from bluesky.utils import MsgGenerator

from devices import EnergyAxis, RingStatus, Shutter
from plans.edges import Edge, find_edge
from plans.regions import BadRegion, Point, Region, default_regions, expand, parse_regions
from plans.roles import Role
from plans.spectrum import Station, check, spectrum


def xas(
    edge: str,
    *,
    regions: Sequence[Region] | str | None = None,
    dwell_s: float | Sequence[float] | None = None,
    k_max: float | None = None,
    e0: float | None = None,
    harmonic: int | None = None,
    dark_s: float = 1.0,
    energy: Annotated[EnergyAxis, Role("energy")],
    detectors: Annotated[Sequence[Any], Role("detectors")],
    shutter: Annotated[Shutter, Role("shutter")],
    front_end: Annotated[Shutter, Role("front_end")],
    ring: Annotated[RingStatus, Role("ring")],
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Take an absorption spectrum: pre-edge and edge in steps of eV, EXAFS in steps of k.

    Parameters
    ----------
    edge
        Such as ``"Fe K"``; ``"Fe-K"`` and ``"FeK"`` are the same.
    regions
        Relative to the edge: `Region` objects, or as text ``"-150:-30:5:0.5 -30:30:0.5 2.8k:12k:0.05k:2"``
        (START:STOP:STEP[:DWELL], in eV or, with ``k``, in 1/Å). By default -150 … -30 eV by 5, -30 … 30 eV by 0.5,
        and from there to `k_max` by 0.05 1/Å.
    dwell_s
        Counting time per point: one, or three for the default regions; default 0.5, 1 and 1 s.
    k_max
        End of the default EXAFS region in 1/Å; default 12.
    e0
        Energy that the regions are relative to, in eV; by default the tabulated edge.
    harmonic
        Of the undulator; by default the one that reaches the whole range with the highest flux in its middle.
    dark_s
        Time to count with the shutter closed, before the scan; 0 leaves it out.
    energy, detectors, shutter, front_end, ring
        Devices, filled in by their roles.
    md
        More metadata.

    Returns
    -------
    str
        The run's uid.

    Raises
    ------
    UnknownName
        No such edge; names the nearest.
    BadRegion
        Regions that make no spectrum.
    OutOfReach
        An energy that the beamline does not reach; nothing has moved.
    """
    station = Station(energy, detectors, shutter, front_end, ring)
    found, zero, wanted, points, chosen = checked(station, edge, regions, dwell_s, k_max, e0, harmonic, dark_s)
    metadata = {
        "plan_name": "xas",
        "plan_args": {
            "edge": edge,
            "regions": [str(one) for one in wanted],
            "e0": e0,
            "harmonic": harmonic,
            "dark_s": dark_s,
            **station.names,
        },
        "edge": found.name,
        "edge_ev": found.energy_ev,
        "e0_ev": zero,
        "regions": [asdict(one) for one in wanted],
        **(md or {}),
    }
    return (yield from spectrum(station, points, harmonic=chosen, dark_s=dark_s, md=metadata))


class Checked(NamedTuple):
    """A spectrum that can be taken."""

    edge: Edge
    zero_ev: float
    regions: list[Region]
    points: list[Point]
    harmonic: int


def checked(
    station: Station,
    edge: str,
    regions: Sequence[Region] | str | None,
    dwell_s: float | Sequence[float] | None,
    k_max: float | None,
    e0: float | None,
    harmonic: int | None,
    dark_s: float,
) -> Checked:
    """Return what the arguments of `xas` ask for; refuse what cannot be done, before anything moves."""
    found = find_edge(edge)
    zero = found.energy_ev if e0 is None else e0
    wanted = _regions(regions, dwell_s, k_max)
    if dark_s < 0:
        raise BadRegion(f"dark_s {dark_s:g} s: 0 s or more is allowed")
    points = expand(wanted, zero)
    return Checked(found, zero, wanted, points, check(station, points, harmonic))


def _regions(
    regions: Sequence[Region] | str | None, dwell_s: float | Sequence[float] | None, k_max: float | None
) -> list[Region]:
    if regions is None:
        return default_regions(12.0 if k_max is None else k_max, (0.5, 1.0, 1.0) if dwell_s is None else dwell_s)
    if k_max is not None:
        raise BadRegion("k_max belongs to the default regions; regions say their own ends")
    wanted = parse_regions(regions) if isinstance(regions, str) else list(regions)
    if dwell_s is None:
        return wanted
    if not isinstance(dwell_s, int | float):
        raise BadRegion("with regions of your own, dwell_s must be one number; or give each region its dwell")
    return [Region(one.start, one.stop, one.step, float(dwell_s), one.unit) for one in wanted]
