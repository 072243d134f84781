"""A scaler record on steady sources of pulses, and how many exposures it made."""

from __future__ import annotations

from collections.abc import Mapping

from beam.bench_kinds import Scalers
from beam.steady import SteadySource
from ioc_sim.channels import Channels, Int
from ioc_sim.memory import Kept
from ioc_sim.records.scaler import ScalerRecord
from ioc_sim.timing import Timeline


class SteadyCounterGroup:
    """The channels of one scaler.

    Parameters
    ----------
    prefix : str
        Its address.
    facts : Scalers
        What it is like.
    seed : int
        Of its sources' noise.
    time : Timeline
        The server's time.
    """

    def __init__(self, prefix: str, facts: Scalers, seed: int, time: Timeline) -> None:
        self._clock_hz = facts.clock_hz
        self._time = time
        self.source = SteadySource(seed, prefix, {one.channel: one.rate_hz for one in facts.inputs})
        names = {1: "clock"} | {one.channel: one.label for one in facts.inputs}
        self.exposure_count = Int(0)
        self.record = ScalerRecord(
            prefix, facts, names, time, self._count, self._published, lambda: self.source.rates_hz
        )
        self.channels: Channels = {**self.record.channels, f"{prefix}:ExposureCount": self.exposure_count}

    async def _count(self, dwell_s: float) -> Mapping[int, int]:
        counts = {1: round(self._clock_hz * dwell_s)} | self.source.counts(dwell_s)
        await self._time.advance(dwell_s)
        return counts

    def _published(self, timestamp: float) -> None:
        self.exposure_count.post(self.exposure_count.value + 1, timestamp=timestamp)

    def lasting(self) -> int:
        """Return how many exposures there were."""
        return self.source.exposures

    def set_lasting(self, kept: int) -> None:
        """Go on from there."""
        self.source.exposures = kept

    def saved(self) -> Kept:
        """Return what survives a reboot."""
        return self.record.saved()

    def restore(self, kept: Kept | None) -> None:
        """Start after a reboot; None if nothing was saved."""
        self.record.restore(kept)
