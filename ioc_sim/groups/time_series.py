"""A waveform record that samples a source, with the PVs that start, stop and erase its series.

`TSControl` is put to ``Erase/Start``, ``Start``, ``Stop`` or ``Erase``; a put that starts completes when the series has
ended. `TSNumPoints` says how many samples a series has (what is running takes it up when it is started again).
"""

from __future__ import annotations

from typing import Any

from beam.bench_kinds import Waveforms
from beam.oscillation import Oscillation
from ioc_sim.channels import Channels, Enum, Float, Int
from ioc_sim.records.waveform import WaveformRecord
from ioc_sim.timing import Timeline

CONTROL = ("Erase/Start", "Start", "Stop", "Erase")


class TimeSeriesGroup:
    """The channels of one time series.

    Parameters
    ----------
    prefix : str
        Its address, which is the record's name.
    facts : Waveforms
        What it is like.
    seed : int
        Of its noise.
    time : Timeline
        The server's time.
    """

    def __init__(self, prefix: str, facts: Waveforms, seed: int, time: Timeline) -> None:
        self.source = source = Oscillation(
            seed, prefix, facts.mean_v, facts.amplitude_v, facts.frequency_hz, facts.noise_v
        )
        self.exposure_count = Int(0)
        self.record = WaveformRecord(prefix, time, source, facts.elements, facts.sample_s, "V", self._published)
        self.record.values["DESC"] = facts.label
        self.record.changed = self._changed
        self.control = Enum("Stop", CONTROL, on_put=self._put_control)
        self.acquiring = Enum("Done", ("Done", "Acquiring"))
        self.points = Int(facts.elements, low=1, high=facts.elements, on_put=self._put_points)
        self.current = Int(0)
        self.channels: Channels = {
            **self.record.channels,
            f"{prefix}:TSControl": self.control,
            f"{prefix}:TSAcquiring": self.acquiring,
            f"{prefix}:TSNumPoints": self.points,
            f"{prefix}:TSCurrentPoint": self.current,
            f"{prefix}:TSTimePerPoint": Float(facts.sample_s, units="s", precision=6),
            f"{prefix}:ExposureCount": self.exposure_count,
        }

    def lasting(self) -> int:
        """Return how many series there were."""
        return self.source.series

    def set_lasting(self, kept: int) -> None:
        """Go on from there."""
        self.source.series = kept

    async def _put_control(self, what: str) -> None:
        if what in ("Erase/Start", "Erase"):
            self.record.erase()
        if what in ("Erase/Start", "Start"):
            await self.record.start()
        elif what == "Stop":
            await self.record.stop()

    async def _put_points(self, count: Any) -> None:
        self.record.wanted = int(count)

    def _changed(self) -> None:
        self.current.update(int(self.record.values["NORD"]))
        self.acquiring.update("Acquiring" if self.record.acquiring else "Done")

    def _published(self, timestamp: float) -> None:
        self.exposure_count.post(self.exposure_count.value + 1, timestamp=timestamp)
