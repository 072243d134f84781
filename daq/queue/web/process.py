"""The HTTP server as a process: started, started again on the same port, ended."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from daq.errors import Refused
from daq.queue.place import VARIABLE, Place
from ioc_sim.sockets import BACKLOG, LOOPBACK

END_S = 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0


class Web:
    """One HTTP server, on loopback.

    Parameters
    ----------
    place
        Where its queue lives.
    port
        0 for a free one.
    environment
        Of its process.
    log
        What it says is appended here.

    Raises
    ------
    Refused
        The port is taken, or bluesky-httpserver is not installed.
    """

    def __init__(self, place: Place, port: int, environment: Mapping[str, str], log: Path) -> None:
        if find_spec("bluesky_httpserver") is None:
            raise Refused("--http needs bluesky-httpserver: pip install bluesky-httpserver")
        self._place, self._log = place, log
        self._environment = {**environment, VARIABLE: str(place.setup), "PYTHONUNBUFFERED": "1"}
        self._process: subprocess.Popen[bytes] | None = None
        self._pause_s, self._began_s, self._not_before = 0.0, 0.0, 0.0
        self._listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._listening.bind((LOOPBACK, port))
            self._listening.listen(BACKLOG)
        except OSError as error:
            self._listening.close()
            raise Refused(f"--http {port}: {error.strerror or error}; 0 takes a free port") from error

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://{LOOPBACK}:{self._listening.getsockname()[1]}"

    def start(self) -> None:
        """Start the process."""
        self._began_s = time.monotonic()
        handle = self._listening.fileno()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "daq.queue.web.serve", str(handle)],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(handle,),
                start_new_session=True,
            )

    def answers(self) -> bool:
        """Return whether it answers, however it does."""
        host, port = self._listening.getsockname()
        try:
            with socket.create_connection((host, port), timeout=1.0) as asking:
                asking.settimeout(1.0)
                asking.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                return asking.recv(5) == b"HTTP/"
        except OSError:
            return False

    def look_after(self) -> bool:
        """Start it again if it died; return whether it was."""
        if self._process is None or self._process.poll() is None or time.monotonic() < self._not_before:
            return False
        lived_s = time.monotonic() - self._began_s
        longer_s = min(max(FIRST_PAUSE_S, 2 * self._pause_s), LONGEST_PAUSE_S)
        self._pause_s = 0.0 if lived_s > LONGEST_PAUSE_S else longer_s
        self._not_before = time.monotonic() + self._pause_s
        self.start()
        return True

    def stop(self) -> None:
        """End it."""
        self._listening.close()
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
