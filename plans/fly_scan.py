"""Scans on the fly: along a line, or along whatever path scanspec can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from bluesky.utils import Msg, MsgGenerator

from beam.trajectory import Stretch
from devices import EnergyAxis, Flight, Flyer, MotorAxis, Shutter
from plans.beam_on import refuse_darkness
from plans.flying import check_flights, check_passes, fly_run, name_of, passes_of
from plans.lean import move
from plans.paths import key_finder, line, of_spec
from plans.roles import Role


def fly_scan(
    motor: MotorAxis,
    start: float,
    stop: float,
    num: int,
    gate_s: float,
    *,
    passes: int = 1,
    bidirectional: bool = True,
    compare: bool = False,
    energy_ev: float | None = None,
    detectors: Annotated[Sequence[Any], Role("detectors")] = (),
    flyer: Annotated[Flyer, Role("flyer")],
    energy: Annotated[EnergyAxis, Role("energy")],
    shutter: Annotated[Shutter, Role("shutter")],
    front_end: Annotated[Shutter, Role("front_end")],
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Count along a line while `motor` moves steadily.

    Parameters
    ----------
    motor
        An axis that is wired to the flyer.
    start, stop, num
        The first and last point, each the middle of its gate, and how many there are.
    gate_s
        Counting time of each.
    passes, bidirectional
        How often, and whether every second pass goes back.
    compare
        Whether the motor's position makes the gates, rather than time.
    energy_ev
        Photon energy; by default the one that there is.
    detectors
        What is triggered at each gate, such as ``[counter,sdd,camera]``; counters are latched anyway.
    flyer, energy, shutter, front_end
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
        Arguments that make no line.
    OutOfReach
        A place, run-up and run-down included, or a speed that the motor does not reach, or gates that are too short
        for a detector; says what would do.
    NoLight
        The undulator gives nothing of the energy that the monochromator stands at.
    """
    key = flyer.key_of(motor)
    path = line(key, start, stop, num, gate_s)
    arguments = {
        **{"motor": name_of(motor), "start": start, "stop": stop, "num": num, "gate_s": gate_s},
        **{"passes": passes, "bidirectional": bidirectional, "compare": compare, "energy_ev": energy_ev},
    }
    about = {
        "plan_name": "fly_scan",
        "plan_args": arguments,
        "motors": [name_of(motor)],
        "hints": {"dimensions": [([name_of(motor)], "primary")]},
        **(md or {}),
    }
    return (
        yield from fly_path(
            [path],
            key if compare else None,
            passes,
            bidirectional=bidirectional,
            energy_ev=energy_ev,
            detectors=detectors,
            flyer=flyer,
            energy=energy,
            shutter=shutter,
            front_end=front_end,
            md=about,
        )
    )


def fly_spec(
    spec: Any,
    gate_s: float | None = None,
    *,
    energy_ev: float | None = None,
    detectors: Annotated[Sequence[Any], Role("detectors")] = (),
    flyer: Annotated[Flyer, Role("flyer")],
    energy: Annotated[EnergyAxis, Role("energy")],
    shutter: Annotated[Shutter, Role("shutter")],
    front_end: Annotated[Shutter, Role("front_end")],
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Count along a path that scanspec says, such as ``Fly(0.01 @ Spiral("sample_stage_x", 0, 2, 0.1, …))``.

    Parameters
    ----------
    spec
        A scanspec value; its axes are wired to the flyer, and are given as devices or by their names.
    gate_s
        Counting time of each point, where the spec does not say.
    energy_ev
        Photon energy; by default the one that there is.
    detectors
        What is triggered at each gate, such as ``[counter,sdd,camera]``; counters are latched anyway.
    flyer, energy, shutter, front_end
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
        If it says no duration, and `gate_s` is not given.
    OutOfReach
        A place, run-up and run-down included, or a speed that an axis does not reach, or gates that are too short for
        a detector; says what would do.
    NoLight
        The undulator gives nothing of the energy that the monochromator stands at.
    """
    path = of_spec(spec, key_finder(flyer), gate_s)
    axes = [name_of(flyer.axis(key)) for key in path[0].positions]
    about = {
        "plan_name": "fly_spec",
        "plan_args": {"spec": spec.serialize(), "gate_s": gate_s, "energy_ev": energy_ev},
        "motors": axes,
        "hints": {"dimensions": [([axis], "primary") for axis in axes]},
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


def fly_path(
    path: list[Stretch],
    compare: str | None = None,
    passes: int = 1,
    *,
    bidirectional: bool = True,
    energy_ev: float | None = None,
    detectors: Sequence[Any] = (),
    flyer: Flyer,
    energy: EnergyAxis,
    shutter: Shutter,
    front_end: Shutter,
    md: Mapping[str, Any],
) -> MsgGenerator[str]:
    """Fly along a path, with light, at an energy."""
    check_passes(passes)
    flight = Flight(tuple(path), 1, compare, flyer.gated(detectors))
    flights = passes_of(flight, passes, bidirectional=bidirectional)
    check_flights(flyer, flights[:2])
    if energy_ev is not None:
        energy.check_value(energy_ev)
    shutter.check_value("open")
    front_end.check_value("open")

    flown = {flyer.axis(key) for stretch in path for key in stretch.positions}

    def at_energy() -> MsgGenerator[None]:
        if energy_ev is not None:
            yield from move(energy, energy_ev)
        if flown.isdisjoint(energy.axes.values()):  # else it is the light that is flown through
            yield from refuse_darkness(energy)
        yield Msg("checkpoint")

    return (yield from fly_run(flyer, flights, shutter, front_end, md=md, before=at_energy))
