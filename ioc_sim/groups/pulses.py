"""A pulse-counting detector on a channel of a scaler: how much of the last exposure it was dead."""

from __future__ import annotations

from beam.facts import FluorescenceDetector
from beam.line_base import Exposure
from ioc_sim.channels import Channels, Float
from ioc_sim.station import Station


class PulsesGroup:
    """The channels of one such detector; its counts are the scaler's."""

    def __init__(self, name: str, facts: FluorescenceDetector, station: Station) -> None:
        del name
        self._facts = facts
        self.dead_time = Float(0.0, units="%", precision=3)
        self.channels: Channels = {f"{facts.prefix}DeadTime": self.dead_time}
        station.on_exposure.append(self._exposed)

    def _exposed(self, exposure: Exposure) -> None:
        counts = exposure.counts.get(self._facts.channel, 0)
        dead_s = counts * self._facts.dead_time_us * 1e-6
        self.dead_time.update(100.0 * dead_s / exposure.dwell_s if exposure.dwell_s else 0.0)
