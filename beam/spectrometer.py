"""A silicon drift detector before a sample: which pulses it gets, and its spectra under light that changes.

Of what leaves the sample it gets the share of the full sphere that its collimator opens (seen from far), what air and
window let through and its silicon stops (Elam; its contacts and dead layer left out). `beam.pulses` says what it makes
of them: lines, their width, dead time, counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from beam.absorber import energy_grid, gas_mu_per_cm, mu_t
from beam.detector_kinds import FluorescenceSpectrometer
from beam.fluorescence import Emission, Geometry
from beam.pulses import PulseSource
from beam.sample_curve import Sample
from beam.tables import element_density

Floats: TypeAlias = npt.NDArray[np.float64]


class PulseLine(NamedTuple):
    """Pulses of one energy, per second."""

    energy_kev: float
    rate_hz: float


class Light(NamedTuple):
    """What reaches a detector: lines for 1 mA in the ring, and the ring current."""

    lines_per_ma: tuple[PulseLine, ...]
    current_ma: float


DARK = Light((), 0.0)


class Spectrometer:
    """What a detector gets of the light that meets the sample.

    Parameters
    ----------
    facts
        Its figures.
    """

    def __init__(self, facts: FluorescenceSpectrometer) -> None:
        self.facts = facts
        self.geometry = Geometry(facts.incidence_deg, facts.take_off_deg, facts.scatter_share)
        self.solid_angle_share = facts.area_mm2 / (4 * math.pi * facts.distance_mm**2)
        self._efficiency: tuple[Floats, Floats] | None = None
        self._emission: tuple[Sample, Emission] | None = None

    def knows(self, sample: Sample) -> bool:
        """Return whether what this sample sends out is at hand."""
        return self._emission is not None and self._emission[0] is sample

    def prepare(self, sample: Sample) -> Emission:
        """Read the tables for a sample, unless they are at hand."""
        known = self._emission
        if known is None or known[0] is not sample:
            self.efficiency(sample.energies_ev[0])
            known = self._emission = sample, Emission(sample, self.geometry)
        return known[1]

    def efficiency(self, energy_ev: float) -> float:
        """Return the share of photons sent towards the detector that make a pulse."""
        if self._efficiency is None:
            facts, grid = self.facts, energy_grid({"Si": 1.0})
            way = gas_mu_per_cm({"air": 1.0}, grid) * (0.1 * facts.air_mm)
            way = way + mu_t("Be", element_density("Be"), 1e-4 * facts.window_um, grid)
            stopped = -np.expm1(-mu_t("Si", element_density("Si"), 1e-4 * facts.silicon_um, grid))
            self._efficiency = grid, np.exp(-way) * stopped
        return float(np.interp(energy_ev, *self._efficiency))

    def pulses(
        self, sample: Sample, energies_ev: Sequence[float], fluxes_ph_per_s: Sequence[float]
    ) -> tuple[PulseLine, ...]:
        """Return the pulses per second, before dead time, for light that meets a sample; one item an energy."""
        emission = self.prepare(sample)
        return tuple(
            PulseLine(1e-3 * line, flux * rate * self.solid_angle_share * self.efficiency(line))
            for energy, flux in zip(energies_ev, fluxes_ph_per_s, strict=True)
            if flux > 0
            for line, rate in emission.of(energy)
        )


class LivePulses(PulseSource):
    """Counts of a detector under light that changes from one exposure to the next.

    Parameters
    ----------
    seed, name
        As of `PulseSource`.
    facts
        The detector.
    light
        What reaches it now. An exposure sees what there is when it begins.
    """

    def __init__(self, seed: int, name: str, facts: FluorescenceSpectrometer, light: Callable[[], Light]) -> None:
        super().__init__(seed, name, facts)
        self._light = light
        self._dark_rates: Floats = self._rates_hz
        self._dark_hz: float = self._input_hz
        self._seen: Light = DARK
        self._per_ma: Floats = 0.0 * self._dark_rates

    def _look(self) -> None:
        light = self._light()
        if light.lines_per_ma is not self._seen.lines_per_ma:
            self._per_ma = self.line_rates(light.lines_per_ma)
        elif light.current_ma == self._seen.current_ma:
            return
        self._seen = light
        self._rates_hz = self._dark_rates + light.current_ma * self._per_ma
        self._input_hz = self._dark_hz + light.current_ma * math.fsum(line.rate_hz for line in light.lines_per_ma)
