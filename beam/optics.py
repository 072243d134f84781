"""What stands in the beam between the source and the detectors, as the axes have it: which share of each order passes.

Heights are those of the beam where it is: turning the second crystal by δ turns the beam by 2δ, and a crystal gap that
is wrong for the Bragg angle shifts it. What stands before the monochromator sees neither.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from beam import facts
from beam.axis import LineAxis
from beam.filters import FoilSet
from beam.mirror import reflectivity
from beam.slits import BeamProfile, Spot, Window, gaussian_share


class Course(NamedTuple):
    """Where the beam runs: its height behind the monochromator in mm, its slope in rad from there on, and from where.

    `source_x_rad` and `source_y_rad` are its direction when it leaves the source.
    """

    height_mm: float = 0.0
    slope_rad: float = 0.0
    from_m: float = 0.0
    source_x_rad: float = 0.0
    source_y_rad: float = 0.0

    def at(self, distance_m: float) -> float:
        """Return the height in mm at a distance from the source."""
        height = 1e3 * self.source_y_rad * distance_m
        if distance_m <= self.from_m:
            return height
        return height + self.height_mm + 1e3 * self.slope_rad * (distance_m - self.from_m)

    def x_at(self, distance_m: float) -> float:
        """Return how far it is off to the outside of the ring in mm at a distance from the source."""
        return 1e3 * self.source_x_rad * distance_m


class Blades:
    """The four blades of one pair of slits."""

    def __init__(self, slits: facts.Slits, axes: Mapping[str, LineAxis]) -> None:
        self.distance_m = slits.distance_m
        self._axes = tuple(axes[key] for key in ("left", "right", "bottom", "top"))

    def window(self) -> Window:
        """Return what they leave free."""
        return Window(*(axis.true for axis in self._axes))


class MirrorPair:
    """Two parallel mirrors."""

    def __init__(self, mirror: facts.Mirror, axes: Mapping[str, LineAxis]) -> None:
        self.facts = mirror
        self.distance_m = mirror.distance_m
        self._x, self._pitch = axes["x"], axes["pitch"]

    def window(self) -> Window | None:
        """Return how much of the beam's height meets the mirrors; None where the beam passes them."""
        stripe = self.facts.stripe_at(self._x.true)
        if stripe is not None and stripe.coating == "none":
            return None
        half = 0.5 * self.facts.length_mm * math.sin(max(self._pitch.true, 0.0) * 1e-6)
        return Window(-math.inf, math.inf, -half, half)

    def reflected(self, energies_ev: Sequence[float]) -> list[float]:
        """Return the share of light of each energy that both mirrors reflect; all of it where it passes them."""
        stripe = self.facts.stripe_at(self._x.true)
        if stripe is not None and stripe.coating == "none":
            return [1.0] * len(energies_ev)
        if stripe is None or self._pitch.true <= 0:
            return [0.0] * len(energies_ev)
        grazing_deg = math.degrees(self._pitch.true * 1e-6)
        once = reflectivity(stripe.coating, grazing_deg, np.array(energies_ev), self.facts.roughness_nm)
        return (once * once).tolist()


class Stand:
    """A table with detectors: the height of their windows."""

    def __init__(self, table: facts.Table, axes: Mapping[str, LineAxis]) -> None:
        self.facts = table
        self.distance_m = table.distance_m
        self._y = axes["y"]

    def window(self) -> Window:
        """Return what their windows leave free."""
        half = 0.5 * self.facts.window_mm
        return Window(-math.inf, math.inf, self._y.true - half, self._y.true + half)


class Stop:
    """A beam stop."""

    def __init__(self, beam_stop: facts.BeamStop, axes: Mapping[str, LineAxis]) -> None:
        self.facts = beam_stop
        self._y = axes["y"]

    def past(self, spot: Spot, height_mm: float) -> float:
        """Return the share of a beam that goes past it above and below, its middle at a height."""
        half, off = 0.5 * self.facts.size_mm, self._y.true - height_mm - spot.y_mm
        if spot.rms_y_mm <= 0:
            return 0.0
        return 1.0 - gaussian_share(off - half, off + half, spot.rms_y_mm)


