"""Starting the catalogue process on demand, and ending it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from daq import paths
from daq.catalogue.address import Address, NotAnswering, owner, running
from daq.errors import DataError

START_TIMEOUT_S = 90.0
POLL_S = 0.02
PING_TIMEOUT_S = 5.0
WAIT_S = 10.0


def ensure_catalogue(data: Path, *, wait: bool = True, timeout_s: float = START_TIMEOUT_S) -> Address | None:
    """Make sure that a catalogue process serves `data`, starting one if need be.

    Any number of starters may do this at once: the processes settle by a lock which of them serves.

    Parameters
    ----------
    data
        The data directory.
    wait
        Return only when it answers; without, return the address only if it is already known.
    timeout_s
        How long to wait for it to answer.

    Raises
    ------
    daq.errors.Refused
        If the catalogue directory cannot be written, or its disk is nearly full.
    DataError
        If the process fails to start; says why and which log tells more.
    """
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    process: subprocess.Popen[bytes] | None = None
    while True:
        address = running(data)
        if address is not None:
            try:
                address.ask("ping", PING_TIMEOUT_S)
                return address
            except NotAnswering:
                pass  # just ending, or just killed: look again
        if owner(paths.catalogue_dir(data)) is None and process is None:
            process = _spawn(data)
        if not wait:
            return None
        if process is not None and (status := process.poll()) is not None:
            if status:
                raise DataError(f"the catalogue process did not start: {_last_words(data)}")
            process = None  # another one had the lock
        if time.monotonic() > deadline:
            raise DataError(f"the catalogue process does not answer within {timeout_s:g} s; log: {log_file(data)}")
        pause.wait(POLL_S)


def settle(data: Path, timeout_s: float) -> None:
    """Wait until every run that is closed by now is in the catalogue, but no longer than `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while (left := deadline - time.monotonic()) > 0:
        address = ensure_catalogue(data)
        assert address is not None
        with contextlib.suppress(NotAnswering):
            wait_s = min(left, WAIT_S)
            if address.ask("settled", wait_s + PING_TIMEOUT_S, wait_s=f"{wait_s:.3f}")["settled"]:
                return


def stop_catalogue(data: Path, timeout_s: float = 10.0) -> None:
    """Ask the catalogue process of `data`, if there is one, to end, and wait until it has."""
    directory = paths.catalogue_dir(data)
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    asked: int | None = None
    while (pid := owner(directory)) is not None:
        if pid and pid != asked:
            os.kill(pid, signal.SIGTERM)
            asked = pid
        if time.monotonic() > deadline:
            raise DataError(f"the catalogue process {pid} did not end within {timeout_s:g} s")
        pause.wait(POLL_S)


def log_file(data: Path) -> Path:
    """Return the file that holds what the process said on its way up."""
    return paths.log_dir(data) / "catalogue.out"


def _spawn(data: Path) -> subprocess.Popen[bytes]:
    """Start the process in a session of its own: it outlives this one, and no Ctrl-C here reaches it."""
    paths.check_writable(paths.catalogue_dir(data), "catalogue directory")
    log = log_file(data)
    log.parent.mkdir(parents=True, exist_ok=True)
    # Tiled reads settings from the environment: those of the user's other servers are not ours
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TILED_")}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "daq.catalogue.serve", "--data", str(data)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=environment,
            start_new_session=True,
        )
    # it may end, idle, long before this process does: somebody has to take note of it then
    threading.Thread(target=process.wait, name="catalogue process", daemon=True).start()
    return process


def _last_words(data: Path) -> str:
    lines = log_file(data).read_text(errors="replace").strip().splitlines()
    return f"{lines[-1] if lines else 'it said nothing'} ({log_file(data)})"
