"""Readings in one polarisation after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from bluesky import preprocessors
from bluesky.utils import Msg, MsgGenerator

from beam.polarisation import parse
from devices import GratingEnergy, PolarisationAxis, RingStatus, Shutter
from plans.beam_on import closed_at_the_end
from plans.energy_scan import BadScan
from plans.polarised import Light, PolarisedStation, step
from plans.roles import Role

_untyped: Any = preprocessors


def polarisation_scan(
    polarisations: Sequence[str] | None = None,
    *,
    start_deg: float | None = None,
    stop_deg: float | None = None,
    num: int | None = None,
    energy_ev: float | None = None,
    dwell_s: float = 1.0,
    dark_s: float = 10.0,
    energy: Annotated[GratingEnergy, Role("energy")],
    polarisation: Annotated[PolarisationAxis, Role("polarisation")],
    detectors: Annotated[Sequence[Any], Role("detectors")],
    shutter: Annotated[Shutter, Role("shutter")],
    front_end: Annotated[Shutter, Role("front_end")],
    ring: Annotated[RingStatus, Role("ring")],
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Count in several polarisations at one energy: any list of them, or linear light turned step by step.

    Energy and polarisation stay as they were last.

    Parameters
    ----------
    polarisations
        Such as ``horizontal``, ``circular+``, ``linear 45``; or give `start_deg`, `stop_deg` and `num`.
    start_deg, stop_deg, num
        `num` directions of linear light at equal distances from start to stop, -90 … 90°, both included.
    energy_ev
        Photon energy; by default the one that there is.
    dwell_s
        Counting time per point.
    dark_s
        Time to count with the shutter closed, before the scan; 0 leaves it out.
    energy, polarisation, detectors, shutter, front_end, ring
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
        Neither or both ways of saying the polarisations, or none of them.
    OutOfReach
        A polarisation that there is not, or that does not reach the energy; nothing has moved.
    """
    wanted = _polarisations(polarisations, start_deg, stop_deg, num)
    if dwell_s < 0 or dark_s < 0:
        raise BadScan(f"dwell_s {dwell_s:g}, dark_s {dark_s:g}: 0 s or more is allowed")
    station = PolarisedStation(energy, polarisation, detectors, shutter, front_end, ring)
    at_ev = energy.intended(energy.position) if energy_ev is None else float(energy_ev)
    station.check([at_ev], wanted)
    metadata: dict[str, Any] = {
        "plan_name": "polarisation_scan",
        "plan_args": {
            "polarisations": wanted,
            **{"energy_ev": at_ev, "dwell_s": dwell_s, "dark_s": dark_s},
            **station.names,
        },
        "detectors": [one.name for one in detectors],
        "motors": [station.names["polarisation"]],
        "num_points": len(wanted),
        "num_intervals": len(wanted) - 1,
        "dark_s": dark_s,
        **(md or {}),
    }

    def body() -> MsgGenerator[None]:
        yield Msg("checkpoint")
        at: dict[Any, Any] = {}
        yield from station.go(Light(at_ev, wanted[0]), {}, at)
        yield from station.dark(dark_s)
        yield from station.light(dwell_s)
        for one in wanted:
            yield from step(station, [*detectors, ring], Light(at_ev, one), {}, at)

    safe = closed_at_the_end(body(), shutter, station.let_go)
    staged: list[Any] = [*detectors, energy, polarisation]
    run: MsgGenerator[str] = _untyped.stage_wrapper(_untyped.run_wrapper(safe, md=metadata), staged)
    return (yield from run)


def _polarisations(
    polarisations: Sequence[str] | None, start: float | None, stop: float | None, num: int | None
) -> list[str]:
    if polarisations is not None:
        if not (start is stop is num is None):
            raise BadScan("give polarisations, or start_deg, stop_deg and num, not both")
        wanted = [str(parse(one)) for one in polarisations]
    else:
        if start is None or stop is None or num is None:
            raise BadScan("give polarisations, or all of start_deg, stop_deg and num")
        if num < 1:
            raise BadScan(f"num {num}: must be 1 or more")
        step_deg = (stop - start) / (num - 1) if num > 1 else 0.0
        wanted = [str(parse(f"linear {start + n * step_deg:.9g}")) for n in range(num)]
    if not wanted:
        raise BadScan("no polarisations, no scan")
    return wanted