class FoilsInBeam:
    """A set of filters, and which of its foils are in the beam."""

    def __init__(self, filters: facts.Filters) -> None:
        self.foils = FoilSet(filters.foils)
        self.inserted = dict.fromkeys(filters.foils, False)

    def passed(self, energies_ev: Sequence[float]) -> list[float]:
        """Return the share of light of each energy that passes."""
        return self.foils.passed([foil for foil, there in self.inserted.items() if there], energies_ev)


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
        self._mirrors: list[MirrorPair] = []
        self.filters: dict[str, FoilsInBeam] = {}
        """By device."""
        self._stands: list[Stand] = []
        self._stops: list[Stop] = []

    def add(self, name: str, device: facts.Facts, axes: Mapping[str, LineAxis]) -> None:
        """Put a device into the beam, with its axes by key."""
        self._axes += axes.values()
        match device:
            case facts.Slits():
                self._slits.append(Blades(device, axes))
            case facts.Mirror():
                self._mirrors.append(MirrorPair(device, axes))
            case facts.Table():
                self._stands.append(Stand(device, axes))
            case facts.BeamStop():
                self._stops.append(Stop(device, axes))
            case facts.Filters():
                self.filters[name] = FoilsInBeam(device)
            case _:
                raise TypeError(f"{type(device).__name__} is no optics")

    def key(self) -> tuple[float, ...]:
        """Return what decides about the light: where all axes truly are, and which foils are in."""
        foils = [there for one in self.filters.values() for there in one.inserted.values()]
        return (*[axis.true for axis in self._axes], *foils)

    def passed(self, energies_ev: Sequence[float], course: Course) -> list[float]:
        """Return the share of light of each energy that comes through, of what the source's mask passes."""
        shares = [self.spot(energy, course).share for energy in energies_ev]
        for more in (
            *(mirror.reflected(energies_ev) for mirror in self._mirrors),
            *(filters.passed(energies_ev) for filters in self.filters.values()),
        ):
            shares = [share * passed for share, passed in zip(shares, more, strict=True)]
        return shares

    def spot(self, energy_ev: float, course: Course) -> Spot:
        """Return the beam of an energy behind the last slits, around its own middle there; reflectivity apart."""
        return self._behind((*self._slits, *self._mirrors), energy_ev, course)

    def on_table(self, detector: str, energies_ev: Sequence[float], course: Course) -> list[float] | None:
        """Return which share of the light of each energy meets a detector's window; None if no table carries it."""
        stand = next((one for one in self._stands if detector in one.facts.carries), None)
        if stand is None:
            return None
        found: list[float] = []
        for energy in energies_ev:
            there = self.spot(energy, course).share
            found.append(
                self._behind((*self._slits, *self._mirrors, stand), energy, course).share / there if there else 0.0
            )
        return found

    def past_stop(self, energy_ev: float, course: Course) -> float:
        """Return the share of the direct beam that goes past the beam stops to a camera behind them."""
        share = 1.0
        for one in self._stops:
            spot, scale = self.spot(energy_ev, course), one.facts.distance_m / self._last_m(course)
            there = Spot(spot.share, *(scale * size for size in spot[1:]))
            share *= one.past(there, course.at(one.facts.distance_m))
        return share

    def _last_m(self, course: Course) -> float:
        return max((one.distance_m for one in self._slits), default=course.from_m)

    def _behind(self, cutting: Sequence[Blades | MirrorPair | Stand], energy_ev: float, course: Course) -> Spot:
        last_m = self._last_m(course)
        windows = [
            window.shifted(-course.x_at(one.distance_m), -course.at(one.distance_m)).scaled(last_m / one.distance_m)
            for one in cutting
            if (window := one.window()) is not None
        ]
        return self.profile.behind(windows, energy_ev, last_m)
