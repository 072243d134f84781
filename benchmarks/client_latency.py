"""A pyepics client in a process of its own, as a process has but one address list: see `benchmarks.raw_latency`."""

from __future__ import annotations

import os
import subprocess
import sys
import time


def main() -> None:
    """Start the server, connect, and time as many round trips as each line of standard input says."""
    kind, port = sys.argv[1:]
    command = [sys.executable, "-m", "benchmarks.raw_server", kind, port]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    while server.stdout.readline().strip() != "ready":
        assert server.poll() is None, f"the {kind} server ended"
    os.environ.update(EPICS_CA_ADDR_LIST=f"127.0.0.1:{port}", EPICS_CA_AUTO_ADDR_LIST="NO")
    import epics

    axis, acquire, a, b = (epics.PV(f"RAW:{name}", auto_monitor=False) for name in ("Axis", "Acquire", "A", "B"))
    for one in (axis, acquire, a, b):
        assert one.wait_for_connection(10), f"{one.pvname} of the {kind} server does not answer"
    count = float(a.get())
    print("ready", flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        for number in range(int(line)):
            axis.put(float(number), wait=True)
            acquire.put(1, wait=True)
            first, second = a.get(), b.get()
            count += 1
            assert first == second == count, f"stale: {first}, {second}, not {count}"
        print(time.perf_counter() - began, flush=True)
    for one in (axis, acquire, a, b):
        one.disconnect()
    server.communicate(timeout=10)


if __name__ == "__main__":
    main()
