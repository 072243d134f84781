"""The beam of a soft X-ray beamline, carried from the ring to the last detector.

ring current → APPLE-II in segments → plane-grating monochromator (orders 1, 2, 3 … and stray light) and mirrors →
mesh → sample (drain current, fluorescence) → photodiode. The light carries its polarisation; the sample answers by
where the beam meets it and by the magnet's field.

Stray light is what passes the grating undispersed: light of the undulator's own line, as wide as that. Left out: the
change of the undulator's spectrum within the bandwidth, what mirrors and grating do to the polarisation, the
influence of the temperature on the magnetisation.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from beam import facts, soft_kinds
from beam.apple import Rows
from beam.axis import LineAxis
from beam.clock import Clock
from beam.constants import FWHM_PER_SIGMA
from beam.current_input import Moments, Response
from beam.environment_kinds import RampedAxis
from beam.errors import OutOfReach, UnknownName
from beam.gate_kinds import GateUnit
from beam.grating import GratingMonochromator, Motors
from beam.line_base import LineBase
from beam.nodes import gaussian_nodes
from beam.polarisation import Stokes
from beam.ring import RingEvent
from beam.segmented import DARK, SegmentedUndulator, SourceState
from beam.soft_detector import (
    UNTOUCHED,
    DiodeCurrent,
    FluorescenceCounter,
    MeshCurrent,
    SampleCurrent,
    Seen,
    seen_by,
)
from beam.xmcd import MagneticFilm, NoFilm

KINDS = (
    *("apple_undulator", "pgm", "magnet", "temperature_stage", "raster_stage"),
    *("mesh", "drain_current", "photodiode", "fluorescence", "scaler", "shutter", "valve", "station_interlock"),
    "gate_unit",
)
Detector: TypeAlias = MeshCurrent | SampleCurrent | FluorescenceCounter | DiodeCurrent
PLAUSIBLE_EV = (10.0, 20_000.0)  # of the first order; a grating turned beyond passes no light here


class Component(NamedTuple):
    """Light of one energy behind the monochromator: an order of the grating (0: stray light)."""

    order: int
    energy_ev: float
    bandwidth_ev: float
    """Full width at half maximum."""
    light: Stokes
    """photons/s per mA of ring current."""


class SoftLine(LineBase):
    """The light of one soft X-ray beamline, from source to detectors.

    Parameters
    ----------
    facility, beamline
        The facts.
    sample
        What stands in the beam; may be replaced at any time.
    seed
        Seed of all noise.
    clock
        Clock of the slow physics; an exposure advances it by its dwell time.
    events
        What happens to the ring.

    Attributes
    ----------
    axes
        Axes by key: those of the undulator ``gap``, ``antiphase``, ``phase1`` …, ``shifter1`` …, those of the
        monochromator ``mirror``, ``grating``, ``exchange``, ``slit``, each after its device's name and a dot;
        ``stage.x``, ``stage.y``, ``magnet``, ``cryostat`` by the names of theirs.
    undulator, monochromator
        Source and monochromator.
    sample
        What stands in the beam.
    """

    def __init__(
        self,
        facility: facts.Facility,
        beamline: facts.Beamline,
        sample: MagneticFilm | NoFilm,
        *,
        seed: int,
        clock: Clock,
        events: Iterable[RingEvent] = (),
    ) -> None:
        self.sample = sample
        self._undulator: SegmentedUndulator | None = None
        self._monochromator: GratingMonochromator | None = None
        self._meshes: list[MeshCurrent] = []
        self._drains: list[SampleCurrent] = []
        self._diodes: list[DiodeCurrent] = []
        self._counters: list[FluorescenceCounter] = []
        self._field: LineAxis | None = None
        self._stage: tuple[LineAxis, LineAxis, float] | None = None
        super().__init__(facility, beamline, seed=seed, clock=clock, events=events)
        self._nodes, self._weights = gaussian_nodes()
        self._light_key: tuple[float, ...] = ()
        self._light_now: list[Component] = []
        self._seen_key: tuple[object, ...] = ()
        self._seen_now: list[Seen] = []

    def _add(self, name: str, device: Any) -> None:
        match device:
            case soft_kinds.AppleUndulator():
                self._undulator = SegmentedUndulator(device, self.facility.ring)
                axes = self._add_axes(name, device)
                self._gap, self._antiphase = axes["gap"], axes["antiphase"]
                self._phases = [axes[f"phase{number}"] for number, _ in enumerate(device.phases, 1)]
                self._shifters = [axes[f"shifter{number}"] for number, _ in enumerate(device.shifters, 1)]
            case soft_kinds.PlaneGratingMonochromator():
                self._monochromator = GratingMonochromator(device)
                axes = self._add_axes(name, device)
                self._mirror, self._grating = axes["mirror"], axes["grating"]
                self._exchange, self._slit = axes["exchange"], axes["slit"]
            case soft_kinds.Magnet():
                self._field = self._add_axis(name, device)
            case RampedAxis():
                self._add_axis(name, device)
            case soft_kinds.RasterStage():
                axes = self._add_axes(name, device)
                self._stage = (axes["x"], axes["y"], device.spot_um)
            case soft_kinds.FluorescenceDetector():
                self._counters.append(FluorescenceCounter(name, device, self.seed))
            case GateUnit():
                pass  # it moves axes and counts on detectors that are there
            case _:
                self._add_current(name, device)

    def _add_current(self, name: str, device: Any) -> None:
        match device:
            case soft_kinds.Mesh():
                self._meshes.append(MeshCurrent(name, device, self.seed))
            case soft_kinds.DrainCurrent():
                self._drains.append(SampleCurrent(name, device, self.seed))
            case soft_kinds.Photodiode():
                self._diodes.append(DiodeCurrent(name, device, self.seed))
            case _:
                raise UnknownName("device kind", str(device.kind), KINDS)
        self.gain_v_per_a[name] = device.gain_v_per_a

    @property
    def undulator(self) -> SegmentedUndulator:
        """The source."""
        if self._undulator is None:
            raise UnknownName("device kind", "apple_undulator", (one.kind for one in self.beamline.devices.values()))
        return self._undulator

    @property
    def monochromator(self) -> GratingMonochromator:
        """The monochromator."""
        if self._monochromator is None:
            raise UnknownName("device kind", "pgm", (one.kind for one in self.beamline.devices.values()))
        return self._monochromator

    def source_state(self) -> SourceState:
        """Return where everything in the undulator truly stands."""
        return SourceState(
            self._gap.true,
            tuple(Rows(phase.true, self._antiphase.true) for phase in self._phases),
            tuple(shifter.true for shifter in self._shifters),
        )

    def first_harmonic_ev(self) -> float | None:
        """Return the energy of the undulator's first harmonic in eV, None where the gap gives no light."""
        return self.undulator.first_harmonic_ev(self.source_state())

    def undulator_power_kw(self) -> float:
        """Return the power of the undulator's light in kW at the present current; 0 where it gives no light."""
        return self.undulator.power_kw(self.source_state(), self.ring.current_ma(self.clock.now()))

    def grating(self) -> str | None:
        """Return the name of the grating in the beam; None between gratings."""
        return self.monochromator.grating_at(self._exchange.true)

    def energy_ev(self) -> float | None:
        """Return the energy in eV that the monochromator truly passes in first order, None where it passes none."""
        name = self.grating()
        if name is None:
            return None
        try:
            energy = self.monochromator.energy_ev(self._motors(), name)
        except OutOfReach:
            return None
        return energy if PLAUSIBLE_EV[0] <= energy <= PLAUSIBLE_EV[1] else None

    def light(self) -> list[Component]:
        """Return the light behind the monochromator, shutters apart: per mA of ring current, one item an order."""
        state = self.source_state()
        key = (
            state.gap_mm,
            *(value for rows in state.rows for value in rows),
            *state.shifters_deg,
            *self._motors(),
            self._exchange.true,
            self._slit.true,
        )
        if self._light_key != key:
            self._light_now = self._make_light(state)
            self._light_key = key
        return self._light_now

    def polarisation(self) -> Stokes:
        """Return flux (photons/s per mA) and polarisation of the first order; no light where there is none."""
        return next((one.light for one in self.light() if one.order == 1), DARK)

    def flux_ph_per_s(self, order: int = 1, current_ma: float | None = None) -> float:
        """Return the flux in photons/s behind the monochromator in an order (0: stray light), shutters apart."""
        current = self.ring.current_ma(self.clock.now()) if current_ma is None else current_ma
        return current * sum(one.light.s0 for one in self.light() if one.order == order)

    def bandwidth_fwhm_ev(self) -> float | None:
        """Return the bandwidth in eV of the first order, None where there is none."""
        return next((one.bandwidth_ev for one in self.light() if one.order == 1), None)

    def magnetisation(self) -> float:
        """Return the magnetisation along the beam, -1 … 1, where the beam meets the sample; 0 without sample."""
        if not isinstance(self.sample, MagneticFilm):
            return 0.0
        field = self._field.true if self._field else 0.0
        x, y, spot = (self._stage[0].true, self._stage[1].true, self._stage[2]) if self._stage else (0.0, 0.0, 0.0)
        return self.sample.domains.magnetisation(x, y, field, spot)

    def seen(self) -> list[Seen]:
        """Return what the sample does to the light, one item a component of `light`."""
        light = self.light()
        if not isinstance(self.sample, MagneticFilm):
            return [UNTOUCHED] * len(light)
        magnetisation = self.magnetisation()
        key = (self._light_key, self.sample, magnetisation)
        if self._seen_key != key:
            centres = np.array([[one.energy_ev, one.bandwidth_ev / FWHM_PER_SIGMA] for one in light]).reshape(-1, 2)
            energies = centres[:, :1] + centres[:, 1:] * self._nodes
            p3_m = np.array([one.light.p3 * magnetisation for one in light])
            take_off = self._counters[0].facts.take_off_deg if self._counters else 90.0
            self._seen_now = seen_by(self.sample, energies, self._weights, p3_m, take_off)
            self._seen_key = key
        return self._seen_now

    def _motors(self) -> Motors:
        return Motors(self._mirror.true, self._grating.true)

    def _make_light(self, state: SourceState) -> list[Component]:
        name, energy = self.grating(), self.energy_ev()
        first = self.undulator.first_harmonic_ev(state)
        if name is None or energy is None or first is None:
            return []
        pgm, at = self.monochromator, self._motors()
        width = pgm.broadening_ev(at, name, self._slit.true)
        orders = pgm.orders(name)
        harmonic = min(self.undulator.array.harmonics, key=lambda n: abs(energy / first - n))
        stray_ev = harmonic * first
        energies = [*(m * energy for m in orders), stray_ev]
        source = self.undulator.light(energies, state, 1.0)
        passed = pgm.efficiency(at, name, energies, [*orders, 1])
        passed[-1] *= pgm.facts.stray_rel
        # per 0.1 % of bandwidth -> through the slit, whose relative width is the same in all orders
        share = width.slit / energy / 1e-3
        widths = [*(m * width.total for m in orders), stray_ev / (harmonic * self.undulator.periods)]
        return [
            Component(order, each, bandwidth, Stokes(*(share * transmitted * one for one in made)))
            for order, each, bandwidth, transmitted, made in zip(
                [*orders, 0], energies, widths, passed, source, strict=True
            )
        ]

    def _count(
        self, scaler: str, current_ma: float, dwell_s: float, index: int, lit: bool
    ) -> tuple[dict[int, int], list[str]]:
        counts: dict[int, int] = {}
        overloaded: list[str] = []
        light, seen = (self.light(), self.seen()) if lit else ([], [])
        fluxes = [current_ma * one.light.s0 for one in light]
        for detector, enters, responses in self._at_detectors(scaler, light, seen, fluxes):
            if isinstance(detector, FluorescenceCounter):
                rate = detector.rate_hz(enters, seen)
                reading = detector.read(rate, dwell_s=dwell_s, index=index)
            else:
                gain = self.gain_v_per_a[detector.name]
                reading = detector.read(enters, responses, gain_v_per_a=gain, dwell_s=dwell_s, index=index)
            counts[detector.facts.channel] = reading.counts
            if reading.overloaded:
                overloaded.append(detector.name)
        return counts, overloaded

    def latched_on(self, scaler: str) -> list[Detector]:
        """Return the detectors on a scaler, in the order of `moments`: what gates can latch."""
        return [detector for detector, *_ in self._at_detectors(scaler, [], [], [])]

    def moments(self, scaler: str) -> list[Moments]:
        """Return what the light of 1 mA gives in each of `latched_on` where the axes are now, shutters apart."""
        light, seen = self.light(), self.seen()
        fluxes = [one.light.s0 for one in light]
        return [
            detector.moments(enters, seen)
            if isinstance(detector, FluorescenceCounter)
            else detector.moments(enters, responses)
            for detector, enters, responses in self._at_detectors(scaler, light, seen, fluxes)
        ]

    def apart(self) -> SoftLine:
        """Return a copy with axes of its own, for a thread of its own: what the light would be elsewhere."""
        shared = (self.facility, self.beamline, self.clock, self.ring, self.sample, self._undulator)
        detectors = (*self._meshes, *self._drains, *self._counters, *self._diodes)
        return copy.deepcopy(self, {id(one): one for one in (*shared, self._monochromator, *detectors)})

    def _at_detectors(
        self, scaler: str, light: Sequence[Component], seen: Sequence[Seen], fluxes: list[float]
    ) -> Iterator[tuple[Detector, list[float], list[Response]]]:
        """Yield the detectors on a scaler, with the light that enters each and its responses, one item a component.

        `fluxes` are those of `light` at the first detector; what pulses count depends on what the sample does alone.
        """
        energies = [one.energy_ev for one in light]
        for mesh in self._meshes:
            responses = [mesh.response(energy) for energy in energies]
            if mesh.facts.scaler == scaler:
                yield mesh, fluxes, responses
            fluxes = [flux * response.transmission for flux, response in zip(fluxes, responses, strict=True)]
        for drain in self._drains:
            if drain.facts.scaler == scaler:
                yield drain, fluxes, [drain.response(energy, one) for energy, one in zip(energies, seen, strict=True)]
        for counter in self._counters:
            if counter.facts.scaler == scaler:
                yield counter, fluxes, []
        fluxes = [flux * one.transmitted for flux, one in zip(fluxes, seen, strict=True)]
        for diode in self._diodes:
            responses = [diode.response(energy) for energy in energies]
            if diode.facts.scaler == scaler:
                yield diode, fluxes, responses
            fluxes = [flux * response.transmission for flux, response in zip(fluxes, responses, strict=True)]
