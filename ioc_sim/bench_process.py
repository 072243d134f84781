"""A bench's server process."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import AsyncIterator

from beam import bench as facts
from ioc_sim import options as command_line
from ioc_sim import scenario
from ioc_sim.bench import BenchGroup
from ioc_sim.channels import Channels
from ioc_sim.errors import ServerError
from ioc_sim.file_root import file_root
from ioc_sim.memory import Memory
from ioc_sim.process import ServerProcess
from ioc_sim.publishing import published
from ioc_sim.tango_devices.host import shown
from ioc_sim.timing import Timeline


@contextlib.asynccontextmanager
async def bench(options: argparse.Namespace, process: ServerProcess) -> AsyncIterator[Channels]:
    """Make the channels of a bench."""
    if options.sample:
        raise ServerError(f"{options.what} has no beam: --sample {options.sample} cannot be put into it")
    if options.ring_port is not None:
        raise ServerError(f"{options.what} has no beam: it follows no ring (--ring-port {options.ring_port})")
    played, memory = scenario.load(options.scenario), process.memory
    identity = command_line.identity(options, played)
    clock = identity.make_clock()
    if memory:
        memory.set_clock(clock)
    time = Timeline(clock)
    with file_root(options.files, memory) as (files, own):
        group = BenchGroup(facts.load(options.what, options.config), identity, time, files, process)

        def remember(left: Memory) -> None:
            group.remember(left)
            left.files = str(files) if own else ""

        process.pause, process.remember = time.pause, remember
        if memory:
            group.restore(memory)
        if played:
            scenario.play(played, options.scenario, group.faults, None)
        await group.faults.restore(process)
        live = identity.clock == "live"
        async with (
            published(live, time.show),
            scenario.watched(live, group.faults.timetable),
            shown(options.what, group.faces),
        ):
            try:
                yield group.channels
            finally:
                await group.finish()
