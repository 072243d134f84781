"""The queue's speed, from `queue up` to the first plan and from a submission to its first point, and its memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from daq.queue.client import Client
from daq.queue.place import Place

COUNT = {"item_type": "plan", "name": "ct", "args": [0.1]}
LOOK_S = 0.002
WITHIN_S = 60.0
MB = 1024 * 1024


class QueueSpeed:
    """One queue on simulated servers, started anew for each `up`."""

    def __init__(self, directory: Path) -> None:
        self.data = directory / "queue"
        # short: a socket's address has 107 bytes at most
        self._runtime = Path(tempfile.mkdtemp(prefix="terasu-b-"))
        os.environ["XDG_RUNTIME_DIR"] = str(self._runtime)
        self._process: subprocess.Popen[str] | None = None
        self.client = Client(Place("bl09u", self.data))

    def up(self) -> float:
        """Start it with a plan that waits, and start that; return seconds until its run begins."""
        self.close()
        began = time.perf_counter()
        words = ["queue", "up", "bl09u", "--sim", "--seed", "1", "--time-scale", "100", "--data", str(self.data)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "daq.cli", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        while self._process.stdout.readline() != "ready\n":
            if self._process.poll() is not None:
                raise RuntimeError("the queue did not come up")
        before = self._journals()
        self.client.as_user("queue_item_add", item=COUNT)
        self.client.command("queue_start")
        self._wait(lambda: self._journals() - before)
        seconds = time.perf_counter() - began
        self._settle()
        return seconds

    def first_point(self) -> float:
        """Submit a plan and start it; return seconds from its acceptance to its first point."""
        if self._process is None:
            self.up()
        before = self._journals()
        self.client.as_user("queue_item_add", item=COUNT)
        accepted = time.perf_counter()
        self.client.command("queue_start")
        self._wait(lambda: self._journals() - before)
        (journal,) = self._journals() - before
        self._wait(lambda: b'"i0":' in journal.read_bytes().rpartition(b'"primary"')[2])
        seconds = time.perf_counter() - accepted
        self._settle()
        return seconds

    def memory(self) -> float:
        """Return the memory of all its processes, shared pages shared out, in MB."""
        return sum(self.each().values())

    def each(self) -> dict[str, float]:
        """Return the memory of each of its processes, in MB."""
        if self._process is None:
            self.up()
        assert self._process is not None
        top = psutil.Process(self._process.pid)
        found: dict[str, float] = {}
        for one in (top, *top.children(recursive=True)):
            name = " ".join(word for word in one.cmdline()[1:4] if not word.startswith("--"))
            found[f"{one.pid} {name}"] = one.memory_full_info().pss / MB
        return found

    def close(self) -> None:
        """End it, and the catalogue."""
        if self._process is not None:
            from daq.catalogue import stop_catalogue

            self._process.terminate()
            self._process.communicate()
            stop_catalogue(self.data)
            shutil.rmtree(self.data)
            self._process = None

    def _journals(self) -> set[Path]:
        return set((self.data / "journal").glob("*/*.jsonl"))

    def _settle(self) -> None:
        self._wait(lambda: self.client.ask("status")["manager_state"] == "idle")

    @staticmethod
    def _wait(happened: Callable[[], object]) -> None:
        pause, deadline = threading.Event(), time.monotonic() + WITHIN_S
        while not happened():
            if time.monotonic() > deadline:
                raise TimeoutError("the queue did not do it")
            pause.wait(LOOK_S)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="terasu-bench-") as name:
        speed = QueueSpeed(Path(name))
        try:
            print(f"queue up -> first plan begins {speed.up():.2f} s")
            print("accepted -> first point", " ".join(f"{speed.first_point():.3f}" for _ in range(7)), "s")
            for process, size in speed.each().items():
                print(f"{size:7.1f} MB  {process}")
            print(f"{speed.memory():7.1f} MB  all")
        finally:
            speed.close()
