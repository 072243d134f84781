"""An absorption spectrum on the fly: undulator and monochromator move together, counters are latched gate by gate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
from bluesky.utils import Msg, MsgGenerator

from beam.trajectory import Stretch
from devices import EnergyAxis, Flight, Flyer, RingStatus, Shutter
from plans.edges import find_edge
from plans.flying import check_flights, check_passes, fly_run, name_of, passes_of
from plans.lean import move, read_once
from plans.regions import CLOSE, BadRegion, Point, Region, ev_to_k, parse_regions
from plans.roles import Role
from plans.spectrum import Station, check, preset


def fly_xas(
    edge: str,
    regions: Sequence[Region] | str | None = None,
    *,
    gate_s: float | None = None,
    k_max: float | None = None,
    passes: int = 1,
    bidirectional: bool = True,
    e0: float | None = None,
    harmonic: int | None = None,
    dark_s: float = 1.0,
    flyer: Annotated[Flyer, Role("flyer")],
    energy: Annotated[EnergyAxis, Role("energy")],
    detectors: Annotated[Sequence[Any], Role("detectors")],
    shutter: Annotated[Shutter, Role("shutter")],
    front_end: Annotated[Shutter, Role("front_end")],
    ring: Annotated[RingStatus, Role("ring")],
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Take an absorption spectrum in one continuous motion, or a series of them to and fro.

    Within a region the energy (or k) changes at a constant rate, its step over its dwell; each step is a gate, and
    becomes a row with the energy that the encoders had.

    Parameters
    ----------
    edge
        Such as ``"Fe K"``; ``"Fe-K"`` and ``"FeK"`` are the same.
    regions
        As of `xas`, without gaps between them: ``"-100:-20:2:0.02 -20:50:0.25:0.02 3.6k:12k:0.05k:0.05"``. By default
        -150 … -30 eV by 2, -30 … 30 eV by 0.25, and from there to `k_max` by 0.05 1/Å.
    gate_s
        Time per step, for all regions; by default 0.02, 0.02 and 0.04 s for the default regions.
    k_max
        End of the default EXAFS region in 1/Å; default 12.
    passes
        How often: a quick-XAFS series; rows of all are in one run, and tell their pass.
    bidirectional
        Whether every second pass goes down in energy; otherwise the axes go back in between.
    e0, harmonic, dark_s
        As of `xas`.
    flyer, energy, detectors, shutter, front_end, ring
        Devices, filled in by their roles. Counters among the detectors count the dark, others are triggered at each
        gate: ``[counter,sdd]``.
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
        Regions that make no continuous spectrum.
    OutOfReach
        An energy, or a speed, that the beamline does not reach; says what would do. Nothing has moved.
    """
    found = find_edge(edge)
    zero = found.energy_ev if e0 is None else e0
    wanted = fly_regions(regions, gate_s, k_max)
    if dark_s < 0:
        raise BadRegion(f"dark_s {dark_s:g} s: 0 s or more is allowed")
    check_passes(passes)
    edges_ev, gates = edges_of(wanted, zero)
    gated = flyer.gated(detectors)
    counters = [one for one in detectors if all(one is not each.detector for each in gated)]
    station = Station(energy, counters, shutter, front_end, ring)
    ends = [Point(float(one), 0.0) for one in (edges_ev[0], edges_ev[-1])]
    chosen = check(station, ends, harmonic)
    flight = Flight((energy_stretch(flyer, energy, edges_ev, gates, chosen),), detectors=gated)
    flights = passes_of(flight, passes, bidirectional=bidirectional)
    check_flights(flyer, flights[:2])
    before = energy.harmonic_choice.get()
    metadata: dict[str, Any] = {
        "plan_name": "fly_xas",
        "plan_args": {
            "edge": edge,
            "regions": [str(one) for one in wanted],
            "passes": passes,
            "bidirectional": bidirectional,
            "e0": e0,
            "harmonic": harmonic,
            "dark_s": dark_s,
            "flyer": name_of(flyer),
            **station.names,
        },
        "edge": found.name,
        "edge_ev": found.energy_ev,
        "e0_ev": zero,
        "regions": [asdict(one) for one in wanted],
        "motors": [station.names["energy"]],
        "harmonic": chosen,
        "dark_s": dark_s,
        "hints": {"dimensions": [(energy.hints["fields"], "primary")]},
        **(md or {}),
    }

    def dark() -> MsgGenerator[None]:
        yield from move(energy.harmonic_choice, chosen)
        yield from move(energy, float(edges_ev[0]))
        if dark_s > 0 and counters:
            yield from move(shutter, "close")
            yield from preset(counters, dark_s)
            yield from read_once(counters, "dark")
        yield Msg("checkpoint")

    def put_back() -> MsgGenerator[None]:
        yield from move(energy.harmonic_choice, before)

    return (
        yield from fly_run(
            flyer,
            flights,
            shutter,
            front_end,
            md=metadata,
            staged=[*counters, energy],
            before=dark,
            after=put_back,
        )
    )


