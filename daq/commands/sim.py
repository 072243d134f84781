"""`terasu sim`: serve a simulated beamline or bench in the foreground until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import shlex
import signal
import threading
from dataclasses import asdict
from pathlib import Path

from daq import options, paths
from daq.say import say


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("sim", help="serve a simulated beamline or bench", description=__doc__)
    parser.add_argument("beamline", metavar="BEAMLINE", help="or a bench")
    options.add_config(parser)
    options.add_sim(parser, clock="live")
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
    from ioc_sim.launch import Simulation

    chosen = options.sim_options(arguments)
    prefixes = _prefixes(chosen)
    ended = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: ended.set())
    files = arguments.files or paths.simulated_dir(paths.data_dir())
    with (
        claimed(chosen.beamline, [] if arguments.beside else prefixes),
        Simulation(**asdict(chosen), files=files) as simulation,
    ):
        for name, value in simulation.environment.items():
            say(f"export {name}={shlex.quote(value)}")
        say(f"# seed {chosen.seed}, clock {chosen.clock}, time scale {chosen.time_scale:g}")
        say("ready")
        simulation.announce()
        while not ended.wait(0.5):
            simulation.check()
    return 0


def _prefixes(chosen: options.SimOptions) -> list[str]:
    """Return those of all names that will be served, but for a bench's many."""
    from beam import bench, facts

    served = bench.load_served(chosen.beamline, chosen.config)
    own = [served.prefix]
    return own if isinstance(served, bench.Bench) else [*own, facts.load_facility(chosen.config).ring.own_prefix]
