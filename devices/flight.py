"""A flight as a value: what a flyer is prepared with, and the trajectory that it makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from beam.trajectory import Pace, Stretch, after
from devices.axis import Axis

if TYPE_CHECKING:
    from devices.gated import Gated


@dataclass(frozen=True, eq=False)
class Flight:
    """Gates along a path.

    Attributes
    ----------
    stretches
        The path, its positions by the key of the axis at the flyer (``"dcm.bragg"``).
    number
        Of the pass, which each row carries.
    compare
        Key of the axis whose positions make the gates, in stretches of equal steps; None for time.
    detectors
        That are triggered at each gate.
    """

    stretches: tuple[Stretch, ...]
    number: int = 1
    compare: str | None = None
    detectors: tuple[Gated, ...] = ()

    @property
    def gates(self) -> int:
        """How many gates there are."""
        return sum(len(one) for one in self.stretches)

    @property
    def axes(self) -> list[str]:
        """Keys of the axes that fly."""
        return list(self.stretches[0].positions)

    @property
    def shortest_s(self) -> float:
        """How long the shortest gate lasts."""
        return min(float(one.gate_s.min()) for one in self.stretches)

    def rest(self, gates: int) -> Flight:
        """Return what is left without the first `gates`."""
        return replace(self, stretches=tuple(after(self.stretches, gates)))


def paces(axes: Mapping[str, Axis]) -> dict[str, Pace]:
    """Return what axes can do, as they are set now; a speed that was lowered for a move does not count."""
    return {
        key: Pace(axis.name, axis.unit, *axis.limits, axis.facts.velocity, axis.facts.acceleration_s)
        for key, axis in axes.items()
    }
