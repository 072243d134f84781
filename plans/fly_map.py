"""Maps of a sample on the fly: a raster of lines, or a spiral."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from bluesky.utils import MsgGenerator

from devices import EnergyAxis, Flyer, SampleStage, Shutter
from plans.fly_scan import fly_path
from plans.flying import name_of
from plans.paths import raster, spiral
from plans.roles import Role


def fly_map(
    x_start: float,
    x_stop: float,
    x_num: int,
    y_start: float,
    y_stop: float,
    y_num: int,
    gate_s: float,
    *,
    snake: bool = True,
    energy_ev: float | None = None,
    detectors: Annotated[Sequence[Any], Role("detectors")] = (),
    stage: Annotated[SampleStage, Role("sample_stage")],
    flyer: Annotated[Flyer, Role("flyer")],
    energy: Annotated[EnergyAxis, Role("energy")],
    shutter: Annotated[Shutter, Role("shutter")],
    front_end: Annotated[Shutter, Role("front_end")],
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Count on a raster of the sample, line by line, while the stage moves steadily.

    Parameters
    ----------
    x_start, x_stop, x_num
        First and last point of each line in mm, each the middle of its gate, and how many there are.
    y_start, y_stop, y_num
        The same for the lines.
    gate_s
        Counting time of each point.
    snake
        Whether every second line is flown backwards.
    energy_ev
        Photon energy; by default the one that there is.
    detectors
        What is triggered at each gate, such as ``[counter,sdd,camera]``; counters are latched anyway.
    stage, flyer, energy, shutter, front_end
        Devices, filled in by their roles.
    md
        More metadata.

    Returns
    -------
    str
        The run's uid.

    Raises
    ------
    BadPath
        Arguments that make no raster.
    OutOfReach
        A place, run-up and run-down included, or a speed that the stage does not reach, or gates that are too short
        for a detector; says what would do.
    NoLight
        The undulator gives nothing of the energy that the monochromator stands at.
    """
    x, y = flyer.key_of(stage.x), flyer.key_of(stage.y)
    path = raster((x, x_start, x_stop, x_num), (y, y_start, y_stop, y_num), gate_s, snake=snake)
    up, across = name_of(stage.y), name_of(stage.x)
    about = {
        "plan_name": "fly_map",
        "plan_args": {
            **{"x_start": x_start, "x_stop": x_stop, "x_num": x_num},
            **{"y_start": y_start, "y_stop": y_stop, "y_num": y_num},
            **{"gate_s": gate_s, "snake": snake, "energy_ev": energy_ev},
        },
        "motors": [up, across],
        "shape": [y_num, x_num],
        "extents": [[y_start, y_stop], [x_start, x_stop]],
        "snaking": [False, snake],
        "hints": {"gridding": "rectilinear", "dimensions": [([up], "primary"), ([across], "primary")]},
        **(md or {}),
    }
    return (
        yield from fly_path(
            path,
            energy_ev=energy_ev,
            detectors=detectors,
            flyer=flyer,
            energy=energy,
            shutter=shutter,
            front_end=front_end,
            md=about,
        )
    )


def fly_spiral(
    x_mm: float,
    y_mm: float,
    radius_mm: float,
    pitch_mm: float,
    gate_s: float,
    *,
    energy_ev: float | None = None,
    detectors: Annotated[Sequence[Any], Role("detectors")] = (),
    stage: Annotated[SampleStage, Role("sample_stage")],
    flyer: Annotated[Flyer, Role("flyer")],
    energy: Annotated[EnergyAxis, Role("energy")],
    shutter: Annotated[Shutter, Role("shutter")],
    front_end: Annotated[Shutter, Role("front_end")],
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Count along a spiral of the sample from its middle outwards, at a steady speed.

    Parameters
    ----------
    x_mm, y_mm
        The middle.
    radius_mm
        Of the last turn.
    pitch_mm
        Distance of the turns, and of the points along them.
    gate_s
        Counting time of each point.
    energy_ev
        Photon energy; by default the one that there is.
    detectors
        What is triggered at each gate, such as ``[counter,sdd,camera]``; counters are latched anyway.
    stage, flyer, energy, shutter, front_end
        Devices, filled in by their roles.
    md
        More metadata.

    Returns
    -------
    str
        The run's uid.

    Raises
    ------
    BadPath
        Arguments that make no spiral.
    OutOfReach
        A place, run-up and run-down included, or a speed that the stage does not reach, or gates that are too short
        for a detector; says what would do.
    NoLight
        The undulator gives nothing of the energy that the monochromator stands at.
    """
    x, y = flyer.key_of(stage.x), flyer.key_of(stage.y)
    path = spiral((x, x_mm), (y, y_mm), radius_mm, pitch_mm, gate_s)
    up, across = name_of(stage.y), name_of(stage.x)
    about = {
        "plan_name": "fly_spiral",
        "plan_args": {
            **{"x_mm": x_mm, "y_mm": y_mm, "radius_mm": radius_mm, "pitch_mm": pitch_mm},
            **{"gate_s": gate_s, "energy_ev": energy_ev},
        },
        "motors": [up, across],
        "hints": {"dimensions": [([up], "primary"), ([across], "primary")]},
        **(md or {}),
    }
    return (
        yield from fly_path(
            [path],
            energy_ev=energy_ev,
            detectors=detectors,
            flyer=flyer,
            energy=energy,
            shutter=shutter,
            front_end=front_end,
            md=about,
        )
    )
