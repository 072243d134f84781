"""One area detector: its camera at `cam1:` and the plugins that the facts list, each listening to the camera."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from beam.area_detectors import AreaDetectors, CameraFigures, plugin_kind
from beam.errors import UnknownName
from beam.frames import SceneFrames, Spot
from ioc_sim.area_detector.camera import Camera
from ioc_sim.area_detector.circular_buffer import CircularBuffer
from ioc_sim.area_detector.color_convert import ColorConvert
from ioc_sim.area_detector.file_plugin import FilePlugin
from ioc_sim.area_detector.hdf5 import Hdf5
from ioc_sim.area_detector.image import ON_WIRE, Image
from ioc_sim.area_detector.overlay import Overlay
from ioc_sim.area_detector.picture_files import Jpeg, NetCdf, Tiff
from ioc_sim.area_detector.pipeline import Pipeline
from ioc_sim.area_detector.plugin import Plugin
from ioc_sim.area_detector.port import Port
from ioc_sim.area_detector.process import Process
from ioc_sim.area_detector.roi import Roi
from ioc_sim.area_detector.sources import Pattern, Photons, Source
from ioc_sim.area_detector.stats import Stats
from ioc_sim.area_detector.table import PLUGIN
from ioc_sim.area_detector.transform import Transform
from ioc_sim.channels import Channels
from ioc_sim.timing import DetectorTime

CAMERA_PORT = "SIM1"


class AreaDetectorGroup:
    """The channels of one detector.

    Parameters
    ----------
    prefix : str
        Its address.
    facts : CameraFigures
        What it is like.
    seed : int
        Of its noise.
    time : DetectorTime
        The server's time.
    root : Path
        Files are written below this directory only.
    source : Source, optional
        Makes the pictures, instead of what the facts say.
    """

    def __init__(
        self, prefix: str, facts: CameraFigures, seed: int, time: DetectorTime, root: Path, source: Source | None = None
    ) -> None:
        self.name = prefix
        height, width = facts.height_px, facts.width_px
        sizes = {"width": width, "height": height, "pixels": 3 * width * height}
        pipeline = Pipeline(time, sizes, ON_WIRE[facts.data_type])
        self.pipeline = pipeline
        source = source or _source(prefix, facts, seed)
        self.camera = Camera(CAMERA_PORT, f"{prefix}cam1:", pipeline, source, facts.label, facts.data_type)
        self.plugins: dict[str, Plugin] = {}
        for name in facts.plugins:
            make = PLUGINS[plugin_kind(name)]
            self.plugins[name] = make(name.upper(), f"{prefix}{name}:", pipeline, facts, root)
        self.targets: dict[str, Port] = {port.prefix.removesuffix(":"): port for port in pipeline.ports.values()}
        """What simulated faults can befall."""
        self.channels: Channels = {}
        for port in pipeline.ports.values():
            self.channels.update(port.channels)

    async def finish(self) -> None:
        """Close all files that are open: the server ends."""
        for plugin in self.plugins.values():
            if isinstance(plugin, FilePlugin):
                await plugin.finish()


def _source(prefix: str, facts: CameraFigures, seed: int) -> Source:
    """Return what makes the pictures that the facts name."""
    height, width = facts.height_px, facts.width_px
    if not isinstance(facts, AreaDetectors):
        raise UnknownName("picture of a camera", type(facts).__name__, [AreaDetectors.__name__])
    if facts.picture == "pattern":
        return Pattern(height, width)
    spot = Spot(height, width, facts.peak_rate_hz, facts.background_rate_hz)
    return Photons(SceneFrames(seed, prefix, spot))


Make = Callable[[str, str, Pipeline, CameraFigures, Path], Plugin]


def _plain(kind: type[Any], *tables: str) -> Make:
    """Return what makes a plugin that needs its records and queue only."""

    def make(name: str, prefix: str, pipeline: Pipeline, facts: CameraFigures, _: Path) -> Plugin:
        return kind(name, prefix, pipeline, CAMERA_PORT, facts.queue_frames, (*PLUGIN, *tables))

    return make


def _files(kind: type[Any]) -> Make:
    """Return what makes a plugin that writes files."""

    def make(name: str, prefix: str, pipeline: Pipeline, facts: CameraFigures, root: Path) -> Plugin:
        plugin = kind(name, prefix, pipeline, CAMERA_PORT, facts.queue_frames, root)
        plugin.takes_s = facts.write_s
        return plugin

    return make


def _buffer(name: str, prefix: str, pipeline: Pipeline, facts: CameraFigures, _: Path) -> Plugin:
    tables = (*PLUGIN, "circular_buffer")
    return CircularBuffer(name, prefix, pipeline, CAMERA_PORT, facts.queue_frames, tables, facts.buffer_frames)


PLUGINS: dict[str, Make] = {
    "image": _plain(Image, "image"),
    "ROI": _plain(Roi, "roi"),
    "Stats": _plain(Stats, "stats"),
    "Proc": _plain(Process, "process"),
    "Over": _plain(Overlay, "overlay"),
    "Trans": _plain(Transform, "transform"),
    "CC": _plain(ColorConvert, "color_convert"),
    "CB": _buffer,
    "HDF": _files(Hdf5),
    "TIFF": _files(Tiff),
    "JPEG": _files(Jpeg),
    "netCDF": _files(NetCdf),
}
"""What makes the plugins of a kind."""
