"""The ring's server process."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import AsyncIterator

from beam import facts
from ioc_sim import options as command_line
from ioc_sim.channels import Channels
from ioc_sim.faults.group import FaultGroup
from ioc_sim.groups.ring import RingGroup
from ioc_sim.publishing import published
from ioc_sim.tango_devices.host import shown
from ioc_sim.tango_devices.ring import face as ring_face


@contextlib.asynccontextmanager
async def ring(options: argparse.Namespace) -> AsyncIterator[Channels]:
    """Make the channels of the storage ring and keep them up to date."""
    identity = command_line.identity(options)
    ring_facts = facts.load_facility(options.config).ring
    group = RingGroup(ring_facts, identity)
    faces = [ring_face(ring_facts, group)] if ring_facts.tango else []
    async with published(identity.clock == "live", group.show), shown("ring", faces):
        yield {**group.channels, **FaultGroup(group.simulation.prefix, {"ring": group}).channels}
