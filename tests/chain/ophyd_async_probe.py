"""What an area detector of ophyd-async makes of ours, over Channel Access; prints it as JSON.

Call: python -m tests.chain.ophyd_async_probe DIRECTORY
"""

import json
import sys
from pathlib import Path
from typing import Any

import bluesky.plans as bp
import h5py
from bluesky import RunEngine
from ophyd_async.core import StaticFilenameProvider, StaticPathProvider, init_devices
from ophyd_async.epics.adcore import ADWriterFactory
from ophyd_async.epics.adsimdetector import SimDetector


def main() -> None:
    """Count three frames into a file."""
    directory = Path(sys.argv[1])
    engine = RunEngine()
    provider = StaticPathProvider(StaticFilenameProvider("frames"), directory)
    with init_devices():
        detector = SimDetector("ad:", ADWriterFactory.hdf(provider, writer_suffix="HDF1:"), name="detector")
    seen: dict[str, Any] = {"frames": 0}

    def note(name: str, doc: Any) -> None:
        if name == "descriptor":
            key = doc["data_keys"]["detector"]
            seen.update(shape=key["shape"], dtype=key["dtype_numpy"])
        elif name == "stream_resource":
            seen["dataset"] = doc["parameters"]["dataset"]
        elif name == "stream_datum":
            seen["frames"] += doc["indices"]["stop"] - doc["indices"]["start"]
        elif name == "stop":
            seen["exit_status"] = doc["exit_status"]

    engine(bp.count([detector], num=3), note)
    with h5py.File(directory / "frames.h5") as file:
        frames = file[seen["dataset"]][:]
    seen.update(in_file=list(frames.shape), brightest=[int(one.max()) for one in frames])
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    main()
