"""A beamline's diffraction camera: an area detector that sees the powder rings of a calibrant behind the last detector.

A frame shows the light as it is at the end of its exposure. It is rendered in the camera's thread.
"""

from __future__ import annotations

from typing import cast

from beam.detector_kinds import DiffractionCamera
from beam.frames import SceneFrames
from beam.line import Line
from beam.ring_pattern import RingScene
from ioc_sim.area_detector.group import AreaDetectorGroup
from ioc_sim.area_detector.sources import Photons
from ioc_sim.beside import BesideCounters
from ioc_sim.station import Station


class DiffractionGroup(AreaDetectorGroup):
    """The channels of one diffraction camera."""

    def __init__(self, name: str, facts: DiffractionCamera, station: Station) -> None:
        scene = RingScene(facts, cast(Line, station.line).beam_behind)
        source = Photons(SceneFrames(station.line.seed, name, scene))
        super().__init__(facts.prefix, facts, station.line.seed, BesideCounters(station), station.files, source)
        self.camera.exposes_between(facts.shortest_s, facts.longest_s)
        self.camera.start_with(AcquireTime=min(max(1.0, facts.shortest_s), facts.longest_s), AcquirePeriod=0.0)

    def lasting(self) -> int:
        """Return how many exposures there were."""
        return self.camera.exposures

    def set_lasting(self, kept: int) -> None:
        """Go on from there."""
        self.camera.exposures = kept
