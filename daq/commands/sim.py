"""`terasu sim`: serve simulated beamlines, or a bench, in the foreground until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import shlex
import signal
import threading
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from daq import options, paths
from daq.errors import UsageError
from daq.say import say

if TYPE_CHECKING:
    from ioc_sim.launch import Simulation
    from ioc_sim.shared_ring import SharedRing


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("sim", help="serve simulated beamlines, or a bench", description=__doc__)
    parser.add_argument(
        "beamlines",
        metavar="BEAMLINE",
        nargs="+",
        help="or one bench; several beamlines share one ring, on the live clock",
    )
    options.add_config(parser)
    options.add_sim(parser, clock="live")
    parser.add_argument(
        "--join",
        metavar="PORT",
        nargs="?",
        type=options.port,
        const=0,
        help="on the ring of a simulation that runs; where several do, by the port of the ring's server",
    )
    parser.add_argument(
        "--files",
        metavar="DIR",
        type=Path,
        help="simulated detectors write below this directory (default: `simulated` in the data directory)",
    )
    parser.add_argument(
        "--beside",
        action="store_true",
        help="also where the same names are served already: clients must be told which they mean",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Start the servers, say how to reach them, wait for the end."""
    from ioc_sim.claims import claimed
    from ioc_sim.shared_ring import merged

    each = _chosen(arguments)
    ring = _ring_to_join(arguments)
    ended = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: ended.set())
    with ExitStack() as stack:
        if not arguments.beside:
            stack.enter_context(claimed(" ".join(arguments.beamlines), _prefixes(each, joined=ring is not None)))
        files = arguments.files or paths.simulated_dir(paths.data_dir())
        simulations = _begun(each, ring, files, stack)
        for one in simulations:
            one.wait_until_ready()
        for name, value in merged(one.environment for one in simulations).items():
            say(f"export {name}={shlex.quote(value)}")
        for one in simulations:
            whose = f"{one.beamline}: " if len(simulations) > 1 else ""
            say(f"# {whose}seed {one.seed}, clock {arguments.clock}, time scale {one.time_scale:g}")
        if ring:
            say(f"# on the ring that runs on port {ring.port}, and as long as that does")
        say("ready")
        for one in simulations:
            one.announce()
        while not ended.wait(0.5):
            for one in simulations:
                one.check()
    return 0


def _chosen(arguments: argparse.Namespace) -> list[options.SimOptions]:
    """Return the options of each; the seed of each further beamline is one higher than that of the one before."""
    names: list[str] = arguments.beamlines
    if len(set(names)) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise UsageError(f"terasu sim {' '.join(names)}: {twice} is given twice")
    shares = len(names) > 1 or arguments.join is not None
    if shares and arguments.clock != "live":
        raise UsageError(f"--clock {arguments.clock}: beamlines that share a ring keep the live clock")
    if shares and arguments.scenario:
        raise UsageError(
            "--scenario: is played in one beamline with a ring of its own; here, `terasu fault set` will do"
        )
    if len(names) > 1 and arguments.sample:
        raise UsageError(f"--sample {arguments.sample}: give one beamline, and others a `terasu sim … --join` each")
    if arguments.join is not None and arguments.time_scale != 1.0:
        raise UsageError(f"--time-scale {arguments.time_scale:g}: with --join, the ring that runs has one already")
    first = options.sim_options(argparse.Namespace(**vars(arguments), beamline=names[0]))
    return [
        # ports: beamline, ring, further beamlines
        replace(first, beamline=name, seed=(first.seed + n) % 2**31, port=first.port and first.port + n + bool(n))
        for n, name in enumerate(names)
    ]


def _begun(each: list[options.SimOptions], ring: SharedRing | None, files: Path, stack: ExitStack) -> list[Simulation]:
    """Start all of them, the first with a ring if none runs; ended with the stack, the first at last."""
    from ioc_sim.launch import Simulation

    begun: list[Simulation] = []
    for chosen in each:
        one = Simulation(**asdict(chosen), files=files, ring=ring)
        stack.callback(one.stop)
        one.begin()
        begun.append(one)
        if chosen is not each[-1]:
            ring = one.shared_ring
    return begun


def _ring_to_join(arguments: argparse.Namespace) -> SharedRing | None:
    from beam import facts
    from ioc_sim import shared_ring

    if arguments.join is None:
        return None
    return shared_ring.find(facts.load_facility(arguments.config).ring, arguments.join)


def _prefixes(each: list[options.SimOptions], *, joined: bool) -> list[str]:
    """Return those of all names that will be served, but for a bench's many."""
    from beam import bench, facts

    served = [bench.load_served(one.beamline, one.config) for one in each]
    found = [one.prefix for one in served]
    if joined or isinstance(served[0], bench.Bench):
        return found
    return [*found, facts.load_facility(each[0].config).ring.own_prefix]
