"""The beam carried from the ring to the last detector: one `Line` stands for the hardware of a beamline.

ring current → undulator → monochromator (orders 1, 3, 4, 5 …) → optics (`beam.optics`) → chambers and sample in the
order of the beam. Windows and air are left out, as is the change of the undulator's spectrum within the
monochromator's bandwidth (1 eV in 40).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from beam import facts
from beam.axis import LineAxis
from beam.clock import Clock
from beam.constants import FWHM_PER_SIGMA
from beam.crystal import CrystalPair, exit_offset_mm
from beam.current_input import Moments, Response
from beam.detector import IonChamber
from beam.detector_kinds import DiffractionCamera, FluorescenceSpectrometer
from beam.electron_yield import saturated
from beam.environment_kinds import RampedAxis, SampleStage
from beam.errors import UnknownName
from beam.gate_kinds import GateUnit
from beam.heat_load import HeatLoad
from beam.line_base import Exposure, LineBase
from beam.nodes import gaussian_nodes
from beam.optics import Course, Optics
from beam.orbit import OrbitNoise
from beam.ring import RingEvent
from beam.ring_pattern import Beam
from beam.sample_curve import Sample
from beam.sample_place import path_share, share_on_sample
from beam.slits import Spot
from beam.soft_detector import SampleCurrent, Seen
from beam.soft_kinds import DrainCurrent
from beam.spectrometer import DARK, Light, PulseLine, Spectrometer
from beam.undulator import PlanarUndulator

__all__ = ["Exposure", "Line", "LineAxis"]


class _Optics(NamedTuple):
    """The beam as source, monochromator and axes make it, one item an order; responses by chamber."""

    energies_ev: list[float]
    flux_per_ma: list[float]
    responses: list[list[Response]]
    met: list[list[float] | None]
    """By chamber, which share of the light meets its window; None where it stands in the beam for good."""


_DARK = _Optics([], [], [], [])
KINDS = (
    *(
        "planar_undulator",
        "dcm",
        "slits",
        "mirror",
        "filters",
        "table",
        "beam_stop",
        "shutter",
        "ion_chamber",
        "scaler",
    ),
    *("drain_current", "sdd", "diffraction_camera", "sample_stage", "gate_unit"),
)


class Line(LineBase):
    """The light of one beamline, from source to detectors.

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
        Axes by key: ``"undulator.gap"``, ``"dcm.bragg"``, ``"dcm.perp"``, ``"slits.left"`` …
    """

    def __init__(
        self,
        facility: facts.Facility,
        beamline: facts.Beamline,
        sample: Sample,
        *,
        seed: int,
        clock: Clock,
        events: Iterable[RingEvent] = (),
    ) -> None:
        self._sample = sample
        self._chambers: list[IonChamber] = []
        self._drains: list[SampleCurrent] = []
        self._heat: HeatLoad | None = None
        self._spectrometers: dict[str, Spectrometer] = {}
        self._pulses: dict[str, tuple[Any, tuple[PulseLine, ...]]] = {}
        self._undulator: PlanarUndulator | None = None
        self._dcm: facts.DoubleCrystalMonochromator | None = None
        self._pairs: dict[str, CrystalPair] = {}
        self._in_beam: list[tuple[str, facts.Facts, dict[str, LineAxis]]] = []
        self._stage: SampleStage | None = None
        super().__init__(facility, beamline, seed=seed, clock=clock, events=events)
        # the beam meets what stands before the sample first
        self._chambers.sort(key=lambda chamber: chamber.facts.behind_sample)
        self._nodes, self._weights = gaussian_nodes()
        self.optics = Optics(self.undulator.facts, facility.ring)
        for name, device, axes in self._in_beam:
            self.optics.add(name, device, axes)
        self.inserted = {name: one.inserted for name, one in self.optics.filters.items()}
        self._optics_now = _DARK
        self._optics_key: tuple[float, ...] = ()
        self._orbit = OrbitNoise(facility.ring, seed)
        if self._heat is not None and self._heat.facts.behind not in self.open:
            raise UnknownName("shutter in dcm.heat_load.behind", self._heat.facts.behind, self.open)
        self._passed_now: list[float] = []
        self._passed_at: tuple[float, float, float, float] | None = None

    def _add(self, name: str, device: Any) -> None:
        match device:
            case facts.PlanarUndulator():
                self._undulator = PlanarUndulator(device, self.facility.ring)
                self._gap = self._add_axis(f"{name}.gap", device.gap)
            case facts.DoubleCrystalMonochromator():
                self._dcm = device
                axes = self._add_axes(name, device)
                self._bragg, self._perp, self._pitch = axes["bragg"], axes["perp"], axes["pitch"]
                self._exchange = axes["exchange"]
                if device.heat_load is not None:
                    self._heat = HeatLoad(device.heat_load)
            case facts.Slits() | facts.Mirror() | facts.Filters() | facts.Table() | facts.BeamStop():
                self._in_beam.append((name, device, self._add_axes(name, device)))
            case facts.IonChamber():
                self._chambers.append(IonChamber(name, device, self.seed))
                self.gain_v_per_a[name] = device.gain_v_per_a
            case DrainCurrent():
                self._drains.append(SampleCurrent(name, device, self.seed))
                self.gain_v_per_a[name] = device.gain_v_per_a
            case FluorescenceSpectrometer():
                self._spectrometers[name] = Spectrometer(device)
            case SampleStage():
                self._stage = device
                axes = self._add_axes(name, device)
                self._across, self._up, self._omega = axes["x"], axes["y"], axes["omega"]
            case RampedAxis():
                self._add_axis(name, device)
            case DiffractionCamera():
                pass  # it looks at `beam_behind`
            case GateUnit():
                pass  # it moves axes and counts on chambers that are there
            case _:
                raise UnknownName("device kind", str(device.kind), KINDS)

    @property
    def sample(self) -> Sample:
        """What stands in the beam."""
        return self._sample

    @sample.setter
    def sample(self, sample: Sample) -> None:
        self._sample = sample
        self._passed_at = None

    def first_harmonic_ev(self) -> float | None:
        """Return the energy of the undulator's first harmonic in eV, None where the gap gives no light."""
        if self._undulator is None or not self._undulator.has_light(self._gap.true):
            return None
        return self._undulator.energy_ev(self._gap.true)

    def undulator_power_kw(self) -> float:
        """Return the power of the undulator's light in kW at the present current; 0 where it gives no light."""
        if self._undulator is None or not self._undulator.has_light(self._gap.true):
            return 0.0
        return self._undulator.power_kw(self._gap.true, self.ring.current_ma(self.clock.now()))

    def energy_ev(self) -> float:
        """Return the energy in eV that the monochromator truly passes in first order."""
        return self.crystals.energy_ev(self._bragg.true)

    @property
    def crystals(self) -> CrystalPair:
        """The monochromator's crystals: the pair in the beam, or the nearest to it."""
        if self._dcm is None:
            raise UnknownName("device kind", "dcm", (device.kind for device in self.beamline.devices.values()))
        name = self._dcm.nearest_pair(self._exchange.true)
        if name not in self._pairs:  # tabulated when it is first wanted: that takes a moment
            self._pairs[name] = CrystalPair(self._dcm, self._dcm.pairs[name].miller)
        return self._pairs[name]

    @property
    def undulator(self) -> PlanarUndulator:
        """The source."""
        if self._undulator is None:
            raise UnknownName("device kind", "planar_undulator", (one.kind for one in self.beamline.devices.values()))
        return self._undulator

    def bandwidth_fwhm_ev(self) -> float:
        """Return the bandwidth in eV of the first order at the present Bragg angle."""
        return self.crystals.bandwidth_fwhm_ev(self.energy_ev())

    def flux_ph_per_s(self, order: int = 1, current_ma: float | None = None) -> float:
        """Return the flux in photons/s that comes through the optics in order m, shutters apart.

        Parameters
        ----------
        order
            Order of the reflection: light of m times the energy; a forbidden one has none.
        current_ma
            Ring current; that of this moment where none is given.
        """
        current = self.ring.current_ma(self.clock.now()) if current_ma is None else current_ma
        orders = self.crystals.orders
        return current * self._optics().flux_per_ma[orders.index(order)] if order in orders else 0.0

    def course(self) -> Course:
        """Return where the beam runs behind the monochromator."""
        dcm = self.crystals.facts
        off = exit_offset_mm(self._bragg.true, self._perp.true) - dcm.exit_offset_mm
        return Course(off, 2e-6 * self.pitch_urad(), dcm.distance_m)

    def pitch_urad(self) -> float:
        """Return how far the second crystal is truly turned: what its axis says, and what the heat adds."""
        return self._pitch.true + (0.0 if self._heat is None else self._heat.pitch_urad)

    def spot(self) -> Spot:
        """Return the first order's beam behind the last slits, around its own middle there."""
        return self.optics.spot(self.energy_ev(), self.course())

    def past_beam_stop(self) -> float:
        """Return the share of the direct beam that goes past the beam stop to a camera behind it."""
        return self.optics.past_stop(self.energy_ev(), self.course())

    def transmission(self) -> list[float]:
        """Return the share of light that passes the sample, one item an order.

        In first order it is exp(-µt) averaged over the Gaussian bandwidth, in higher orders at its centre; t is longer
        where the sample is turned.
        """
        energy = self.energy_ev()
        sigma = self.bandwidth_fwhm_ev() / FWHM_PER_SIGMA
        harmonics = np.array(self.crystals.orders[1:], dtype=np.float64)
        mu_t = self.sample.mu_t(np.concatenate((energy + sigma * self._nodes, energy * harmonics)))
        passed = np.exp(-mu_t * self.path_share())
        points = len(self._nodes)
        return [float(self._weights @ passed[:points]), *passed[points:].tolist()]

    def prepared(self, spectrometer: str) -> bool:
        """Return whether `prepare` was called for the sample in the beam."""
        return self._spectrometers[spectrometer].knows(self._sample)

    def prepare(self, spectrometer: str) -> None:
        """Read the tables that the sample's fluorescence needs: takes a while when it is done first."""
        self._spectrometers[spectrometer].prepare(self._sample)

    def pulse_light(self, spectrometer: str, ahead_s: float = 0.0) -> Light:
        """Return what reaches a fluorescence spectrometer, `ahead_s` from now; nothing while a shutter is closed."""
        if not all(self.open.values()):
            return DARK
        return Light(self.emitted(spectrometer), self.ring.current_ma(self.clock.now() + ahead_s))

    def emitted(self, spectrometer: str) -> tuple[PulseLine, ...]:
        """Return what reaches a fluorescence spectrometer for 1 mA, shutters apart."""
        optics = self._optics()
        share = self.share_on_sample()
        key = (optics, self._sample, share)
        if (known := self._pulses.get(spectrometer)) is None or known[0] != key:
            fluxes = [share * flux for flux in self._at_sample(optics)]
            pulses = self._spectrometers[spectrometer].pulses(self._sample, optics.energies_ev, fluxes)
            known = self._pulses[spectrometer] = key, pulses
        return known[1]

    def beam_behind(self) -> Beam:
        """Return the light of the first order that comes out behind the last detector at this moment."""
        if not all(self.open.values()):
            return Beam(self.energy_ev(), 0.0)
        return self.beam_behind_at(self.ring.current_ma(self.clock.now()))

    def beam_behind_at(self, current_ma: float) -> Beam:
        """Return likewise what comes out at a current of the ring, shutters apart."""
        optics = self._optics()
        flux = self._at_sample(optics)[0] * self._sample_passes()[0] * current_ma
        for chamber, responses, met in zip(self._chambers, optics.responses, optics.met, strict=True):
            if chamber.facts.behind_sample:
                flux *= responses[0].transmission * (1.0 if met is None else met[0])
        return Beam(self.energy_ev(), flux)

    def share_on_sample(self) -> float:
        """Return the share of the beam that meets the sample: all of it, where no stage moves it."""
        if self._stage is None:
            return 1.0
        return share_on_sample(self._stage, self._across.true, self._up.true)

    def path_share(self) -> float:
        """Return how much longer the way through the sample is than with the sample at right angles to the beam."""
        return 1.0 if self._stage is None else path_share(self._omega.true)

    def _at_sample(self, optics: _Optics) -> list[float]:
        """Return the flux that meets the sample in photons/s for 1 mA, one item an order."""
        fluxes = optics.flux_per_ma
        for chamber, responses, met in zip(self._chambers, optics.responses, optics.met, strict=True):
            if chamber.facts.behind_sample:
                continue
            shares = [1.0] * len(fluxes) if met is None else met
            passed = [share * response.transmission for share, response in zip(shares, responses, strict=True)]
            fluxes = [flux * share for flux, share in zip(fluxes, passed, strict=True)]
        return fluxes

    def _count(
        self, scaler: str, current_ma: float, dwell_s: float, index: int, lit: bool
    ) -> tuple[dict[int, int], list[str]]:
        counts: dict[int, int] = {}
        overloaded: list[str] = []
        if self._heat is not None:
            power = self.undulator_power_kw() if self.open[self._heat.facts.behind] else 0.0
            self._heat.go_on(self.clock.now(), power)
        optics = self._optics() if lit else _DARK
        fluxes = [current_ma * flux for flux in optics.flux_per_ma]
        if lit:
            fluxes = self._shaken(optics, fluxes, dwell_s, index)
        for detector, enters, responses in self._at_detectors(scaler, optics, fluxes):
            counts[detector.facts.channel], over = detector.read(
                enters, responses, gain_v_per_a=self.gain_v_per_a[detector.name], dwell_s=dwell_s, index=index
            )
            if over:
                overloaded.append(detector.name)
        return counts, overloaded

    def latched_on(self, scaler: str) -> list[IonChamber | SampleCurrent]:
        """Return what gives a current on a scaler, in the order of `moments`: what gates can latch."""
        return [one for one in (*self._chambers, *self._drains) if one.facts.scaler == scaler]

    def moments(self, scaler: str) -> list[Moments]:
        """Return what the light of 1 mA gives in each of `latched_on` where the axes are now, shutters apart.

        The orbit stands still.
        """
        optics = self._optics()
        return [
            detector.moments(enters, responses)
            for detector, enters, responses in self._at_detectors(scaler, optics, optics.flux_per_ma)
        ]

    def apart(self) -> Line:
        """Return a copy with axes of its own, for a thread of its own: what the light would be elsewhere."""
        shared = (self.facility, self.beamline, self.clock, self.ring, self._sample, *self._pairs.values())
        detectors = (*self._chambers, *self._drains, *self._spectrometers.values())
        alike = (*shared, *detectors, self._undulator, self._dcm, self._orbit)
        apart = copy.deepcopy(self, {id(one): one for one in alike})
        apart._pulses = {}  # noqa: SLF001
        return apart

    def _at_detectors(
        self, scaler: str, optics: _Optics, fluxes: list[float]
    ) -> Iterator[tuple[IonChamber | SampleCurrent, list[float], Sequence[Response]]]:
        """Yield what gives a current on a scaler, with the light that enters it and its responses, one item an order.

        `fluxes` are those that come through the optics.
        """
        lit = bool(optics.energies_ev)
        at_sample: list[float] | None = None
        for number, chamber in enumerate(self._chambers):
            if at_sample is None and chamber.facts.behind_sample:
                at_sample = fluxes
                if lit:
                    fluxes = [flux * share for flux, share in zip(fluxes, self._sample_passes(), strict=True)]
            if lit and (met := optics.met[number]) is not None:
                fluxes = [flux * share for flux, share in zip(fluxes, met, strict=True)]
            responses = optics.responses[number] if lit else ()
            if chamber.facts.scaler == scaler:
                yield chamber, fluxes, responses
            fluxes = [flux * response.transmission for flux, response in zip(fluxes, responses, strict=True)]
        for drain in self._drains:
            if drain.facts.scaler == scaler:
                meets = [self.share_on_sample() * flux for flux in (fluxes if at_sample is None else at_sample)]
                yield drain, meets, self._yields(drain) if lit else ()

    def _shaken(self, optics: _Optics, fluxes: list[float], dwell_s: float, index: int) -> list[float]:
        """Return the flux of each order with the orbit as it is during one exposure: it matters where slits cut."""
        course = self.course()
        still = self.optics.passed(optics.energies_ev, course)
        if still[0] == 1.0 or not any(shake := self._orbit.at(index, dwell_s)):
            return fluxes
        now = self.optics.passed(optics.energies_ev, course._replace(source_x_rad=shake[0], source_y_rad=shake[1]))
        return [flux * new / old if old else 0.0 for flux, new, old in zip(fluxes, now, still, strict=True)]

    def _yields(self, drain: SampleCurrent) -> list[Response]:
        """Return what light of each order gives as electrons: the first averaged over the bandwidth."""
        energies = self._optics().energies_ev
        sigma = self.bandwidth_fwhm_ev() / FWHM_PER_SIGMA
        mu_t = self.sample.mu_t(np.concatenate((energies[0] + sigma * self._nodes, np.array(energies[1:]))))
        points = len(self._nodes)
        escaping = saturated(drain.facts.escape_rel * np.clip(mu_t, 0.0, None))
        means = [float(self._weights @ escaping[:points]), *escaping[points:].tolist()]
        return [drain.response(energy, Seen(0.0, one, 0.0)) for energy, one in zip(energies, means, strict=True)]

    def _optics(self) -> _Optics:
        """Return what the axes make of the beam; worked out anew only where one has moved."""
        axes = (self._gap.true, self._bragg.true, self._perp.true, self.pitch_urad(), self._exchange.true)
        key = (*axes, *self.optics.key())
        if self._optics_key != key:
            gap, bragg, perp, pitch, exchange = axes
            crystals = self.crystals
            energy = crystals.energy_ev(bragg)
            energies = [m * energy for m in crystals.orders]
            height = crystals.aperture(bragg, perp) if crystals.facts.pair_at(exchange) else 0.0
            source = self.undulator.fluxes(energies, gap, 1.0)
            course = self.course()
            through = self.optics.passed(energies, course)
            flux = [
                # per 0.1 % of bandwidth -> per eV, times the bandwidth that passes
                height * share * passed * made / (1e-3 * each)
                for share, passed, made, each in zip(
                    through, crystals.passed_ev(pitch, energy), source, energies, strict=True
                )
            ]
            responses = [[chamber.response(each) for each in energies] for chamber in self._chambers]
            met = [self.optics.on_table(chamber.name, energies, course) for chamber in self._chambers]
            self._optics_now = _Optics(energies, flux, responses, met)
            self._optics_key = key
        return self._optics_now

    def _sample_passes(self) -> list[float]:
        """Return what passes the sample and beside it, worked out anew only where energy or sample have changed."""
        share = self.share_on_sample()
        at = self._bragg.true, self._exchange.true, share, self.path_share()
        if self._passed_at != at:
            self._passed_now = [share * passed + (1 - share) for passed in self.transmission()]
            self._passed_at = at
        return self._passed_now
