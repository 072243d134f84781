"""Spectra one after the other, at one temperature after the other."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from bluesky.utils import MsgGenerator

from devices import EnergyAxis, RampedAxis, RingStatus, Shutter
from plans.energy_scan import BadScan
from plans.lean import move
from plans.regions import Region
from plans.roles import Role
from plans.spectrum import Station
from plans.xas import checked, xas


def quick_xas(
    edge: str,
    temperatures: Sequence[float] | None = None,
    *,
    repeats: int = 1,
    regions: Sequence[Region] | str | None = None,
    dwell_s: float | Sequence[float] | None = 0.1,
    k_max: float | None = None,
    e0: float | None = None,
    harmonic: int | None = None,
    dark_s: float = 1.0,
    temperature: Annotated[RampedAxis, Role("temperature")],
    energy: Annotated[EnergyAxis, Role("energy")],
    detectors: Annotated[Sequence[Any], Role("detectors")],
    shutter: Annotated[Shutter, Role("shutter")],
    front_end: Annotated[Shutter, Role("front_end")],
    ring: Annotated[RingStatus, Role("ring")],
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[list[str]]:
    """Take `repeats` absorption spectra at each of the temperatures, each spectrum a run of its own.

    The sample has settled at its temperature before the first spectrum there begins, the shutter closed meanwhile; the
    temperature is recorded at each point. At the end it stays where it is.

    Parameters
    ----------
    edge
        As of `xas`.
    temperatures
        In kelvin, in the order in which they are taken; by default the one that there is.
    repeats
        Spectra at each.
    regions, dwell_s, k_max, e0, harmonic, dark_s
        As of `xas`; the counting time is 0.1 s per point unless another one is given.
    temperature
        What sets it; with the other devices filled in by its role.
    energy, detectors, shutter, front_end, ring
        As of `xas`.
    md
        More metadata.

    Returns
    -------
    list of str
        The runs' uids.

    Raises
    ------
    BadScan
        Less than one spectrum, or no temperature.
    OutOfReach
        A temperature or an energy that is not reached; nothing has moved.
    """
    if repeats < 1:
        raise BadScan(f"quick_xas: repeats = {repeats}: must be 1 or more")
    if temperatures is not None and len(temperatures) == 0:
        raise BadScan("quick_xas: no temperatures, no series; leave them out to stay at the one that there is")
    wanted: list[float | None] = [None] if temperatures is None else [float(one) for one in temperatures]
    for kelvin in wanted:
        if kelvin is not None:
            temperature.check_value(kelvin)
    station = Station(energy, detectors, shutter, front_end, ring)
    checked(station, edge, regions, dwell_s, k_max, e0, harmonic, dark_s)
    series, uids = str(uuid.uuid4()), list[str]()
    for kelvin in wanted:
        for repeat in range(repeats):
            about: dict[str, Any] = {
                "plan_name": "quick_xas",
                "series": series,
                "series_index": len(uids),
                "series_num": len(wanted) * repeats,
                "repeat": repeat,
                **({} if kelvin is None else {"temperature_asked_k": kelvin}),
                **(md or {}),
            }
            spectrum = xas(
                edge,
                regions=regions,
                dwell_s=dwell_s,
                k_max=k_max,
                e0=e0,
                harmonic=harmonic,
                dark_s=dark_s,
                energy=energy,
                detectors=[*detectors, *([temperature] if temperature not in detectors else [])],
                shutter=shutter,
                front_end=front_end,
                ring=ring,
                md=about,
            )
            if kelvin is not None and repeat == 0:
                yield from move(temperature, kelvin)
            uids.append((yield from spectrum))
    return uids
