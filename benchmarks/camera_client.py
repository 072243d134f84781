"""The client of `benchmarks.camera_server`: ``python -m benchmarks.camera_client PORT``, with libca.

Each line of standard input is a number of frames: they are acquired and streamed to one file, which is removed. The
answer is how many seconds that took, until the file was closed.
"""

from __future__ import annotations

import os
import sys
import time

LONGEST_S = 300


def main() -> None:
    """Connect, then do as each line says."""
    os.environ.update(EPICS_CA_ADDR_LIST=f"127.0.0.1:{sys.argv[1]}", EPICS_CA_AUTO_ADDR_LIST="NO")
    import epics

    def put(name: str, value: object, wait: bool = True) -> None:
        assert epics.caput(f"CAM:{name}", value, wait=wait, timeout=LONGEST_S) == 1, name

    settings = {"EnableCallbacks": 1, "FileWriteMode": "Stream", "LazyOpen": 1, "NumCapture": 0, "FileName": "bench"}
    for name, value in (settings | {"FileTemplate": "%s%s_%6.6d.h5"}).items():
        put(f"HDF1:{name}", value)
    for name, value in {"ImageMode": "Multiple", "AcquireTime": 1e-6, "AcquirePeriod": 0, "WaitForPlugins": 1}.items():
        put(f"cam1:{name}", value)
    print("ready", flush=True)
    for line in sys.stdin:
        frames = int(line)
        put("cam1:NumImages", frames)
        put("HDF1:Capture", 1, wait=False)
        began = time.perf_counter()
        put("cam1:Acquire", 1)
        put("HDF1:Capture", 0)
        seconds = time.perf_counter() - began
        written, status = epics.caget("CAM:HDF1:NumCaptured_RBV"), epics.caget("CAM:HDF1:WriteStatus")
        assert (written, status) == (frames, 0), (written, status)
        os.unlink(epics.caget("CAM:HDF1:FullFileName_RBV", as_string=True))
        print(seconds, flush=True)


if __name__ == "__main__":
    main()
