"""What a client of the C library for Channel Access sees of an area detector; prints it as JSON.

`caget` and `camonitor` are this library with a command line; no package of ours has the programs themselves.
"""

import json
import sys
import threading

import epics


def main() -> None:
    """Get, put with completion, and monitor."""
    epics.ca.disable_ca_messages()
    found: dict[str, object] = {}
    for name in ("cam1:ImageMode", "cam1:AcquireTime", "cam1:MaxSizeX_RBV", "HDF1:FilePath"):
        found[name] = epics.caget(f"ad:{name}", as_string=True, timeout=10)
    found["type"] = epics.PV("ad:cam1:ImageMode", connection_timeout=10).info.count("enum") > 0
    seen: list[int] = []
    enough = threading.Event()

    def monitored(value: int = -1, **_: object) -> None:
        seen.append(int(value))
        if value >= 3:
            enough.set()

    epics.caput("ad:cam1:ArrayCounter", 0, wait=True)
    epics.camonitor("ad:cam1:ArrayCounter_RBV", callback=monitored)
    for name, value in {"image1:EnableCallbacks": 1, "cam1:ImageMode": 1, "cam1:NumImages": 3}.items():
        epics.caput(f"ad:{name}", value, wait=True)
    found["put"] = epics.caput("ad:cam1:Acquire", 1, wait=True, timeout=20)
    found["enough"] = enough.wait(10)
    found["seen"] = seen
    image = epics.caget("ad:image1:ArrayData", timeout=10)
    found["pixels"], found["type of pixels"] = len(image), str(image.dtype)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
