"""A beamline's server process."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator

from beam import facts
from beam.line_base import LineBase
from beam.lines import line_for, sample_for
from beam.ring import RingModel, events_from_json
from ioc_sim import options as command_line
from ioc_sim import scenario
from ioc_sim.beamline import BeamlineGroup
from ioc_sim.channels import Channels
from ioc_sim.file_root import file_root
from ioc_sim.line_state import set_state
from ioc_sim.memory import Memory
from ioc_sim.process import ServerProcess
from ioc_sim.publishing import published
from ioc_sim.ring_link import RingLink
from ioc_sim.station import Station
from ioc_sim.tango_devices.host import shown
from ioc_sim.timing import Timeline


@contextlib.asynccontextmanager
async def beamline(options: argparse.Namespace, process: ServerProcess) -> AsyncIterator[Channels]:
    """Make the channels of a beamline; follow the ring's server if its port is given."""
    directory = facts.config_dir(options.config)
    facility, beamline_facts = facts.load(options.what, directory)

    played, memory = scenario.load(options.scenario), process.memory
    identity = command_line.identity(options, played)
    clock = identity.make_clock()
    if memory:
        memory.set_clock(clock)
    time = Timeline(clock)
    asked = memory.world["sample"] if memory else options.sample or beamline_facts.default_sample
    load = functools.partial(sample_for, beamline_facts, directory=directory, seed=identity.seed)

    def build() -> LineBase:
        line = line_for(facility, beamline_facts, asked, directory, seed=identity.seed, clock=clock)
        if memory:
            set_state(line, memory.world["line"])
        return line

    async with contextlib.AsyncExitStack() as stack:
        link = None
        if options.ring_port is None:
            line = build()
        else:
            link = RingLink(options.ring_port, f"{facility.ring.own_prefix}SIM:", clock)
            stack.push_async_callback(link.stop)
            # in a thread: meanwhile the ring's server is found, or not
            line, _ = await asyncio.gather(asyncio.to_thread(build), link.start())
            ring_seed = identity.seed if options.ring_seed is None else options.ring_seed
            link.pass_on(lambda text: _take_events(line, ring_seed, text), time.pause.switch)
            time.follower = link.tell
        files, own = stack.enter_context(file_root(options.files, memory))
        station = Station(beamline_facts, line, time, files=files)
        group = BeamlineGroup(identity, station, asked, load, process=process, on_pause=link and link.pause)
        stack.push_async_callback(group.finish)

        def remember(left: Memory) -> None:
            group.remember(left)
            left.files = str(files) if own else ""

        process.pause, process.remember = time.pause, remember
        if memory:
            group.restore(memory)
        if played:
            scenario.play(played, options.scenario, group.faults, link and link.set_fault)
        await group.faults.restore(process)
        await time.follow()
        live = identity.clock == "live"
        await stack.enter_async_context(published(live, time.show))
        await stack.enter_async_context(scenario.watched(live, group.faults.timetable))
        await stack.enter_async_context(shown(options.what, group.faces))
        yield group.channels


def _take_events(line: LineBase, seed: int, text: str) -> None:
    line.ring = RingModel(line.facility.ring, seed, events_from_json(text))
