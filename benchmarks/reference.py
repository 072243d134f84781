"""The reference R: Bluesky alone, simulated devices in the same process, no callbacks."""

from __future__ import annotations

import time

from bluesky.plans import scan
from bluesky.run_engine import RunEngine
from ophyd.sim import SynAxis, SynGauss

POINTS = 200


class Reference:
    """`bp.scan([det], motor, 0, 1, 200)`."""

    def __init__(self) -> None:
        self.engine = RunEngine({}, context_managers=[])
        self.motor = SynAxis(name="motor", labels={"motors"})
        self.detector = SynGauss("det", self.motor, "motor", center=0, Imax=1, sigma=1, labels={"detectors"})

    def __call__(self) -> float:
        """Run it once; return seconds."""
        began = time.perf_counter()
        self.engine(scan([self.detector], self.motor, 0, 1, POINTS))
        return time.perf_counter() - began
