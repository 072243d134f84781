"""What the groups of one beamline server share: its Line, its time, and the moment of an exposure."""

from __future__ import annotations

import asyncio
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from beam.facts import Beamline
from beam.line_base import Exposure, LineBase
from ioc_sim.timing import Timeline

Exposed = Callable[[Exposure], None]
UnderWay = Callable[[], float]


@dataclass
class Station:
    """One beamline behind one server."""

    facts: Beamline
    line: LineBase
    time: Timeline
    on_exposure: list[Exposed] = field(default_factory=list)
    under_way: list[UnderWay] = field(default_factory=list)
    """Tell of each counter how many seconds it still adds to the clock, for an exposure that it is making."""
    files: Path = field(default_factory=lambda: Path(tempfile.gettempdir()))
    """Detectors write below this directory only."""
    last_exposure: float = -math.inf
    """When a counter last ended one, in the event loop's time."""

    async def expose(self, scaler: str, dwell_s: float) -> Exposure:
        """Count for device `dwell_s` seconds that have been waited for already, at the ring's state of that time."""
        await self.time.foretell(dwell_s)
        exposure = self.line.expose(scaler, dwell_s)
        for listener in self.on_exposure:
            listener(exposure)
        await self.time.follow()
        self.last_exposure = asyncio.get_running_loop().time()
        return exposure

    def ahead_s(self) -> float:
        """Return how far the exposures that counters are making will bring the clock."""
        return math.fsum(counter() for counter in self.under_way)

    async def advance_beside(self, seconds: float, began: float) -> None:
        """Let an exposure that `began` (event loop's time) take its time: none where a counter counted meanwhile.

        Detectors that count side by side would otherwise each add their time, and what a counter counts would depend
        on which of them ended first.
        """
        if self.ahead_s() > 0 or self.last_exposure >= began:
            await self.time.follow()
        else:
            await self.time.advance(seconds)
