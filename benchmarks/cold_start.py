"""From nothing running to a scan that is done and read back from the catalogue, as a user starts it.

`SHORT` shows what starting costs; `HOUR` is a scan of 200 points that takes an hour of counting at the hardware's pace.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

SHORT = "start=7100 stop=7110 num=11 dwell_s=0.1 dark_s=0"
HOUR = "start=7050 stop=7249 num=200 dwell_s=18 dark_s=0"


class ColdStart:
    """`terasu run bl09u energy_scan … --sim` at 100 times the pace, with a data directory that is not there yet."""

    def __init__(self, directory: Path, scan: str = SHORT) -> None:
        self.data = directory / "cold"
        self.scan = scan

    def __call__(self) -> float:
        """Run it once; return seconds until the catalogue has the whole run."""
        from daq.catalogue import stop_catalogue, wait_until_readable

        self.data.parent.mkdir(parents=True, exist_ok=True)
        words = f"run bl09u energy_scan {self.scan} --sim --seed 1 --time-scale 100"
        command = [sys.executable, "-m", "daq.cli", *words.split(), "--data", str(self.data)]
        began = time.perf_counter()
        done = subprocess.run([*command, "--json"], check=True, capture_output=True, text=True)
        wait_until_readable(self.data, json.loads(done.stdout.splitlines()[-1])["uid"])
        seconds = time.perf_counter() - began
        stop_catalogue(self.data)
        shutil.rmtree(self.data)
        return seconds
