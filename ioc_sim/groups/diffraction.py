"""A beamline's diffraction camera: an area detector that sees the powder rings of a calibrant behind the last detector.

A frame shows the light as it is at the end of its exposure; one that a gate unit triggers, as it was at that gate. It
is rendered in the camera's thread.
"""

from __future__ import annotations

import asyncio
from typing import TypeAlias, cast

import numpy as np
import numpy.typing as npt

from beam.detector_kinds import DiffractionCamera
from beam.frames import SceneFrames
from beam.line import Line
from beam.ring_pattern import Beam, RingScene
from ioc_sim.area_detector.gated import Gate
from ioc_sim.area_detector.group import AreaDetectorGroup
from ioc_sim.area_detector.sources import Photons
from ioc_sim.beside import BesideCounters
from ioc_sim.gates.triggers import Gates
from ioc_sim.station import Station

Floats: TypeAlias = npt.NDArray[np.float64]


class DiffractionGroup(AreaDetectorGroup):
    """The channels of one diffraction camera."""

    def __init__(self, name: str, facts: DiffractionCamera, station: Station) -> None:
        scene = RingScene(facts, cast(Line, station.line).beam_behind)
        source = Photons(SceneFrames(station.line.seed, name, scene))
        super().__init__(facts.prefix, facts, station.line.seed, BesideCounters(station), station.files, source)
        self.camera.readout_s = facts.readout_s
        self.camera.exposes_between(facts.shortest_s, facts.longest_s)
        self.camera.start_with(AcquireTime=min(max(1.0, facts.shortest_s), facts.longest_s), AcquirePeriod=0.0)

    def lasting(self) -> int:
        """Return how many exposures there were."""
        return self.camera.exposures

    def set_lasting(self, kept: int) -> None:
        """Go on from there."""
        self.camera.exposures = kept

    # ---- on a trigger output

    async def prepare(self) -> None:
        """Get ready: there is nothing to be read first."""

    def light(self, line: Line, /) -> Floats:
        """Return energy and flux of the light that meets the calibrant."""
        return np.array(line.beam_behind_at(1.0), dtype=np.float64)

    def begin(self) -> None:
        """Take note that a flight begins."""
        self.camera.begin_flight()

    async def take(self, gates: Gates, light: Floats, stop: asyncio.Event, /) -> None:
        """Expose at these gates."""
        for n, (energy_ev, flux) in enumerate(light.tolist()):
            beam = Beam(energy_ev, flux * float(gates.current_ma[n]))
            posix_ns = int(1e9 * gates.posix_s[n])
            gate = Gate(gates.first + n, float(gates.begin_s[n]), float(gates.end_s[n]), posix_ns, beam)
            await self.camera.take_gate(gate, stop)
