"""`terasu clock`: let the time of a running simulation stand still, and go on."""

from __future__ import annotations

import argparse

from daq import options, running
from daq.say import say


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("clock", help="pause a running simulation", description=__doc__)
    parser.add_argument(
        "action", choices=("show", "pause", "resume"), nargs="?", default="show", help="(default: show)"
    )
    parser.add_argument(
        "--port", metavar="P", type=options.port, default=0, help="beamline server of the simulation that is meant"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Pause, resume, or only look; say what the clock shows."""
    from ioc_sim.clock_switch import ClockSwitch

    found = running.find(arguments.port)
    clock = ClockSwitch(found["ports"], found["prefixes"])
    if arguments.action == "pause":
        clock.pause()
    elif arguments.action == "resume":
        clock.resume()
    say(f"{found['beamline']}: {clock.state()} at {clock.time_s():.3f} s")
    return 0
