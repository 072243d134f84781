"""Spectra gate by gate: what a detector with dead time counts in each, under light that changes from gate to gate.

`beam.pulses` says what lines and dead time do. In a gate of the real time t the detector is live for t / (1 + nτ), n
the pulses a second that come (its input rate, ICR); the counts of a channel follow Poisson's law for the live time, and
all of them in the real time are its output rate (OCR). So counts × real / live time is what a detector without dead
time would have counted, gate by gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from beam.noise import Stream
from beam.pulses import EmissionLine, PulseSource, SpectrumFacts
from beam.spectrometer import PulseLine

Floats: TypeAlias = npt.NDArray[np.float64]

MOST_SHAPES = 512
"""Lines whose shape is kept at hand."""


class GatedSpectra(NamedTuple):
    """Spectra of some gates.

    Attributes
    ----------
    counts
        By gate and channel.
    real_s, live_s
        By gate.
    input_hz, output_hz
        By gate.
    """

    counts: Floats
    real_s: Floats
    live_s: Floats
    input_hz: Floats
    output_hz: Floats


class GatedPulses:
    """Counts of a detector, gate by gate; they depend on seed, name, the gate's number and its light only.

    Parameters
    ----------
    seed, name
        As of `PulseSource`.
    spectrum
        The detector.
    """

    def __init__(self, seed: int, name: str, spectrum: SpectrumFacts) -> None:
        self._dark = PulseSource(seed, name, spectrum)
        self._dead_s = 1e-6 * spectrum.dead_time_us
        self._stream = Stream(seed, f"{name} gates")
        self._shapes: dict[float, Floats] = {}

    def rates(self, lines: Sequence[EmissionLine]) -> Floats:
        """Return the pulses per second that lines give by channel, and behind those all of them."""
        found = np.zeros(len(self._dark.rates_hz) + 1)
        for line in lines:
            found[:-1] += line.rate_hz * self._shape(line.energy_kev)
            found[-1] += line.rate_hz
        return found

    def count(self, first: int, rates: Floats, real_s: Floats) -> GatedSpectra:
        """Return the spectra of gates `first` …

        Parameters
        ----------
        first
            Number of the first gate.
        rates
            As of `rates`, without what is there in the dark, shape (n, channels + 1).
        real_s
            How long each lasts, shape (n,).
        """
        input_hz: Floats = rates[:, -1] + self._dark.input_hz
        live_s: Floats = real_s / (1.0 + self._dead_s * input_hz)
        means = (rates[:, :-1] + self._dark.rates_hz) * live_s[:, None]
        counts = np.array([self._stream.at(first + n).poisson(mean) for n, mean in enumerate(means)], dtype=np.float64)
        return GatedSpectra(counts, real_s, live_s, input_hz, counts.sum(axis=1) / real_s)

    def _shape(self, energy_kev: float) -> Floats:
        """Return the shares of a line that lie in each channel; fluorescence comes again, and is then at hand."""
        if energy_kev not in self._shapes:
            if len(self._shapes) >= MOST_SHAPES:
                self._shapes.clear()
            self._shapes[energy_kev] = self._dark.line_rates([PulseLine(energy_kev, 1.0)])
        return self._shapes[energy_kev]
