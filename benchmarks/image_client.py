"""One client of `benchmarks.image_server`: ``python -m benchmarks.image_client PORT {viewer|reader|both}``.

A viewer monitors the frames; a reader asks for the number; both does both over one connection. Each line of standard
input is a number of readings; the answer is their latencies in seconds as JSON, and how many frames have been seen.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time

EVERY_S = 0.005
BYTES = 16_000_000


def main() -> None:
    """Connect, then do as each line says."""
    port, kind = sys.argv[1:]
    os.environ.update(
        EPICS_CA_ADDR_LIST=f"127.0.0.1:{port}", EPICS_CA_AUTO_ADDR_LIST="NO", EPICS_CA_MAX_ARRAY_BYTES=str(BYTES)
    )
    import epics

    seen = 0

    def show(**_: object) -> None:
        nonlocal seen
        seen += 1

    number = epics.PV("IMG:Number", auto_monitor=False)
    assert number.wait_for_connection(10)
    if kind != "reader":
        frame = epics.PV("IMG:Frame", auto_monitor=True, callback=show)
        assert frame.wait_for_connection(10)
    run = epics.PV("IMG:Run", auto_monitor=False)
    assert run.wait_for_connection(10)
    print("ready", flush=True)
    pause = threading.Event()
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "publish":
            run.put(int(rest[0]), wait=True)
            print("done", flush=True)
            continue
        seen, latencies = 0, []
        due = time.perf_counter()
        for _ in range(int(word)):
            due += EVERY_S
            pause.wait(max(0.0, due - time.perf_counter()))
            # who is late began to wait when the reading was due
            began = min(time.perf_counter(), due + EVERY_S)
            number.get()
            latencies.append(time.perf_counter() - began)
        print(json.dumps({"latencies": latencies, "frames": seen}), flush=True)


if __name__ == "__main__":
    main()
