"""The export beside a scan, at its start, and as a source of events; each measured in a process of its own.

``python -m benchmarks.tango_export {alone|exported|start|start-nodb|events}`` prints one number.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

from benchmarks.reference import POINTS

SCANS = 8
EVENTS = 10_000
PUSHING_S = 2.0
AXIS = "bl09u/dcm/bragg"
EXPORTED = 100
"""So many devices are counted; a beamline has more."""
PATIENCE_S = 60.0


class TangoExport:
    """The servers of a beamline on Channel Access; each call is a process that measures one thing at them."""

    def __init__(self, directory: Path) -> None:
        from benchmarks.step_scan import instant_axis_config
        from ioc_sim.launch import Simulation

        own = directory / "export"
        own.mkdir()
        self.config = instant_axis_config(own)
        self.simulation = Simulation("bl09u", config=self.config, time_scale=1000.0, seed=1, sample="none")
        self.simulation.start()

    def __call__(self, what: str) -> float:
        """Return what one process measured."""
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.tango_export", what, str(self.config)],
            env={**os.environ, **self.simulation.environment, "TANGO_HOST": ""},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        return float(done.stdout.split()[-1])

    def close(self) -> None:
        """End the servers."""
        self.simulation.stop()


class Session:
    """What is exported, without an engine of its own."""

    def __init__(self, tree: Any) -> None:
        self.tree, self.engine, self.data_dir = tree, None, Path()


def main() -> None:
    """Measure one thing."""
    what, config = sys.argv[1:]
    import beamlines
    from devices.deadlines import set_time_scale

    tree: Any = beamlines.load("bl09u", config)
    tree.connect(PATIENCE_S)
    set_time_scale(1000.0)
    measured = {"alone": scans, "exported": exported, "events": events}.get(what)
    print(measured(tree) if measured else start(tree, nodb=what == "start-nodb"), flush=True)
    os._exit(0)  # closing all channels is not what is measured


def scans(tree: Any) -> float:
    """Return the least of the times that some scans took."""
    from bluesky.plan_stubs import mv
    from bluesky.plans import scan
    from bluesky.run_engine import RunEngine

    from plans.lean import lean_step

    engine, step = RunEngine({}, context_managers=[]), cast("Any", lean_step)
    engine(mv(tree.counter.preset_time, 0.0))
    taken = []
    for _ in range(SCANS + 1):
        began = time.perf_counter()
        engine(scan([tree.counter], tree.dcm.pitch, -200, 198, POINTS, per_step=step))
        taken.append(time.perf_counter() - began)
    return min(taken[1:])


def exported(tree: Any) -> float:
    """Return the same while the devices are exported, and a client follows the axis."""
    with ExitStack() as stack:
        server = stack.enter_context(_served(tree))
        stack.enter_context(_follower(server.address("bl09u/dcm/pitch")))
        return scans(tree)


def start(tree: Any, *, nodb: bool) -> float:
    """Return how long the export of so many devices takes to start."""
    from daq.tango_export.names import named

    began = time.perf_counter()
    with _served(tree, nodb=nodb):
        seconds = time.perf_counter() - began
    return seconds * EXPORTED / len(named(tree))


def events(tree: Any) -> float:
    """Return the seconds in which a client in another process hears of 10 000 changes of one attribute."""
    import tango

    with ExitStack() as stack:
        server = stack.enter_context(_served(tree))
        follower = stack.enter_context(_follower(server.address(AXIS)))
        device = server._devices[AXIS]  # noqa: SLF001 - what is measured is the push alone
        with tango.EnsureOmniThread():
            began = time.perf_counter()
            while (seconds := time.perf_counter() - began) < PUSHING_S:
                device.push("Position")
        # those that Tango's buffers did not hold were not heard of
        return seconds * EVENTS / _heard(follower)


FOLLOW = """
import sys, tango
proxy, heard = tango.DeviceProxy(sys.argv[1]), 0
def event(one):
    global heard
    heard += 1
proxy.subscribe_event("Position", tango.EventType.CHANGE_EVENT, event)
print("ready", flush=True)
for line in sys.stdin:
    print(heard, flush=True)
"""


@contextmanager
def _follower(address: str) -> Iterator[subprocess.Popen[str]]:
    """Let a process subscribe to an axis."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", FOLLOW, address], stdin=pipe, stdout=pipe, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()


def _heard(follower: subprocess.Popen[str]) -> int:
    assert follower.stdin is not None
    assert follower.stdout is not None
    follower.stdin.write("\n")
    follower.stdin.flush()
    return int(follower.stdout.readline())


def _served(tree: Any, *, nodb: bool = False) -> Any:
    from daq.tango_export.database import Embedded, NoDatabase
    from daq.tango_export.server import serve

    return serve(Session(tree), where=NoDatabase() if nodb else Embedded())


if __name__ == "__main__":
    main()
