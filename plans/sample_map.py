"""A map of a sample: what detectors see at each point of a rectangle of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from bluesky import preprocessors
from bluesky.utils import Msg, MsgGenerator

from devices import EnergyAxis, RingStatus, SampleStage, Shutter, Spectrometer
from plans.beam_on import closed_at_the_end, open_shutters, refuse_darkness
from plans.energy_scan import BadScan
from plans.lean import lean_step, move
from plans.raster import Raster
from plans.roles import Role
from plans.spectrum import preset

_untyped: Any = preprocessors


def sample_map(
    x_start: float,
    x_stop: float,
    x_num: int,
    y_start: float,
    y_stop: float,
    y_num: int,
    dwell_s: float = 1.0,
    *,
    snake: bool = True,
    energy_ev: float | None = None,
    stage: Annotated[SampleStage, Role("sample_stage")],
    detectors: Annotated[Sequence[Any], Role("detectors")],
    sdd: Annotated[Spectrometer, Role("sdd")],
    energy: Annotated[EnergyAxis, Role("energy")],
    shutter: Annotated[Shutter, Role("shutter")],
    front_end: Annotated[Shutter, Role("front_end")],
    ring: Annotated[RingStatus, Role("ring")],
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Count with counter and fluorescence spectrometer on a grid of points of the sample, row by row.

    The shutter is open while points are taken, and the stage goes back to where it was.

    Parameters
    ----------
    x_start, x_stop, x_num
        First and last point of each row in mm, and how many there are.
    y_start, y_stop, y_num
        The same for the rows.
    dwell_s
        Counting time per point.
    snake
        Whether every second row is taken backwards.
    energy_ev
        Photon energy; by default the one that there is.
    stage, detectors, sdd, energy, shutter, front_end, ring
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
        Numbers of points below 1, or a counting time that is not above 0.
    OutOfReach
        A point that the stage, or an energy that the beamline does not reach; nothing has moved.
    NoLight
        The undulator gives nothing of the energy that the monochromator stands at.
    """
    if not dwell_s > 0:
        raise BadScan(f"sample_map: dwell_s {dwell_s:g} s: must be more than 0")
    raster = Raster.of("sample_map", stage, (x_start, x_stop, x_num), (y_start, y_stop, y_num), snake=snake)
    if energy_ev is not None:
        energy.check_value(energy_ev)
    shutter.check_value("open")
    front_end.check_value("open")
    counting: list[Any] = [*detectors, *([sdd] if sdd not in detectors else [])]
    names: dict[str, Any] = {
        "stage": stage,
        "sdd": sdd,
        "energy": energy,
        "shutter": shutter,
        "front_end": front_end,
        "ring": ring,
    }
    metadata: dict[str, Any] = {
        "plan_name": "sample_map",
        "plan_args": {
            **{"x_start": x_start, "x_stop": x_stop, "x_num": x_num},
            **{"y_start": y_start, "y_stop": y_stop, "y_num": y_num},
            "dwell_s": dwell_s,
            "snake": snake,
            "energy_ev": energy_ev,
            **{role: one.name for role, one in names.items()},
            "detectors": [one.name for one in detectors],
        },
        "detectors": [one.name for one in counting],
        **raster.metadata,
        **(md or {}),
    }

    def body() -> MsgGenerator[None]:
        yield Msg("checkpoint")
        if energy_ev is not None:
            yield from move(energy, energy_ev)
        yield from refuse_darkness(energy)
        yield from preset(counting, dwell_s)
        yield from open_shutters(shutter, front_end)
        at: dict[Any, Any] = {stage.x: None, stage.y: None}
        for places in raster.points():
            yield from lean_step([*counting, ring, energy], places, at)

    safe = closed_at_the_end(body(), shutter)
    placed = _untyped.reset_positions_wrapper(safe, [stage.x, stage.y])
    run: MsgGenerator[str] = _untyped.stage_wrapper(_untyped.run_wrapper(placed, md=metadata), [*counting, stage])
    return (yield from run)
