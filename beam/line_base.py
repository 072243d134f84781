"""What the lines of all beamlines share: ring, clock, axes, shutters, and an exposure of a scaler."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from beam import facts
from beam.axis import LineAxis
from beam.clock import Clock
from beam.errors import OutOfReach, UnknownName
from beam.ring import RingEvent, RingModel


@dataclasses.dataclass(frozen=True)
class Exposure:
    """One exposure of a scaler: its number, when it began, how long it was, and what it counted by channel."""

    index: int
    start_s: float
    dwell_s: float
    counts: Mapping[int, int]
    overloaded: frozenset[str]


class LineBase(ABC):
    """The hardware of one beamline, of whatever kind.

    Parameters
    ----------
    facility, beamline
        The facts.
    seed
        Seed of all noise.
    clock
        Clock of the slow physics; an exposure advances it by its dwell time.
    events
        What happens to the ring.

    Attributes
    ----------
    axes
        Axes by key, such as ``"undulator.gap"``.
    open
        Whether each shutter and valve is open; at the start, shutters are closed and valves open.
    gain_v_per_a
        Gain of each detector's amplifier.
    exposures
        How many exposures were made.
    inserted
        Whether each foil is in the beam, by device.
    """

    sample: Any

    def __init__(
        self,
        facility: facts.Facility,
        beamline: facts.Beamline,
        *,
        seed: int,
        clock: Clock,
        events: Iterable[RingEvent] = (),
    ) -> None:
        self.facility = facility
        self.beamline = beamline
        self.seed = seed
        self.clock = clock
        self.ring = RingModel(facility.ring, seed, events)
        self.axes: dict[str, LineAxis] = {}
        self.open: dict[str, bool] = {}
        self.gain_v_per_a: dict[str, float] = {}
        self.exposures = 0
        self.inserted: dict[str, dict[str, bool]] = {}
        self._scalers: dict[str, facts.Scaler] = {}
        for name, device in beamline.devices.items():
            match device:
                case facts.Shutter():
                    self.open[name] = False
                case facts.Valve():
                    self.open[name] = True
                case facts.StationInterlock():
                    pass  # it tells, and the light knows nothing of it
                case facts.Scaler():
                    self._scalers[name] = device
                case _:
                    self._add(name, device)
        for key in beamline.sim.offsets:
            if key not in self.axes:
                raise UnknownName("axis in sim.offsets", key, self.axes)

    @abstractmethod
    def _add(self, name: str, device: Any) -> None:
        """Take in a device that has to do with light, other than shutters, valves and scalers."""

    @abstractmethod
    def first_harmonic_ev(self) -> float | None:
        """Return the energy of the undulator's first harmonic in eV, None where the gap gives no light."""

    @abstractmethod
    def undulator_power_kw(self) -> float:
        """Return the power of the undulator's light in kW at the present current; 0 where it gives no light."""

    @abstractmethod
    def _count(
        self, scaler: str, current_ma: float, dwell_s: float, index: int, lit: bool
    ) -> tuple[dict[int, int], list[str]]:
        """Return the counts by channel of the detectors on a scaler, and the names of those that overload."""

    def _add_axis(self, key: str, axis: facts.AxisFacts) -> LineAxis:
        added = LineAxis(axis, self.beamline.sim.offsets.get(key, 0.0), axis.name)
        self.axes[key] = added
        return added

    def _add_axes(self, name: str, device: facts.Facts) -> dict[str, LineAxis]:
        """Add all axes of a device; return them by their keys in its table."""
        return {key: self._add_axis(f"{name}.{key}", axis) for key, axis in facts.axes_of(device).items()}

    def expose(self, scaler: str, dwell_s: float) -> Exposure:
        """Count for `dwell_s` seconds on all channels of a scaler; the clock advances by as much.

        Returns
        -------
        Exposure
            Channel 1 holds the counts of the scaler's own clock.

        Raises
        ------
        UnknownName
            If there is no such scaler.
        OutOfReach
            If the dwell time is negative or no number.
        """
        device = self._scalers.get(scaler)
        if device is None:
            raise UnknownName("scaler", scaler, self._scalers)
        if not 0 <= dwell_s < 1e6:
            raise OutOfReach(f"{device.name} dwell time {dwell_s:g} s: 0 … 1e6 s")
        start = self.clock.now()
        index = self.exposures
        current = self.ring.mean_current_ma(start, start + dwell_s)
        counts, overloaded = self._count(scaler, current, dwell_s, index, all(self.open.values()))
        self.exposures += 1
        self.clock.advance(dwell_s)
        return Exposure(index, start, dwell_s, {1: round(device.clock_hz * dwell_s), **counts}, frozenset(overloaded))
