"""What can go wrong with an area detector: a camera that hangs, a writer that is too slow; and how its disk fills."""

from __future__ import annotations

from pathlib import Path

from ioc_sim.area_detector.camera import Camera
from ioc_sim.area_detector.disk import Disk
from ioc_sim.area_detector.file_plugin import FilePlugin
from ioc_sim.faults.row import Argument, Arguments, Fault, Undo


async def _stuck(camera: Camera, _: Arguments) -> Undo:
    camera.free.clear()

    async def undo() -> None:
        camera.free.set()

    return undo


class _Filling(Disk):
    """A disk with room for so many frames more."""

    def __init__(self, frames: int) -> None:
        self._left = frames + 1  # the first question is that of the file which is opened

    def need(self, directory: Path, size: int) -> None:
        """Count the frames; say that there is no room when there were enough."""
        if self._left <= 0:
            super().need(directory, 1 << 62)
        self._left -= 1


async def full(plugin: FilePlugin, arguments: Arguments) -> Undo:
    """Let the disk be full after so many frames."""
    before, plugin.disk = plugin.disk, _Filling(int(arguments["frames"]))

    async def undo() -> None:
        plugin.disk = before

    return undo


async def _slow(plugin: FilePlugin, arguments: Arguments) -> Undo:
    before, plugin.takes_s = plugin.takes_s, arguments["takes_s"]

    async def undo() -> None:
        plugin.takes_s = before

    return undo


FAULTS = (
    Fault(
        "camera_stuck",
        "camera",
        (Camera,),
        "its exposures do not end, also when it is stopped, until it is cleared",
        _stuck,
        "exposure",
    ),
    Fault(
        "slow_writer",
        "file plugin",
        (FilePlugin,),
        "frames are dropped when its queue is full: DroppedArrays",
        _slow,
        "speed",
        (Argument("takes_s", 0.1, "device seconds that a frame takes", 0.0, 1e4),),
    ),
)
