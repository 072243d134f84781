"""Flights at the hardware's own pace: how long they take, and what rows at a high rate cost.

The servers are those of BL09U, at real time; the engine is that of a session, with journal and catalogue. The gate unit
is one with gates shorter than BL09U's 10 µs: of those not even a store that takes no time could make 100 000 rows a
second, start and end of the flight included.
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
FAST_S, FAST_GATES = 8e-6, 1_000_000
"""More than a hundred thousand gates a second, for eight seconds."""
FAST_ROUNDS = 3
"""An injection may come into one of them: its rows are made again."""
FAST_UNIT = "[devices.flyer]\nshortest_gate_s = 5.0e-6\n"
MB = 1e6


class Flying:
    """A session at a simulated BL09U that flies its sample stage."""

    def __init__(self, directory: Path) -> None:
        from contextlib import ExitStack

        from bluesky.plan_stubs import mv

        from beam import facts
        from daq.options import SimOptions
        from daq.session import open_session

        self._stack = ExitStack()
        config = directory / "config"
        config.mkdir(parents=True)
        (config / "facility.toml").write_text(f'extends = "{facts.config_dir()}"\n')
        (config / "bl09u.toml").write_text(FAST_UNIT)
        options = SimOptions("bl09u", config=config, time_scale=1.0, seed=1)
        opened = open_session("bl09u", config=config, simulate=options, data=directory / "data")
        self.session = self._stack.enter_context(opened)
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
        """Return how long (µs) a row takes from the kickoff to the end of a flight at a high rate, all rows proven."""
        process = psutil.Process()
        before = process.memory_info().rss
        seconds = self.fly(FAST_GATES, FAST_S, -6.0, 6.0)
        self.growth_mb = (process.memory_info().rss - before) / MB
        return seconds / FAST_GATES * 1e6

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
        "10^6 gates of 8 us to HDF5, kickoff to proven end: a row",
        lambda: float(flying.ask("fast")),
        10.0,
        absolute=True,
        unit="us",
    )
    grown = Row("  ... growth of the engine", lambda: float(flying.ask("growth")), 20.0, absolute=True, unit="MB")
    try:
        interleave([points], rounds)
        interleave([fast, grown], FAST_ROUNDS)
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
