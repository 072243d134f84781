"""What the groups of one beamline server share: its Line, its time, and the moment of an exposure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from beam.facts import Beamline
from beam.line import Exposure, Line
from ioc_sim.timing import Timeline

Exposed = Callable[[Exposure], None]


@dataclass
class Station:
    """One beamline behind one server."""

    facts: Beamline
    line: Line
    time: Timeline
    on_exposure: list[Exposed] = field(default_factory=list)

    async def expose(self, scaler: str, dwell_s: float) -> Exposure:
        """Count for device `dwell_s` seconds that have been waited for already, at the ring's state of that time."""
        await self.time.foretell(dwell_s)
        exposure = self.line.expose(scaler, dwell_s)
        for listener in self.on_exposure:
            listener(exposure)
        await self.time.follow()
        return exposure