def fly_regions(regions: Sequence[Region] | str | None, gate_s: float | None, k_max: float | None) -> list[Region]:
    """Return the regions of a spectrum on the fly; refuse those that make none."""
    if gate_s is not None and not (math.isfinite(gate_s) and gate_s > 0):
        raise BadRegion(f"gate_s {gate_s:g} s: must be more than 0")
    if regions is None:
        each = [gate_s] * 3 if gate_s is not None else [0.02, 0.02, 0.04]
        middle = 30.0
        return [
            Region(-150.0, -middle, 2.0, each[0]),
            Region(-middle, middle, 0.25, each[1]),
            Region(ev_to_k(middle), 12.0 if k_max is None else k_max, 0.05, each[2], "k"),
        ]
    if k_max is not None:
        raise BadRegion("k_max belongs to the default regions; regions say their own ends")
    found = parse_regions(regions) if isinstance(regions, str) else list(regions)
    if gate_s is not None:
        found = [Region(one.start, one.stop, one.step, gate_s, one.unit) for one in found]
    if not found:
        raise BadRegion("no regions, no spectrum")
    return found


def edges_of(regions: Sequence[Region], zero_ev: float) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the energies at the edges of all gates in eV, and how long each gate lasts in s.

    Raises
    ------
    BadRegion
        If a region has no dwell, is shorter than its step, or does not begin where the one before it ends.
    """
    edges: list[float] = []
    gates: list[float] = []
    for region in regions:
        steps = math.floor((region.stop - region.start) / region.step + CLOSE)
        if steps < 1 or region.dwell_s <= 0:
            raise BadRegion(f"region {region}: on the fly it must be a step or longer, each of more than 0 s")
        energies = [zero_ev + region.energy_at(region.start + n * region.step) for n in range(steps + 1)]
        if edges:
            if abs(energies[0] - edges[-1]) > max(0.5 * (energies[1] - energies[0]), CLOSE):
                raise BadRegion(
                    f"region {region}: begins at {energies[0] - zero_ev:.6g} eV; on the fly it must begin where the "
                    f"one before it ends, at {edges[-1] - zero_ev:.6g} eV"
                )
            energies = energies[1:]
        edges += energies
        gates += [region.dwell_s] * steps
    return np.array(edges), np.array(gates)


def energy_stretch(
    flyer: Flyer, energy: EnergyAxis, edges_ev: np.ndarray[Any, Any], gate_s: np.ndarray[Any, Any], harmonic: int
) -> Stretch:
    """Return the path of all axes that make energies on one harmonic: the tracking table."""
    return tracking(flyer, energy, [energy.targets_for(float(one), harmonic) for one in edges_ev], gate_s)


def tracking(
    flyer: Flyer, energy: EnergyAxis, targets: Sequence[Mapping[str, float]], gate_s: np.ndarray[Any, Any]
) -> Stretch:
    """Return the path of the axes of the energy that are not in one place all the way, by their targets at the edges.

    Raises
    ------
    OutOfReach
        One that has to move is not wired to the flyer.
    """
    places = {part: np.array([one[part] for one in targets]) for part in energy.axes}
    moved = [part for part, one in places.items() if part in energy.carried or np.ptp(one) > 0]
    return Stretch({flyer.key_of(energy.axes[part]): places[part] for part in moved}, gate_s)
