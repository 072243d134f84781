"""Raw latency: put with completion, acquire with completion, two gets; our server and the C server side by side."""

from __future__ import annotations

import socket
import subprocess
import sys

ROUND_TRIPS = 300


class Raw:
    """One of the two servers, and a pyepics client of it."""

    def __init__(self, kind: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-m", "benchmarks.client_latency", kind, str(self.port)]
        # libca says on standard error that there is no repeater: nobody here listens for beacons
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == "ready"

    def __call__(self) -> float:
        """Return seconds for all round trips."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{ROUND_TRIPS}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self) -> None:
        """End server and client."""
        self.process.communicate(timeout=20)
