"""Alignment: scans something, finds the peak or edge, goes there and makes sure; or goes back to where it was."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from bluesky import preprocessors
from bluesky.utils import Msg, MsgGenerator

from beam.errors import TerasuError, UnknownName
from devices import EnergyAxis, Shutter
from devices.protocols import Positioner
from plans.beam_on import closed_at_the_end, open_shutters, refuse_darkness
from plans.energy_scan import BadScan
from plans.lean import lean_step, move, read_once
from plans.peak import FEWEST, SIGNIFICANT, Edge, NoPeak, Peak, find_centred_peak, find_edge, noise_of
from plans.roles import Role
from plans.spectrum import preset

_untyped: Any = preprocessors
Wanted = Literal["peak", "dip", "edge"]
CLOSE_REL = 0.2
"""How far a reading at the position found may be from what the scan had there, of the height of the peak or edge."""


class NotAligned(TerasuError):
    """A position that was found, and where the signal is not what it was in the scan."""


class Rows:
    """What was recorded of a run, as the documents say it: points that were repeated are there once."""

    def __init__(self, motor: str, signal: str) -> None:
        self._keys = motor, signal
        self._streams: dict[str, str] = {}
        self.rows: dict[str, list[tuple[float, float]]] = {}

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take a document."""
        if name == "descriptor":
            self._streams[doc["uid"]] = str(doc["name"])
        elif name == "event":
            at, value = (float(doc["data"].get(key, math.nan)) for key in self._keys)
            self.rows.setdefault(self._streams[doc["descriptor"]], []).append((at, value))

    def columns(self, stream: str) -> tuple[list[float], list[float]]:
        """Return positions and signals."""
        rows = self.rows.get(stream, [])
        return [at for at, _ in rows], [value for _, value in rows]


def align(
    motor: Positioner,
    start: float,
    stop: float,
    num: int = 41,
    *,
    signal: str = "i0",
    find: Wanted = "peak",
    dwell_s: float = 0.1,
    detectors: Annotated[Sequence[Any], Role("detectors")],
    energy: Annotated[EnergyAxis, Role("energy")],
    shutter: Annotated[Shutter, Role("shutter")],
    front_end: Annotated[Shutter, Role("front_end")],
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Scan `motor` around where it is, and leave it at the middle of the peak, dip or edge that `signal` has there.

    There is a peak where it stands out of the noise of a point by five standard deviations (`plans.peak`). At the
    position found the signal is read once more, into the stream ``verified``. Where there is nothing to be found, or
    the signal is not what the scan had there, the motor goes back to where it started and the run fails. The shutters
    are opened for it; the station's is closed at the end.

    Parameters
    ----------
    motor
        What is moved: a pitch, the centre of slits, a table.
    start, stop
        Ends of the scan, relative to where `motor` is, in its unit.
    num
        Number of points, at equal distances.
    signal
        The reading that is looked at: one of the `detectors`'.
    find
        ``peak`` or ``dip``: the middle between the positions of half height; ``edge``: the position of half height
        between two levels.
    dwell_s
        Counting time per point.
    detectors, energy, shutter, front_end
        Devices, filled in by their roles.
    md
        More metadata.

    Returns
    -------
    str
        The run's uid.

    Raises
    ------
    BadScan, UnknownName
        Arguments that make no scan; nothing has moved.
    NoLight
        The undulator gives nothing of the energy that the monochromator stands at.
    NoPeak, NoEdge
        Nothing that could be aligned on.
    NotAligned
        The signal at the position found is not what it was in the scan.
    """
    if find not in ("peak", "dip", "edge"):
        raise UnknownName("thing to find", str(find), ("peak", "dip", "edge"))
    if num < FEWEST or dwell_s <= 0 or not (math.isfinite(start) and math.isfinite(stop)) or start == stop:
        raise BadScan(
            f"align from {start:g} to {stop:g} in {num} points of {dwell_s:g} s: two different ends, {FEWEST} points "
            "or more and a counting time above 0 s are needed"
        )
    readings = {key: one for one in detectors for key in one.describe()}
    if signal not in readings:
        raise UnknownName("signal", signal, readings)
    untyped: Any = motor
    rows = Rows(untyped.name, signal)
    aligned = False
    before: Any = (yield Msg("locate", motor))["setpoint"]

    def body() -> MsgGenerator[None]:
        nonlocal aligned
        positions = [before + float(one) for one in np.linspace(start, stop, num)]
        yield Msg("checkpoint")
        if motor not in energy.axes.values():  # else it is the light that is looked for
            yield from refuse_darkness(energy)
        yield from preset(detectors, dwell_s)
        yield from move(motor, positions[0])
        yield from open_shutters(shutter, front_end)
        at: dict[Any, Any] = {motor: positions[0]}
        for one in positions:
            yield from lean_step(detectors, {motor: one}, at)
        last = yield Msg("read", readings[signal])
        _ = last[signal]["value"]  # from here on it depends on what is measured: who only looks ahead is told so
        x, y = rows.columns("primary")
        found = _find(find, x, y)
        yield from move(motor, found.cen)
        yield Msg("checkpoint")
        yield from read_once([*detectors, motor], "verified")
        _verify(untyped.name, signal, found, (x, y), rows.columns("verified")[1][-1])
        aligned = True

    def put_back() -> MsgGenerator[None]:
        if not aligned:
            yield from move(motor, before)

    metadata: dict[str, Any] = {
        "plan_name": "align",
        "plan_args": {
            "motor": untyped.name,
            "start": start,
            "stop": stop,
            "num": num,
            "signal": signal,
            "find": find,
            "dwell_s": dwell_s,
        },
        "detectors": [one.name for one in detectors],
        "motors": [untyped.name],
        "num_points": num,
        "num_intervals": num - 1,
        "hints": {"dimensions": [([untyped.name], "primary")]},
        **(md or {}),
    }
    safe = closed_at_the_end(body(), shutter, put_back)
    run: MsgGenerator[str] = _untyped.stage_wrapper(_untyped.run_wrapper(safe, md=metadata), [*detectors, motor])
    told: MsgGenerator[str] = _untyped.subs_wrapper(run, rows)
    return (yield from told)


def _find(wanted: Wanted, x: Sequence[float], y: Sequence[float]) -> Peak | Edge:
    if wanted == "edge":
        return find_edge(x, y)
    found = find_centred_peak(x, y)
    if found.kind != wanted:
        raise NoPeak(f"no {wanted}: what stands out is a {found.kind} at {found.cen:.6g}")
    return found


def _verify(
    motor: str, signal: str, found: Peak | Edge, scan: tuple[Sequence[float], Sequence[float]], value: float
) -> None:
    order = np.argsort(scan[0])
    x, y = np.asarray(scan[0])[order], np.asarray(scan[1])[order]
    expected = float(np.interp(found.cen, x, y))
    allowed = max(SIGNIFICANT * math.sqrt(2) * noise_of(y), CLOSE_REL * abs(found.height))
    if not abs(value - expected) <= allowed:
        raise NotAligned(
            f"{motor} at {found.cen:.6g}: {signal} is {value:.6g} there, in the scan it was {expected:.6g} "
            f"(± {allowed:.3g} is allowed): it drifts, or {motor} does not come back to the same place"
        )
