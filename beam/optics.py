"""What stands in the beam between the source and the detectors, as the axes have it: which share of each order passes.

Heights are those of the beam where it is: turning the second crystal by δ turns the beam by 2δ, and a crystal gap that
is wrong for the Bragg angle shifts it. What stands before the monochromator sees neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from beam import facts
from beam.axis import LineAxis
from beam.slits import BeamProfile, Spot, Window


class Course(NamedTuple):
    """Where the beam runs behind the monochromator: its height there in mm and its slope in rad, and from where on."""

    height_mm: float = 0.0
    slope_rad: float = 0.0
    from_m: float = 0.0

    def at(self, distance_m: float) -> float:
        """Return the height in mm at a distance from the source; 0 before the monochromator."""
        if distance_m <= self.from_m:
            return 0.0
        return self.height_mm + 1e3 * self.slope_rad * (distance_m - self.from_m)


class Blades:
    """The four blades of one pair of slits."""

    def __init__(self, slits: facts.Slits, axes: Mapping[str, LineAxis]) -> None:
        self.distance_m = slits.distance_m
        self._axes = tuple(axes[key] for key in ("left", "right", "bottom", "top"))

    def window(self) -> Window:
        """Return what they leave free."""
        return Window(*(axis.true for axis in self._axes))


class Optics:
    """Everything but source and monochromator.

    Parameters
    ----------
    undulator
        The source's facts, for the width of its beam.
    ring
        The electrons.
    """

    def __init__(self, undulator: facts.PlanarUndulator, ring: facts.Ring) -> None:
        self.profile = BeamProfile(undulator, ring)
        self._axes: list[LineAxis] = []
        self._slits: list[Blades] = []

    def add(self, device: facts.Facts, axes: Mapping[str, LineAxis]) -> None:
        """Put a device into the beam, with its axes by key."""
        self._axes += axes.values()
        if isinstance(device, facts.Slits):
            self._slits.append(Blades(device, axes))

    def key(self) -> tuple[float, ...]:
        """Return what decides about the light: where all axes truly are."""
        return tuple([axis.true for axis in self._axes])

    def passed(self, energies_ev: Sequence[float], course: Course) -> list[float]:
        """Return the share of light of each energy that comes through, of what the source's mask passes."""
        return [self.spot(energy, course).share for energy in energies_ev]

    def spot(self, energy_ev: float, course: Course) -> Spot:
        """Return the beam of an energy behind the last slits, around its own middle there."""
        last_m = max((one.distance_m for one in self._slits), default=course.from_m)
        windows = [
            one.window().shifted(0.0, -course.at(one.distance_m)).scaled(last_m / one.distance_m) for one in self._slits
        ]
        return self.profile.behind(windows, energy_ev, last_m)
