"""`terasu facts`: every figure of a beamline with its unit, and whether it is sourced, recalled or assumed."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from daq import options
from daq.say import say

if TYPE_CHECKING:
    from beam.figures import Figure

HEAD = ("figure", "value", "unit", "label", "source")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("facts", help="a beamline's figures and where they come from", description=__doc__)
    parser.add_argument("beamline", metavar="BEAMLINE", help="or a bench")
    options.add_config(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON list of them")
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
    if arguments.json:
        say(json.dumps([one._asdict() for one in found], ensure_ascii=False))
        return 0
    # a terminal gets a head, and lines that fit; a file or a pipe gets all of it, a figure a line
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table(found, width):
        say(line)
    number = Counter(one.label for one in found)
    say(f"{len(found)} figures: {', '.join(f'{number[label]} {label}' for label in LABELS if number[label])}")
    return 0


def table(found: Sequence[Figure], width: int | None = None) -> list[str]:
    """Return the figures as lines of columns; with a width, below a head and cut to fit."""
    rows = [(one.key, _shown(one.value), one.unit, one.label, one.citation) for one in found]
    if width is not None:
        rows.insert(0, HEAD)
    # a row of numbers may stand out of its column: it would push all labels off a terminal
    scalars = [row for row in rows if " " not in row[1]]
    key, value, unit, label, _ = (max((len(row[n]) for row in scalars), default=0) for n in range(len(HEAD)))
    lines = [f"{r[0]:<{key}}  {r[1]:>{value}} {r[2]:<{unit}}  {r[3]:<{label}}  {r[4]}".rstrip() for r in rows]
    if width is None:
        return lines
    lines.insert(1, "─" * min(width, max(map(len, lines))))
    return [one if len(one) <= width else f"{one[: width - 1]}…" for one in lines]


def _shown(value: float | tuple[float, ...]) -> str:
    if isinstance(value, tuple):
        return " ".join(_shown(one) for one in value)
    short = f"{value:g}"
    return short if float(short) == value else repr(value)
