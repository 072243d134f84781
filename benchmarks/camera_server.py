"""A camera of 2048² uint16 with an HDF5 plugin, in a server process of its own; see `benchmarks.camera_writing`.

``python -m benchmarks.camera_server PORT DIRECTORY [SIDE]``: the records are those of an area detector at `CAM:`. Files
are written below the directory. Prints ``ready``; ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

SIDE = 2048


async def serve(port: int, directory: Path, side: int) -> None:
    """Serve until standard input closes."""
    from beam.area_detectors import AreaDetectors
    from beam.clock import ExperimentClock
    from ioc_sim.area_detector.group import AreaDetectorGroup
    from ioc_sim.server import OrderedContext
    from ioc_sim.timing import Timeline
    from ioc_sim.turns import take_short_turns

    take_short_turns()

    facts = AreaDetectors(
        kind="area_detectors",
        prefixes=["CAM:"],
        label="camera",
        width_px=side,
        height_px=side,
        data_type="UInt16",
        picture="pattern",
        queue_frames=20,
        buffer_frames=20,
        plugins=["HDF1"],
        source={"default": "assumed"},
    )
    camera = AreaDetectorGroup("CAM:", facts, 1, Timeline(ExperimentClock()), directory)
    context = OrderedContext(camera.channels, port=port, on_ready=lambda: print("ready", flush=True))
    task = asyncio.create_task(context.run())
    await asyncio.to_thread(sys.stdin.read)
    task.cancel()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else SIDE))
