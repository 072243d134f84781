"""The page of every bench: whatever devices its configuration names, with no beam and no roles but detectors."""

from __future__ import annotations

from beam import facts
from beam.bench import Bench
from beamlines.tree import DeviceTree
from devices.bench import build_bench
from devices.counter import Counter
from devices.transport import Transport


class BenchTree(DeviceTree):
    """The devices of a bench, by name: ``general3`` is the third of ``[devices.general]``."""

    facts: Bench

    def __init__(self, facility: facts.Facility, bench: Bench, transport: Transport | None = None) -> None:
        super().__init__(facility, bench, build_bench(bench, transport))
        self.roles["detectors"] = [one for one in self.devices.values() if isinstance(one, Counter)]
