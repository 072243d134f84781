"""The detectors of a soft X-ray beamline: mesh, drain current, photodiode (currents) and fluorescence (pulses).

What the sample does to the light (`Seen`) comes from the line, already averaged over the bandwidth. Left out:
angular distributions, the magnet's influence on electron yield, fluorescence of anything but the sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from beam.constants import ELEMENTARY_CHARGE
from beam.current_input import FEW_PHOTONS, CurrentInput, Moments, Reading, Response
from beam.electron_yield import saturated
from beam.noise import Stream
from beam.soft_kinds import DrainCurrent, FluorescenceDetector, Mesh, Photodiode
from beam.tables import poisson_quantile
from beam.xmcd import MagneticFilm

Floats: TypeAlias = npt.NDArray[np.float64]


Rate = TypeVar("Rate", float, Floats)


class Seen(NamedTuple):
    """What happens to light of one energy at the sample, each as a share of the photons that meet it."""

    transmitted: float
    escaping: float
    """Absorbed within reach of the surface, for electrons to escape: u/(1 + u)."""
    fluorescing: float
    """Giving a fluorescence photon that leaves the film towards the detector's side."""


UNTOUCHED = Seen(1.0, 0.0, 0.0)


class MeshCurrent(CurrentInput):
    """The I0 of a soft X-ray beamline."""

    def __init__(self, name: str, mesh: Mesh, seed: int = 0) -> None:
        super().__init__(name, mesh, seed)
        self.facts = mesh

    def response(self, energy_ev: float) -> Response:
        """Return what the mesh does to photons of an energy in eV."""
        mesh = self.facts
        electrons = mesh.yield_per_photon * (energy_ev / mesh.yield_energy_ev) ** mesh.yield_power
        taken = 1 - mesh.open_share
        return Response(mesh.open_share, taken * electrons * ELEMENTARY_CHARGE, taken * min(electrons, 1.0))


class SampleCurrent(CurrentInput):
    """The sample's drain current: total electron yield."""

    def __init__(self, name: str, drain: DrainCurrent, seed: int = 0) -> None:
        super().__init__(name, drain, seed)
        self.facts = drain

    def response(self, energy_ev: float, seen: Seen) -> Response:
        """Return what photons of an energy in eV that meet the sample give."""
        electrons = self.facts.electrons_per_kev * energy_ev * 1e-3
        return Response(
            seen.transmitted, seen.escaping * electrons * ELEMENTARY_CHARGE, seen.escaping * min(electrons, 1.0)
        )


class DiodeCurrent(CurrentInput):
    """A photodiode behind the sample."""

    def __init__(self, name: str, diode: Photodiode, seed: int = 0) -> None:
        super().__init__(name, diode, seed)
        self.facts = diode

    def response(self, energy_ev: float) -> Response:
        """Return what photons of an energy in eV that meet the diode give."""
        pairs = energy_ev / self.facts.pair_ev
        return Response(0.0, self.facts.efficiency * pairs * ELEMENTARY_CHARGE, self.facts.efficiency)


class FluorescenceCounter:
    """A detector that counts fluorescence photons one by one."""

    def __init__(self, name: str, detector: FluorescenceDetector, seed: int = 0) -> None:
        self.name = name
        self.facts = detector
        self._noise = Stream(seed, name)

    def rate_hz(self, fluxes_ph_per_s: Sequence[float], seen: Sequence[Seen]) -> float:
        """Return how many photons and background pulses arrive per second, one item an energy."""
        return self.moments(fluxes_ph_per_s, seen).quanta_per_s + self.facts.background_hz

    def moments(self, fluxes_ph_per_s: Sequence[float], seen: Sequence[Seen]) -> Moments:
        """Return how many photons arrive per second; there is no current."""
        share = self.facts.solid_angle_share * self.facts.efficiency
        rate = sum(flux * one.fluorescing for flux, one in zip(fluxes_ph_per_s, seen, strict=True))
        return Moments(0.0, 0.0, share * rate)

    def read(self, rate_hz: float, *, dwell_s: float, index: int) -> Reading:
        """Count pulses for one exposure: Poisson's law on n/(1 + nτ), what a dead time τ leaves of n per second.

        The spread is that of the pulses counted; that dead time narrows it is left out.
        """
        if dwell_s <= 0:
            return Reading(0, False)
        return Reading(int(self._noise.at(index).poisson(self._counted_hz(rate_hz) * dwell_s)), False)

    def read_many(
        self, moments: Floats, *, gain_v_per_a: float, gate_s: Floats, normal: Floats, uniform: Floats
    ) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Count for many gates at once, as `read` does for one exposure; parameters as of `CurrentInput`."""
        del gain_v_per_a
        expected: Floats = self._counted_hz(moments[:, 2] + self.facts.background_hz) * gate_s
        counts: Floats = np.maximum(np.rint(expected + np.sqrt(expected) * normal[:, 0]), 0.0)
        few = (expected > 0) & (expected < FEW_PHOTONS)
        counts[few] = poisson_quantile(uniform[few], expected[few])
        return counts, np.zeros(len(counts), dtype=np.bool_)

    def _counted_hz(self, rate_hz: Rate) -> Rate:
        return rate_hz / (1 + rate_hz * self.facts.dead_time_us * 1e-6)


def seen_by(film: MagneticFilm, energies_ev: Floats, weights: Floats, p3_m: Floats, take_off_deg: float) -> list[Seen]:
    """Return what a film at normal incidence does to light, averaged over bandwidths.

    Parameters
    ----------
    energies_ev
        Photon energies, shape (k, nodes): k components of the light, each at the nodes of its bandwidth.
    weights
        Weights of the nodes, sum 1.
    p3_m
        Degree of circular polarisation times magnetisation of each component, shape (k,).
    take_off_deg
        Angle between the film's surface and the way to the fluorescence detector.

    Returns
    -------
    list of Seen, one item a component.
    """
    model = film.model
    mu = film.mean_per_nm(energies_ev) + 0.5 * p3_m[:, np.newaxis] * film.dichroism_per_nm(energies_ev)
    transmitted = np.exp(-mu * model.thickness_nm) @ weights
    escaping = saturated(mu * model.escape_nm) @ weights
    edge = np.clip(mu - film.pre_edge_per_nm(energies_ev), 0.0, None)
    out = film.fluorescence_mu_per_nm / np.sin(np.deg2rad(take_off_deg))
    # ∫ µ_edge exp(-(µ + µ_out) z) dz over the thickness
    made = edge / (mu + out) * -np.expm1(-(mu + out) * model.thickness_nm)
    fluorescing = model.fluorescence_yield * made @ weights
    return [Seen(*one) for one in zip(transmitted.tolist(), escaping.tolist(), fluorescing.tolist(), strict=True)]
