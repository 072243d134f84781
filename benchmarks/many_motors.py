"""A bench of thousands of motors: how long its server takes to be ready, and what memory it needs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil

MANY = 5000
RECORD = "M:m{}"
MB = 1e6

HEAD = """\
schema_version = 1
bench = "bench"
title = "Many motors"
prefix = "BENCH:"

[devices.motors]
kind = "linear_motors"
label = "motor"
low_mm = -100.0
high_mm = 100.0
start_mm = 0.0
resolution_mm = 0.001
tolerance_mm = 0.01
velocity_mm_per_s = 1.0
acceleration_s = 0.1
source = { default = "assumed" }
"""


def config_with(motors: int, directory: Path) -> Path:
    """Copy the configuration and put so many motors on its bench."""
    from beam import facts

    copy = Path(shutil.copytree(facts.config_dir(), directory / f"config-{motors}", dirs_exist_ok=True))
    names = json.dumps([RECORD.format(number) for number in range(motors)])
    (copy / "bench.toml").write_text(f"{HEAD}prefixes = {names}\n")
    return copy


class ManyMotors:
    """The server of 5 000 motor records, started anew each time; all their fields can be asked for."""

    def __init__(self, directory: Path) -> None:
        self.config = config_with(MANY, directory)
        self.megabytes: list[float] = []

    def __call__(self) -> float:
        """Return seconds until clients can connect."""
        command = [sys.executable, "-m", "ioc_sim.serve", "bench", "--config", str(self.config)]
        began = time.perf_counter()
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        said = json.loads(server.stdout.readline())
        seconds = time.perf_counter() - began
        assert said["pvs"] >= MANY, said
        self.megabytes.append(psutil.Process(server.pid).memory_info().rss / MB)
        server.communicate(timeout=20)
        return seconds

    def memory(self) -> float:
        """Return the memory (RSS, MB) of the server that was started last."""
        return self.megabytes[-1]
