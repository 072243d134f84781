"""What `energy_scan` and `xas` have in common: readings at energies, with light only while it is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluesky import preprocessors
from bluesky.utils import Msg, MsgGenerator

from devices import EnergyAxis, RingStatus, Shutter
from plans.beam_on import closed_at_the_end, open_shutters
from plans.lean import lean_step, move, read_once
from plans.regions import Point

_untyped: Any = preprocessors


@dataclass(frozen=True)
class Station:
    """The devices that take a spectrum."""

    energy: EnergyAxis
    detectors: Sequence[Any]
    shutter: Shutter
    front_end: Shutter
    ring: RingStatus

    @property
    def names(self) -> dict[str, Any]:
        """The names of the devices, for the run's metadata."""
        devices: dict[str, Any] = {
            "energy": self.energy,
            "shutter": self.shutter,
            "front_end": self.front_end,
            "ring": self.ring,
        }
        return {role: one.name for role, one in devices.items()} | {"detectors": [one.name for one in self.detectors]}


def check(station: Station, points: Sequence[Point], harmonic: int | None) -> int:
    """Refuse what cannot be done, before anything moves; return the harmonic for the whole spectrum.

    Raises
    ------
    OutOfReach
        An energy that the beamline does not reach, or that `harmonic` does not, or no harmonic reaches all.
    NotPermitted, NotConnected
        A device that cannot move now.
    """
    energies = [one.energy_ev for one in points]
    chosen = harmonic or station.energy.choose_harmonic(energies)
    station.energy.harmonic_choice.check_value(chosen)
    for energy in energies:
        station.energy.check_value(energy, chosen)
    station.front_end.check_value("open")
    station.shutter.check_value("open")
    return chosen


def spectrum(
    station: Station, points: Sequence[Point], *, harmonic: int, dark_s: float, md: Mapping[str, Any]
) -> MsgGenerator[str]:
    """Take readings at `points` in one run.

    The harmonic is fixed for the whole run: a change of harmonic within it would put a step into the spectrum. First
    come dark counts with the shutter closed, in a stream of their own (``dark``), if `dark_s` is not 0.

    Parameters
    ----------
    station
        The devices.
    points
        Energies and dwells, already checked.
    harmonic
        Of the undulator.
    dark_s
        Time to count in the dark.
    md
        Metadata of the run.

    Returns
    -------
    str
        The run's uid.
    """
    energy, detectors = station.energy, list(station.detectors)
    before = energy.harmonic_choice.get()
    metadata: dict[str, Any] = {
        "detectors": [one.name for one in detectors],
        "motors": [station.names["energy"]],
        "num_points": len(points),
        "num_intervals": len(points) - 1,
        "harmonic": harmonic,
        "dark_s": dark_s,
        "hints": {"dimensions": [(energy.hints["fields"], "primary")]},
        **md,
    }

    def body() -> MsgGenerator[None]:
        yield Msg("checkpoint")
        yield from move(energy.harmonic_choice, harmonic)
        yield from move(energy, points[0].energy_ev)
        if dark_s > 0:
            yield from move(station.shutter, "close")
            yield from preset(detectors, dark_s)
            yield from read_once(detectors, "dark")
        yield from preset(detectors, points[0].dwell_s)
        yield from open_shutters(station.shutter, station.front_end)
        readings = [*detectors, station.ring]
        at: dict[Any, Any] = {energy: points[0].energy_ev}
        dwell = points[0].dwell_s
        for point in points:
            if point.dwell_s != dwell:
                dwell = point.dwell_s
                yield from preset(detectors, dwell)
            yield from lean_step(readings, {energy: point.energy_ev}, at)

    def put_back() -> MsgGenerator[None]:
        yield from move(energy.harmonic_choice, before)

    safe = closed_at_the_end(body(), station.shutter, put_back)
    run: MsgGenerator[str] = _untyped.stage_wrapper(_untyped.run_wrapper(safe, md=metadata), [*detectors, energy])
    return (yield from run)


def preset(detectors: Sequence[Any], dwell_s: float) -> MsgGenerator[None]:
    """Set the counting time of all detectors that have one."""
    timed = [one for one in detectors if hasattr(one, "preset_time")]
    for one in timed:
        yield Msg("set", one.preset_time, dwell_s, group="preset")
    if timed:
        yield Msg("wait", None, group="preset")
