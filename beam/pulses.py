"""Pulse-height spectra of a silicon drift detector under steady light: lines and a background, with dead time.

A line of energy E is a Gaussian with

    FWHM² = noise² + (2 √(2 ln 2))² F ε E

(F = 0.118 the Fano factor of silicon, ε = 3.66 eV the energy of an electron-hole pair; G. F. Knoll, Radiation Detection
and Measurement, ch. 11). The background falls exponentially with energy. Of n pulses a second a non-paralysable
detector of dead time τ is live for the share 1 / (1 + n τ) of the time. Counts follow Poisson's law for the live time;
escape peaks, pile-up and incomplete charge collection are left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from beam.noise import Stream

Floats: TypeAlias = npt.NDArray[np.float64]
Counts: TypeAlias = npt.NDArray[np.int64]

FANO_SILICON = 0.118
PAIR_ENERGY_EV = 3.66
FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))


class EmissionLine(Protocol):
    """A line: `beam.bench_kinds.EmissionLine`."""

    @property
    def energy_kev(self) -> float:
        """Its energy."""
        ...

    @property
    def rate_hz(self) -> float:
        """Pulses a second."""
        ...


class SpectrumFacts(Protocol):
    """The numbers of detector and light: `beam.bench_kinds.Mcas`."""

    @property
    def channels(self) -> int:
        """How many channels there are."""
        ...

    @property
    def channel_kev(self) -> float:
        """Width of a channel."""
        ...

    @property
    def offset_kev(self) -> float:
        """Energy at the centre of channel 0."""
        ...

    @property
    def noise_ev(self) -> float:
        """Electronic noise (FWHM)."""
        ...

    @property
    def dead_time_us(self) -> float:
        """Dead time after each pulse."""
        ...

    @property
    def background_rate_hz(self) -> float:
        """Pulses a second that belong to no line."""
        ...

    @property
    def background_decay_kev(self) -> float:
        """Energy over which the background falls to 1/e."""
        ...

    @property
    def lines(self) -> Sequence[EmissionLine]:
        """The lines."""
        ...


class PulseSource:
    """What a detector would record: mean rates by channel, and the counts of one exposure after the other.

    Parameters
    ----------
    seed
        Seed of all noise.
    name
        Whose counts these are; two names count independently.
    spectrum
        Detector and light.

    Attributes
    ----------
    exposures
        How many were begun; each one's counts depend on seed, name, its number and its live time only.
    """

    def __init__(self, seed: int, name: str, spectrum: SpectrumFacts) -> None:
        self._spectrum: SpectrumFacts = spectrum
        self._edges: Floats = self._edges_kev(spectrum.channel_kev)
        self._rates_hz: Floats = self._all_rates()
        self._input_hz: float = spectrum.background_rate_hz + math.fsum(line.rate_hz for line in spectrum.lines)
        self.exposures = 0
        self._stream = Stream(seed, name)

    @property
    def rates_hz(self) -> Floats:
        """Pulses per second of live time, by channel."""
        self._look()
        return self._rates_hz

    @property
    def input_hz(self) -> float:
        """All pulses per second, within the spectrum or not."""
        self._look()
        return self._input_hz

    @property
    def live_share(self) -> float:
        """Live time per real time, above 0 and up to 1."""
        return 1.0 / (1.0 + 1e-6 * self._spectrum.dead_time_us * self.input_hz)

    def rescale(self, channel_kev: float) -> None:
        """Let channels be so wide (keV) from the next exposure on."""
        self._edges = self._edges_kev(channel_kev)
        self._rates_hz = self._all_rates()

    def line_rates(self, lines: Sequence[EmissionLine]) -> Floats:
        """Return the pulses per second, by channel, that lines give."""
        rates = np.zeros(len(self._edges) - 1)
        for line in lines:
            sigma = fwhm_ev(line.energy_kev, self._spectrum.noise_ev) / FWHM_PER_SIGMA / 1e3
            rates += line.rate_hz * np.diff(_below((self._edges - line.energy_kev) / sigma))
        return rates

    def _edges_kev(self, channel_kev: float) -> Floats:
        edges: Floats = self._spectrum.offset_kev + channel_kev * (np.arange(self._spectrum.channels + 1.0) - 0.5)
        return edges

    def _all_rates(self) -> Floats:
        spectrum = self._spectrum
        below = np.exp(-np.maximum(self._edges, 0.0) / spectrum.background_decay_kev)
        return spectrum.background_rate_hz * -np.diff(below) + self.line_rates(spectrum.lines)

    def _look(self) -> None:
        """See what there is to be counted now; here, always the same."""

    def begin(self, live_s: float) -> Accumulation:
        """Begin the next exposure, of `live_s` seconds of live time; infinite if its end is not known."""
        random = self._stream.at(self.exposures)
        self.exposures += 1
        return Accumulation(self.rates_hz, live_s, random)


def fwhm_ev(energy_kev: float, noise_ev: float) -> float:
    """Return the width (eV) of a line at an energy (keV) with electronic noise (eV); widths are FWHM."""
    return math.sqrt(noise_ev**2 + FWHM_PER_SIGMA**2 * FANO_SILICON * PAIR_ENERGY_EV * 1e3 * energy_kev)


def _below(sigmas: Floats) -> Floats:
    """Return the share of a Gaussian that lies below each of these places."""
    return np.array([0.5 + 0.5 * math.erf(one / math.sqrt(2.0)) for one in sigmas])


class Accumulation:
    """The counts of one exposure as they come in: at its end the same, however often they were looked at on the way.

    All counts are drawn at once and then dealt out at random, in proportion to the time: seen on the way they follow
    Poisson's law, too. Where the end is not known they are drawn piece by piece.
    """

    def __init__(self, rates_hz: Floats, live_s: float, random: np.random.Generator) -> None:
        self._rates_hz, self._live_s, self._random = rates_hz, live_s, random
        self._at = 0.0
        self._known = math.isfinite(live_s)
        self._left: Counts = random.poisson(rates_hz * live_s) if self._known else np.zeros(len(rates_hz), np.int64)
        self.counts: Counts = np.zeros(len(rates_hz), np.int64)

    def until(self, live_s: float) -> Counts:
        """Return the counts by channel after `live_s` seconds of live time; never goes backwards."""
        step = live_s - self._at
        if step > 0:
            left_s = self._live_s - self._at
            if not self._known:
                new = self._random.poisson(self._rates_hz * step)
            elif step >= left_s * (1 - 1e-12):
                new = self._left
            else:
                new = self._random.binomial(self._left, step / left_s)
            self._at = live_s
            self._left = self._left - new if self._known else self._left
            self.counts = self.counts + new
        return self.counts
