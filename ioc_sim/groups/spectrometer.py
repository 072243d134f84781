"""A beamline's fluorescence spectrometer: an mca record that counts what the sample sends out.

An exposure sees the beam as it is when the exposure begins. Counting beside a counter takes no time of its own on the
experiment's clock.
"""

from __future__ import annotations

import asyncio
from typing import cast

from beam.detector_kinds import FluorescenceSpectrometer
from beam.line import Line
from beam.spectrometer import Light, LivePulses
from ioc_sim.errors import Refused
from ioc_sim.groups.mapping import MappingGroup
from ioc_sim.groups.mca import McaGroup
from ioc_sim.station import Station


class SpectrometerGroup(McaGroup):
    """The channels of one spectrometer."""

    def __init__(self, name: str, facts: FluorescenceSpectrometer, station: Station) -> None:
        self._name, self._station, self._line = name, station, cast(Line, station.line)
        pulses = LivePulses(station.line.seed, name, facts, self._light)
        super().__init__(facts.prefix, facts, station.line.seed, station.time, pulses=pulses)
        self.record.prepare = self._prepare
        self.record.ended = self._ended
        self._began = 0.0
        self.record.values["PRTM"] = 1.0
        for n, (region, (low, high)) in enumerate(facts.regions.items()):
            first, last = facts.channels_of(low, high)
            self.record.values |= {f"R{n}NM": region, f"R{n}LO": first, f"R{n}HI": last, f"R{n}BG": -1}
        self.mapping = MappingGroup(name, facts, station, self.record) if facts.mapping else None
        if self.mapping:
            self.channels |= self.mapping.channels

    async def finish(self) -> None:
        """Close the file that is open: the server ends."""
        if self.mapping:
            await self.mapping.finish()

    def _light(self) -> Light:
        return self._line.pulse_light(self._name, self._station.ahead_s())

    async def _prepare(self) -> None:
        if self.mapping and self.mapping.acquiring:
            raise Refused(f"{self._name}: it waits for gates; stop that first")
        self._began = asyncio.get_running_loop().time()
        if not self._line.prepared(self._name):
            await asyncio.to_thread(self._line.prepare, self._name)

    async def _ended(self, seconds: float) -> None:
        await self._station.advance_beside(seconds, self._began)
