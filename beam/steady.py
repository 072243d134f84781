"""Counts of sources that never change, for scalers with no beamline before them."""

from __future__ import annotations

from collections.abc import Mapping

from beam.noise import Stream


class SteadySource:
    """Pulses at steady mean rates, independent of each other: the counts of an exposure follow Poisson's law.

    Parameters
    ----------
    seed
        Seed of all noise.
    name
        Whose counts these are; two names count independently.
    rates_hz
        Mean rate (1/s) by channel.

    Attributes
    ----------
    exposures
        How many exposures were made; each one's counts depend on seed, name and its number only.
    """

    def __init__(self, seed: int, name: str, rates_hz: Mapping[int, float]) -> None:
        self.rates_hz = dict(sorted(rates_hz.items()))
        self.exposures = 0
        self._stream = Stream(seed, name)

    def counts(self, dwell_s: float) -> dict[int, int]:
        """Return the counts by channel of the next exposure, `dwell_s` seconds long."""
        random = self._stream.at(self.exposures)
        self.exposures += 1
        return {channel: int(random.poisson(rate * dwell_s)) for channel, rate in self.rates_hz.items()}
