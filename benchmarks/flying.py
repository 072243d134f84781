"""Flights at the hardware's own pace: how long they take, and what rows at a high rate cost.

The servers are those of BL09U, at real time; the engine is that of a session, with journal and catalogue.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.image_latency import Lines
from benchmarks.table import Row, interleave

POINTS, GATE_S = 1000, 0.001
FAST_S, FAST_GATES = 1e-5, 1_000_000
"""A hundred thousand gates a second, for ten seconds."""
MB = 1e6


class Flying:
    """A session at a simulated BL09U that flies its sample stage."""

    def __init__(self, directory: Path) -> None:
        from contextlib import ExitStack

        from bluesky.plan_stubs import mv

        from daq.options import SimOptions
        from daq.session import open_session

        self._stack = ExitStack()
        options = SimOptions("bl09u", time_scale=1.0, seed=1)
        self.session = self._stack.enter_context(open_session("bl09u", simulate=options, data=directory))
        tree: Any = self.session.tree
        self.tree = tree
        self._times: dict[str, float] = {}
        self.growth_mb = 0.0
        self._back = False
        self.session.engine(mv(tree.energy, 7200.0))  # who flies needs light
        self.session.engine.msg_hook = self._note

    def _note(self, msg: Any) -> None:
        if msg.command in ("kickoff", "open_run") or (msg.command == "set" and msg.obj is self.tree.shutter):
            self._times[msg.command if msg.command != "set" else str(msg.args[0])] = time.perf_counter()

    def fly(self, num: int, gate_s: float, start: float = -0.5, stop: float = 0.5) -> float:
        """Fly a line; return seconds from the kickoff to the end of the flight, all rows proven."""
        from daq.plan_call import with_roles
        from plans import fly_scan

        bound = with_roles(fly_scan, self.tree)
        # to and fro: the way to the start is no part of the flight
        start, stop = (stop, start) if self._back else (start, stop)
        self._back = not self._back
        self.session.engine(bound(self.tree.sample_stage.x, start, stop, num, gate_s))
        return self._times["close"] - self._times["kickoff"]

    def points(self) -> float:
        """Return how long 1 000 points of 1 ms take, from the kickoff."""
        return self.fly(POINTS, GATE_S)

    def fast(self) -> float:
        """Return how many thousand rows a second are stored, of ten seconds at the highest rate."""
        process = psutil.Process()
        before = process.memory_info().rss
        seconds = self.fly(FAST_GATES, FAST_S, -8.0, 8.0)
        self.growth_mb = (process.memory_info().rss - before) / MB
        return FAST_GATES / seconds / 1e3

    def close(self) -> None:
        """End session and servers."""
        self._stack.close()


def flying_rows(directory: Path, rounds: int) -> list[Row]:
    """Measure the rows of flights, in a process of their own: a session has one set of servers."""
    flying = Lines("benchmarks.flying", str(directory / "flying"))
    points = Row(
        "fly scan of 1 000 x 1 ms: kickoff to proven end", lambda: float(flying.ask("points")), 1.7, absolute=True
    )
    fast = Row(
        "10^6 gates at 100 000 a second to HDF5: 1000 rows/s",
        lambda: float(flying.ask("fast")),
        absolute=True,
        unit="k",
    )
    grown = Row("  ... growth of the engine", lambda: float(flying.ask("growth")), 20.0, absolute=True, unit="MB")
    try:
        interleave([points], rounds)
        interleave([fast, grown], 1)
    finally:
        flying.close()
    return [points, fast, grown]


def main() -> None:
    """Fly what each line of standard input says; answer with the figure."""
    flying = Flying(Path(sys.argv[1]))
    try:
        print("ready", flush=True)
        for line in sys.stdin:
            what = line.strip()
            print(flying.growth_mb if what == "growth" else getattr(flying, what)(), flush=True)
    finally:
        flying.close()


if __name__ == "__main__":
    main()
