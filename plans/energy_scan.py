"""Readings at given photon energies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from bluesky.utils import MsgGenerator

from beam.errors import TerasuError
from devices import EnergyAxis, RingStatus, Shutter
from plans.regions import Point
from plans.roles import Role
from plans.spectrum import Station, check, spectrum


class BadScan(TerasuError):
    """Arguments that make no scan."""


def energy_scan(
    energies: Sequence[float] | None = None,
    *,
    start: float | None = None,
    stop: float | None = None,
    num: int | None = None,
    dwell_s: float = 1.0,
    harmonic: int | None = None,
    dark_s: float = 1.0,
    energy: Annotated[EnergyAxis, Role("energy")],
    detectors: Annotated[Sequence[Any], Role("detectors")],
    shutter: Annotated[Shutter, Role("shutter")],
    front_end: Annotated[Shutter, Role("front_end")],
    ring: Annotated[RingStatus, Role("ring")],
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Count at photon energies, gap and monochromator moving together on one harmonic.

    Parameters
    ----------
    energies
        In eV, in the order in which they are taken; or give `start`, `stop` and `num`.
    start, stop, num
        `num` energies at equal distances from start to stop, both included.
    dwell_s
        Counting time per point.
    harmonic
        Of the undulator; by default the one that reaches all energies with the highest flux in their middle.
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
    BadScan
        Neither or both ways of saying the energies, or none of them.
    OutOfReach
        An energy that the beamline does not reach; nothing has moved.
    """
    wanted = _energies(energies, start, stop, num)
    if dwell_s < 0 or dark_s < 0:
        raise BadScan(f"dwell_s {dwell_s:g}, dark_s {dark_s:g}: 0 s or more is allowed")
    points = [Point(one, dwell_s) for one in wanted]
    station = Station(energy, detectors, shutter, front_end, ring)
    chosen = check(station, points, harmonic)
    arguments: dict[str, Any] = {"energies": wanted} if start is None else {"start": start, "stop": stop, "num": num}
    metadata = {
        "plan_name": "energy_scan",
        "plan_args": {
            **arguments,
            "dwell_s": dwell_s,
            "harmonic": harmonic,
            "dark_s": dark_s,
            **station.names,
        },
        **(md or {}),
    }
    return (yield from spectrum(station, points, harmonic=chosen, dark_s=dark_s, md=metadata))


def _energies(
    energies: Sequence[float] | None, start: float | None, stop: float | None, num: int | None
) -> list[float]:
    if energies is not None:
        if not (start is stop is num is None):
            raise BadScan("give energies, or start, stop and num, not both")
        wanted = [float(one) for one in energies]
    else:
        if start is None or stop is None or num is None:
            raise BadScan("give energies, or all of start, stop and num")
        if num < 1 or not (math.isfinite(start) and math.isfinite(stop)):
            raise BadScan(f"start {start:g} eV, stop {stop:g} eV, num {num}: num must be 1 or more")
        step = (stop - start) / (num - 1) if num > 1 else 0.0
        wanted = [start + n * step for n in range(num - 1)] + [stop if num > 1 else start]
    if not wanted:
        raise BadScan("no energies, no scan")
    return wanted
