"""What a beamline's server adds to the ``SIM:`` channels: the sample in the beam, a plan's sleep, exposures made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from beam.errors import TerasuError
from beam.line_base import Exposure
from beam.lines import AnySample
from ioc_sim.channels import Channels, Float, Int, LongText, Put
from ioc_sim.errors import Refused
from ioc_sim.groups.simulation import SimulationGroup
from ioc_sim.identity import Identity
from ioc_sim.station import Station
from ioc_sim.timing import LONGEST_S

LoadSample = Callable[[str], AnySample]


class StationGroup:
    """``SIM:`` channels of a beamline's server.

    Parameters
    ----------
    identity : Identity
        What the server says about itself.
    station : Station
        Its line and time.
    sample : str
        What is in the beam at the start, as it was asked for.
    load_sample : LoadSample
        Turns such a text into a sample; raises TerasuError.
    on_pause : Put, optional
        What a client's put of `SIM:Pause` does besides.
    """

    def __init__(
        self,
        identity: Identity,
        station: Station,
        sample: str,
        load_sample: LoadSample,
        on_pause: Put | None = None,
    ) -> None:
        self._station = station
        self._load_sample = load_sample
        simulation = SimulationGroup(
            station.facts.prefix, identity, station.time.clock, pause=station.time.pause, on_pause=on_pause
        )
        self.simulation = simulation
        self.exposures = Int(station.line.exposures)
        self.sample = LongText(sample, on_put=self._change_sample)
        self.sample_record = LongText(json.dumps(station.line.sample.record()))
        self.in_beam = sample
        self.advance = Float(0.0, low=0.0, high=LONGEST_S, units="s", precision=3, on_put=self._advance)
        self.channels: Channels = {
            **simulation.channels,
            f"{simulation.prefix}Advance": self.advance,
            f"{simulation.prefix}Sample": self.sample,
            f"{simulation.prefix}SampleRecord": self.sample_record,
            f"{simulation.prefix}Exposures": self.exposures,
        }
        station.on_exposure.append(self._exposed)
        station.time.listeners.append(simulation.show)

    async def _advance(self, seconds: float) -> None:
        await self._station.time.advance(seconds)

    async def _change_sample(self, asked: str) -> None:
        # Reading a spectrum and its tabulated extension takes too long for the loop that answers clients.
        try:
            sample = await asyncio.to_thread(self._load_sample, asked)
        except TerasuError as error:
            self.sample.post(self.in_beam)
            raise Refused(str(error)) from error
        self._station.line.sample = sample
        self.sample_record.post(json.dumps(sample.record()))
        self.in_beam = asked

    def _exposed(self, exposure: Exposure) -> None:
        self.exposures.post(exposure.index + 1)
