"""The latency of a reading while another client watches a 2048² camera at 10 Hz, beside that on an idle server."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import Any

READINGS = 1000
"""At 200 a second: five seconds, fifty frames."""
LEAST_FRAMES = 30


class Lines:
    """A process that is spoken to line by line."""

    def __init__(self, *words: str) -> None:
        # libca says on standard error that there is no repeater: nobody here listens for beacons
        self.process = subprocess.Popen(
            [sys.executable, "-m", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.hear() == "ready", f"{words[0]} did not start"

    def say(self, line: str) -> None:
        """Send a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        """Return the next line."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ask(self, line: str) -> str:
        """Send a line and return the answer."""
        self.say(line)
        return self.hear()

    def close(self) -> None:
        """End it."""
        self.process.communicate(timeout=20)


class ImageLatency:
    """The server; a client that views frames; one that reads a number; one that does both over one connection."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        self.server = Lines("benchmarks.image_server", port)
        self.reader = Lines("benchmarks.image_client", port, "reader")
        self._port = port

    def idle(self) -> float:
        """Return the 99th percentile (ms) of readings while nothing is published."""
        return percentile(self._read(self.reader)["latencies"])

    def beside(self) -> float:
        """Return it while another client is sent ten frames a second."""
        viewer = Lines("benchmarks.image_client", self._port, "viewer")
        self.reader.ask("publish 1")
        viewer.say(str(READINGS))
        answer = self._read(self.reader)
        frames = json.loads(viewer.hear())["frames"]
        self.reader.ask("publish 0")
        viewer.close()
        assert frames > LEAST_FRAMES, f"the viewer saw {frames} frames"
        return percentile(answer["latencies"])

    def behind(self) -> float:
        """Return it where the frames come over the reader's own connection: an answer waits for the frame before it."""
        both = Lines("benchmarks.image_client", self._port, "both")
        self.reader.ask("publish 1")
        answer = self._read(both)
        self.reader.ask("publish 0")
        both.close()
        assert answer["frames"] > LEAST_FRAMES, f"it saw {answer['frames']} frames"
        return percentile(answer["latencies"])

    @staticmethod
    def _read(client: Lines) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(client.ask(str(READINGS)))
        return answer

    def close(self) -> None:
        """End server and client."""
        self.reader.close()
        self.server.close()


def percentile(latencies: list[float]) -> float:
    """Return the 99th percentile in milliseconds."""
    return 1e3 * sorted(latencies)[int(0.99 * len(latencies))]
