"""The chain's step scan: an instant axis and a counter over Channel Access, with journal and catalogue."""

from __future__ import annotations

import itertools
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.reference import POINTS, Reference

MANY, THOUSAND = 10_000, 1_000
"""Points of a long scan, and of each part of it that is timed."""
SHORT = 20
"""Points of a short one."""
MB = 1e6
INSTANT = "velocity_urad_per_s = 1.0e9\nacceleration_s = 0.0"


def instant_axis_config(directory: Path, *, tango: bool = False) -> Path:
    """Make a configuration where the second crystal's pitch moves in no time; `tango`: it and the counter are there."""
    from beam import facts

    config = directory / "config"
    config.mkdir()
    (config / "facility.toml").write_text(f'extends = "{facts.config_dir()}"\n')
    axis, counter = (f'tango = "bl09u/{name}"\n' if tango else "" for name in ("dcm/pitch", "counter/1"))
    (config / "bl09u.toml").write_text(f"[devices.dcm.pitch]\n{axis}{INSTANT}\n[devices.counter]\n{counter}")
    return config


class Chain:
    """Servers, device tree, engine with journal, and a catalogue process beside them."""

    def __init__(self, directory: Path, time_scale: float = 1000.0, *, tango: bool = False) -> None:
        from ioc_sim.launch import Simulation

        config = instant_axis_config(directory, tango=tango)
        self.data = directory / "data"
        self.simulation = Simulation("bl09u", config=config, time_scale=time_scale, seed=1)
        self.simulation.start()
        os.environ.update(self.simulation.environment)
        import beamlines
        from daq.catalogue import ensure_catalogue
        from daq.device_clock import DeviceClock
        from daq.engine import make_engine
        from daq.signals import AbortOnSignal
        from devices.deadlines import set_time_scale

        ensure_catalogue(self.data)
        self.tree: Any = beamlines.load("bl09u", config)
        self.tree.connect()
        self.clock = clock = DeviceClock(self.tree.facts.prefix)
        clock.connect(2.0)
        set_time_scale(time_scale)
        self.engine = make_engine(self.data, "bl09u", {}, clock, AbortOnSignal)
        # the server's own count of exposures is recorded with each point: it proves that no reading is stale
        self.tree.counter.exposures.kind = "normal"
        self.engine(self._count_for(0.0))
        self.readable_s: list[float] = []
        self.grown_mb = 0.0
        self._reference = Reference()

    def _count_for(self, dwell_s: float) -> Any:
        from bluesky.plan_stubs import mv

        yield from mv(self.tree.counter.preset_time, dwell_s)

    def scan(self, per_step: Callable[..., Any] | None = None, points: int = POINTS) -> float:
        """Scan the instant axis; return seconds from the call of the engine to its return."""
        from bluesky.plans import scan

        counts: list[int] = []

        def note(_name: str, doc: Any) -> None:
            if "counter_exposures" in doc["data"]:  # the integrity report is an event too
                counts.append(int(doc["data"]["counter_exposures"]))

        token = self.engine.subscribe(note, "event")
        plan = scan([self.tree.counter], self.tree.dcm.pitch, -200, 198, points, per_step=per_step)
        seconds, uid = self._timed(plan)
        self.engine.unsubscribe(token)
        steps = {after - before for before, after in itertools.pairwise(counts)}
        assert len(counts) == points
        assert steps == {1}, f"stale or doubled readings: {sorted(steps)}"
        self._readable(uid)
        return seconds

    def lean_scan(self, points: int = POINTS) -> float:
        """Scan with the lean inner loop."""
        from plans.lean import lean_step

        return self.scan(lean_step, points)

    def short_scans(self) -> float:
        """Take as many points in scans of 20."""
        return sum(self.lean_scan(SHORT) for _ in range(POINTS // SHORT))

    def guarded_scan(self) -> float:
        """Scan with the lean inner loop under all that a session's engine watches over: conditions, integrity."""
        from daq.guard import Guard
        from daq.integrity import Integrity
        from daq.suspend import conditions

        guard = Guard(conditions(self.tree.facts.suspend, self.tree), self.tree.facts.flux)
        integrity = Integrity(guard)
        before = list(self.engine.preprocessors)
        self.engine.preprocessors += [guard, integrity]
        token = self.engine.subscribe(integrity.document)
        try:
            return self.lean_scan()
        finally:
            self.engine.unsubscribe(token)
            self.engine.preprocessors[:] = before

    def long_scan(self) -> float:
        """Scan ten thousand points; return the time of the last thousand as a multiple of that of the first.

        Both as multiples of the reference, which is taken every 200 points of them while the scan waits: the machine
        itself goes faster and slower within the minute that lies between.
        """
        from bluesky.plans import scan

        from plans.lean import lean_step

        process = psutil.Process()
        blocks, references, memory = list[float](), list[float](), list[float]()
        ends = [*range(POINTS, THOUSAND + 1, POINTS), *range(MANY - THOUSAND + POINTS, MANY + 1, POINTS)]
        began = 0.0

        def note(_name: str, doc: Any) -> None:
            nonlocal began
            if "counter_exposures" not in doc["data"]:
                return
            if (number := doc["seq_num"]) in ends:
                blocks.append(time.perf_counter() - began)
                references.append(self._reference())
            if number % THOUSAND == 0:
                memory.append(process.memory_info().rss / MB)
            if number % POINTS == 0:
                began = time.perf_counter()

        token = self.engine.subscribe(note, "event")
        per_step: Any = lean_step
        began = time.perf_counter()
        self.engine(scan([self.tree.counter], self.tree.dcm.pitch, -200, 198, MANY, per_step=per_step))
        self.engine.unsubscribe(token)
        self.grown_mb = memory[-1] - memory[0]
        each = [block / reference for block, reference in zip(blocks, references, strict=True)]
        half = len(each) // 2
        return statistics.median(each[half:]) / statistics.median(each[:half])

    def grown(self) -> float:
        """Return by how much (MB) the engine's process grew over the last nine thousand points of the long scan."""
        return self.grown_mb

    def energy_scan(self) -> float:
        """Scan 200 energies, gap and crystals moving at 1000 times their speed."""
        from daq.plan_call import with_roles
        from plans import energy_scan

        plan = with_roles(energy_scan, self.tree)(start=7100.0, stop=7199.5, num=POINTS, dwell_s=0.0, dark_s=0.0)
        return self._timed(plan)[0]

    def readable(self) -> float:
        """Return how long the last scan took from the engine's return until the catalogue had it."""
        return self.readable_s[-1]

    def listed(self) -> float:
        """List the messages of a spectrum of some 300 points, as the plan makes them."""
        began = time.perf_counter()
        list(self._spectrum()("Fe K"))
        return time.perf_counter() - began

    def checked(self) -> float:
        """Check the same plan ahead."""
        from daq.check_plan import check_plan

        plan = self._spectrum()
        began = time.perf_counter()
        seen = check_plan(plan, "Fe K")
        seconds = time.perf_counter() - began
        assert seen.whole
        return seconds

    def _spectrum(self) -> Any:
        from daq.plan_call import with_roles
        from plans import xas

        return with_roles(xas, self.tree)

    def _timed(self, plan: Any) -> tuple[float, str]:
        began = time.perf_counter()
        (uid,) = self.engine(plan)
        return time.perf_counter() - began, uid

    def _readable(self, uid: str) -> None:
        from daq.catalogue import wait_until_readable

        began = time.perf_counter()
        wait_until_readable(self.data, uid)
        self.readable_s.append(time.perf_counter() - began)

    def close(self) -> None:
        """Leave nothing running."""
        from daq.catalogue import stop_catalogue

        for device in self.tree.devices.values():
            device.destroy()
        self.clock.destroy()
        self.simulation.stop()
        stop_catalogue(self.data)
