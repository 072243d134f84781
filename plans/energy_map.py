"""Maps of a sample at several energies and polarisations: what differs between them shows elements and domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from bluesky import preprocessors
from bluesky.utils import Msg, MsgGenerator

from beam.polarisation import parse
from devices import DrainCurrent, GratingEnergy, Mesh, PolarisationAxis, RingStatus, SampleStage, Shutter
from plans.beam_on import closed_at_the_end
from plans.energy_scan import BadScan
from plans.polarised import Light, PolarisedStation, step
from plans.raster import Raster
from plans.roles import Role

_untyped: Any = preprocessors


def energy_map(
    x_start: float,
    x_stop: float,
    x_num: int,
    y_start: float,
    y_stop: float,
    y_num: int,
    energies: Sequence[float],
    polarisations: Sequence[str] | None = None,
    dwell_s: float = 0.1,
    *,
    snake: bool = True,
    dark_s: float = 10.0,
    stage: Annotated[SampleStage, Role("sample_stage")],
    energy: Annotated[GratingEnergy, Role("energy")],
    polarisation: Annotated[PolarisationAxis, Role("polarisation")],
    detectors: Annotated[Sequence[Any], Role("detectors")],
    i0: Annotated[Mesh, Role("i0")],
    tey: Annotated[DrainCurrent, Role("tey")],
    shutter: Annotated[Shutter, Role("shutter")],
    front_end: Annotated[Shutter, Role("front_end")],
    ring: Annotated[RingStatus, Role("ring")],
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Raster a rectangle of the sample at each energy in each polarisation, one map after the other, in one run.

    The stage goes back to where it was; energy and polarisation stay as they were last.

    Parameters
    ----------
    x_start, x_stop, x_num
        First and last point of each row in the stage's unit, and how many there are.
    y_start, y_stop, y_num
        The same for the rows.
    energies
        In eV.
    polarisations
        Such as ``circular+``, ``circular-``, ``linear 45``; by default the one that there is.
    dwell_s
        Counting time per point.
    snake
        Whether every second row is taken backwards.
    dark_s
        Time to count with the shutter closed, before the maps; 0 leaves it out.
    stage, energy, polarisation, detectors, i0, tey, shutter, front_end, ring
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
        No energies, numbers of points below 1, or counting times that are none.
    OutOfReach
        A point that the stage does not reach, or an energy that a polarisation does not; nothing has moved.
    """
    if not energies or (polarisations is not None and not polarisations):
        raise BadScan("energy_map: needs one energy or more, and one polarisation or more")
    if not dwell_s > 0 or dark_s < 0:
        raise BadScan(f"energy_map: dwell_s {dwell_s:g} s, dark_s {dark_s:g} s: more than 0 s, and 0 s or more")
    raster = Raster.of("energy_map", stage, (x_start, x_stop, x_num), (y_start, y_stop, y_num), snake=snake)
    light = [str(parse(one)) for one in ([polarisation.position] if polarisations is None else polarisations)]
    station = PolarisedStation(energy, polarisation, detectors, shutter, front_end, ring)
    station.check([float(one) for one in energies], light)
    maps = [Light(float(one), each) for one in energies for each in light]
    untyped: Any = stage, i0, tey, energy, polarisation  # ophyd has no types
    names = dict(zip(("stage", "i0", "tey"), (one.name for one in untyped), strict=False))
    metadata: dict[str, Any] = {
        "plan_name": "energy_map",
        "plan_args": {
            **{"x_start": x_start, "x_stop": x_stop, "x_num": x_num},
            **{"y_start": y_start, "y_stop": y_stop, "y_num": y_num},
            **{"energies": [float(one) for one in energies], "polarisations": light},
            **{"dwell_s": dwell_s, "snake": snake, "dark_s": dark_s},
            **station.names,
            **names,
        },
        "maps": {
            "light": [one._asdict() for one in maps],
            "energy": station.names["energy"],
            "polarisation": station.names["polarisation"],
            "signal": names["tey"],
            "normalise": names["i0"],
        },
        "detectors": [one.name for one in detectors],
        **raster.metadata,
        "num_points": raster.metadata["num_points"] * len(maps),
        "shape": [len(maps), *raster.metadata["shape"]],
        "dark_s": dark_s,
        **(md or {}),
    }

    def body() -> MsgGenerator[None]:
        yield Msg("checkpoint")
        at: dict[Any, Any] = {}
        yield from station.go(maps[0], {}, at)
        yield from station.dark(dark_s)
        yield from station.light(dwell_s)
        for one in maps:
            for places in raster.points():
                yield from step(station, [*detectors, stage, ring], one, places, at)

    safe = closed_at_the_end(body(), shutter, station.let_go)
    placed = _untyped.reset_positions_wrapper(safe, [stage.x, stage.y])
    staged: list[Any] = [*detectors, stage, energy, polarisation]
    run: MsgGenerator[str] = _untyped.stage_wrapper(_untyped.run_wrapper(placed, md=metadata), staged)
    return (yield from run)
