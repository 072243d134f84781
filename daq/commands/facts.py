"""`terasu facts`: every figure of a beamline with its unit, and whether it is sourced, recalled or assumed."""

from __future__ import annotations

import argparse
from collections import Counter

from daq import options
from daq.say import say


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("facts", help="a beamline's figures and where they come from", description=__doc__)
    parser.add_argument("beamline", metavar="BEAMLINE", help="or a bench")
    options.add_config(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the ring's figures and the beamline's, and how many there are of each label."""
    from beam import bench, facts
    from beam.figures import LABELS, figures

    directory = facts.config_dir(arguments.config)
    served = bench.load_served(arguments.beamline, directory)
    found = figures(served)
    if not isinstance(served, bench.Bench):
        found = [*figures(facts.load_facility(directory).ring, "ring"), *found]
    width = max((len(one.key) for one in found), default=0)
    for one in found:
        say(f"{one.key:<{width}}  {_shown(one.value):>12} {one.unit:<8}  {one.label:<10}  {one.citation}".rstrip())
    number = Counter(one.label for one in found)
    say(f"{len(found)} figures: {', '.join(f'{number[label]} {label}' for label in LABELS if number[label])}")
    return 0


def _shown(value: float | tuple[float, ...]) -> str:
    if isinstance(value, tuple):
        return " ".join(_shown(one) for one in value)
    short = f"{value:g}"
    return short if float(short) == value else repr(value)
