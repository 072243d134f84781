"""A scaler record that counts on the line, and how many exposures it made."""

from __future__ import annotations

from collections.abc import Mapping

from beam.facts import OnScaler, Scaler
from ioc_sim.channels import Channels, Int
from ioc_sim.memory import Kept
from ioc_sim.records.scaler import ScalerRecord
from ioc_sim.station import Station


class CounterGroup:
    """The channels of one scaler, with the names of the detectors on it."""

    def __init__(self, name: str, facts: Scaler, station: Station) -> None:
        self._name = name
        self._station = station
        names = {1: "clock"} | {
            device.channel: device.label
            for device in station.facts.devices.values()
            if isinstance(device, OnScaler) and device.scaler == name
        }
        self.exposure_count = Int(0)
        self.record = ScalerRecord(facts.address, facts, names, station.time, self._count, self._published)
        station.under_way.append(self._under_way)
        shown: Channels = {**self.record.channels, f"{facts.prefix}:ExposureCount": self.exposure_count}
        self.channels: Channels = shown if facts.prefix else {}  # otherwise Tango shows it

    async def _count(self, dwell_s: float) -> Mapping[int, int]:
        return (await self._station.expose(self._name, dwell_s)).counts

    def _under_way(self) -> float:
        """Return how long the exposure is that it makes now; 0 where that is not known, or it makes none."""
        return float(self.record.values["TP"]) if self.record.values["CNT"] else 0.0

    def _published(self, timestamp: float) -> None:
        self.exposure_count.post(self.exposure_count.value + 1, timestamp=timestamp)

    def saved(self) -> Kept:
        """Return what survives a reboot."""
        return self.record.saved()

    def restore(self, kept: Kept | None) -> None:
        """Start after a reboot; None if nothing was saved."""
        self.record.restore(kept)
