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


@contextlib.asynccontextmanager
async def ring(options: argparse.Namespace) -> AsyncIterator[Channels]:
    """Make the channels of the storage ring and keep them up to date."""
    identity = command_line.identity(options)
    group = RingGroup(facts.load_facility(options.config).ring, identity)
    async with published(identity.clock == "live", group.show):
        yield {**group.channels, **FaultGroup(group.simulation.prefix, {"ring": group}).channels}
