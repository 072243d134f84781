"""The ring's server process."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import AsyncIterator

from beam import facts
from ioc_sim import options as command_line
from ioc_sim import scenario
from ioc_sim.channels import Channels
from ioc_sim.faults import targets
from ioc_sim.faults.group import FaultGroup
from ioc_sim.faults.timetable import Moments
from ioc_sim.groups.ring import RingGroup
from ioc_sim.memory import Memory
from ioc_sim.process import ServerProcess
from ioc_sim.publishing import published
from ioc_sim.tango_devices.host import shown
from ioc_sim.tango_devices.ring import face as ring_face


@contextlib.asynccontextmanager
async def ring(options: argparse.Namespace, process: ServerProcess) -> AsyncIterator[Channels]:
    """Make the channels of the storage ring and keep them up to date."""
    played = scenario.load(options.scenario)
    identity = command_line.identity(options, played)
    ring_facts = facts.load_facility(options.config).ring
    group = RingGroup(ring_facts, identity, process.memory)
    faces = [ring_face(ring_facts, group)] if ring_facts.tango else []

    def backdate(moment: float | None) -> None:
        group.moment = moment

    befallen = {"ring": group} | targets.channels(group.channels)
    faults = FaultGroup(group.simulation.prefix, befallen, Moments(group.clock, backdate=backdate), process)
    group.due.append(faults.timetable.passed)

    def remember(memory: Memory) -> None:
        group.remember(memory)
        faults.remember(memory)

    process.pause, process.remember = group.pause, remember
    if played:
        scenario.play_in_ring(played, options.scenario, faults)
    await faults.restore(process)
    async with (
        published(identity.clock == "live", group.show),
        scenario.watched(identity.clock == "live", faults.timetable),
        shown("ring", faces),
    ):
        yield {**group.channels, **faults.channels}
