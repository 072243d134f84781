"""A Tango axis in a scan: Bluesky over change events, and the loop one would write with DeviceProxy alone."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from benchmarks.reference import POINTS

DEVICE = "bl09u/dcm/pitch"
SPAN = 199.0
STEP_S = 0.01
"""Time that a step takes the axis: a short one, so that what is measured is not the motion."""


class TangoScan:
    """The servers of an axis on Tango, a run engine, and a proxy."""

    def __init__(self, directory: Path) -> None:
        import tango
        from bluesky.run_engine import RunEngine

        from beam import facts
        from devices.motor import MotorAxis
        from ioc_sim.launch import Simulation

        config = directory / "tango"
        config.mkdir()
        (config / "facility.toml").write_text(f'extends = "{facts.config_dir()}"\n')
        velocity = 1.0 / STEP_S
        (config / "bl09u.toml").write_text(
            f'[devices.dcm.pitch]\ntango = "{DEVICE}"\nvelocity_urad_per_s = {velocity}\nacceleration_s = 0.0\n'
        )
        self.simulation = Simulation("bl09u", config=config, seed=1, sample="none")
        self.simulation.start()
        os.environ["TANGO_HOST"] = self.simulation.environment["TANGO_HOST"]
        self.axis = MotorAxis(facts.load("bl09u", config)[1].devices["dcm"].pitch, name="pitch")  # type: ignore
        self.axis.wait_for_connection(timeout=20.0)
        self.proxy: Any = tango.DeviceProxy(DEVICE)
        self._moving = tango.DevState.MOVING
        self.engine = RunEngine({}, context_managers=[])

    def raw(self) -> float:
        """Write, ask for the state until it is no longer MOVING, read; return seconds for all points."""
        self._begin()
        began = time.perf_counter()
        for number in range(POINTS):
            self.proxy.write_attribute("Position", float(number))
            while self.proxy.state() == self._moving:
                pass
            self.proxy.read_attribute("Position")
        return time.perf_counter() - began

    def scan(self) -> float:
        """Scan the same points with the lean inner loop."""
        from bluesky.plans import scan

        from plans.lean import lean_step

        self._begin()
        began = time.perf_counter()
        step: Any = lean_step
        self.engine(scan([self.axis], self.axis, 0.0, SPAN, POINTS, per_step=step))
        return time.perf_counter() - began

    def _begin(self) -> None:
        self.axis.set(0.0).wait(20.0)

    def close(self) -> None:
        """End it."""
        self.axis.destroy()
        self.simulation.stop()
