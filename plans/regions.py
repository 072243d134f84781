"""Regions of an absorption spectrum: where the points lie and how long each is counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from beam.constants import HBAR_SQUARED_OVER_2M
from beam.errors import TerasuError

CLOSE = 1e-6  # what rounding may shift a point by, of a step or in eV


class BadRegion(TerasuError):
    """Regions that make no spectrum."""


class Point(NamedTuple):
    """One point of a spectrum."""

    energy_ev: float
    dwell_s: float


@dataclass(frozen=True)
class Region:
    """A stretch of equal steps relative to an edge: in eV, or in k (1/Å) above it.

    Attributes
    ----------
    start, stop, step
        In `unit`; start and, where a whole number of steps leads there, stop are points.
    dwell_s
        Time per point.
    unit
        ``"eV"`` relative to the edge, or ``"k"``.
    """

    start: float
    stop: float
    step: float
    dwell_s: float = 1.0
    unit: Literal["eV", "k"] = "eV"

    def __post_init__(self) -> None:
        figures = (self.start, self.stop, self.step, self.dwell_s)
        if not all(math.isfinite(one) for one in figures) or self.step <= 0 or self.stop <= self.start:
            raise BadRegion(f"region {self}: it must rise from start to stop by a positive step")
        if self.dwell_s < 0:
            raise BadRegion(f"region {self}: the dwell is negative; 0 s or more is allowed")
        if self.unit == "k" and self.start < 0:
            raise BadRegion(f"region {self}: k is counted from the edge, 0 1/Å or more")

    def energy_at(self, position: float) -> float:
        """Return the energy in eV relative to the edge."""
        return k_to_ev(position) if self.unit == "k" else position

    def __str__(self) -> str:
        unit = "1/Å" if self.unit == "k" else "eV"
        return f"{self.start:g} … {self.stop:g} {unit} by {self.step:g} {unit}, {self.dwell_s:g} s"


def k_to_ev(k_per_angstrom: float) -> float:
    """Return the photoelectron's energy ħ²k²/2m in eV for a wave number in 1/Å."""
    return HBAR_SQUARED_OVER_2M * k_per_angstrom**2


def ev_to_k(energy_ev: float) -> float:
    """Return the wave number in 1/Å of a photoelectron of an energy in eV, 0 or more: the inverse of `k_to_ev`."""
    return math.sqrt(energy_ev / HBAR_SQUARED_OVER_2M)


def default_regions(k_max: float = 12.0, dwell_s: float | Sequence[float] = (0.5, 1.0, 1.0)) -> list[Region]:
    """Return pre-edge, edge and EXAFS regions as one commonly takes them.

    Parameters
    ----------
    k_max
        End of the EXAFS region in 1/Å.
    dwell_s
        Time per point in the three regions, or one for all.
    """
    each = [float(dwell_s)] * 3 if isinstance(dwell_s, int | float) else [float(one) for one in dwell_s]
    if len(each) != 3:
        raise BadRegion(f"dwell_s has {len(each)} values; 1, or 3 for pre-edge, edge and EXAFS, are allowed")
    edge_end = 30.0
    return [
        Region(-150.0, -30.0, 5.0, each[0]),
        Region(-30.0, edge_end, 0.5, each[1]),
        Region(ev_to_k(edge_end), k_max, 0.05, each[2], "k"),
    ]


def parse_regions(text: str) -> list[Region]:
    """Read regions as one types them: ``"-150:-30:5:0.5 -30:30:0.5 2.8k:12k:0.05k:2"``.

    Each is START:STOP:STEP[:DWELL], relative to the edge in eV, or in 1/Å where the numbers end in ``k``.
    """
    regions: list[Region] = []
    for word in text.replace(",", " ").split():
        parts = word.split(":")
        if len(parts) not in (3, 4):
            raise BadRegion(f"region {word!r}: must be START:STOP:STEP or START:STOP:STEP:DWELL")
        in_k = [part.endswith("k") for part in parts[:3]]
        if any(in_k) != all(in_k):
            raise BadRegion(f"region {word!r}: start, stop and step must be all in eV or all in k")
        try:
            start, stop, step, *dwell = (float(part.removesuffix("k")) for part in parts)
        except ValueError:
            raise BadRegion(f"region {word!r}: not a number") from None
        regions.append(Region(start, stop, step, dwell[0] if dwell else 1.0, "k" if all(in_k) else "eV"))
    return regions


def expand(regions: Sequence[Region], edge_ev: float) -> list[Point]:
    """Return the points of all regions, energies strictly rising.

    Parameters
    ----------
    regions
        In rising order. Where one ends and the next begins, there is one point, with the dwell of the next.
    edge_ev
        What the regions are relative to.

    Raises
    ------
    BadRegion
        If there are none, or one begins before the one before it ends.
    """
    points: list[Point] = []
    for region in regions:
        steps = math.floor((region.stop - region.start) / region.step + CLOSE)
        energies = [edge_ev + region.energy_at(region.start + n * region.step) for n in range(steps + 1)]
        first = energies[0]
        if points and abs(first - points[-1].energy_ev) < CLOSE:
            points.pop()  # where regions meet, the point is the later region's
        if points and first <= points[-1].energy_ev:
            raise BadRegion(f"region {region}: begins before the region before it ends")
        points += [Point(energy, region.dwell_s) for energy in energies]
    if not points:
        raise BadRegion("no regions, no spectrum")
    return points
