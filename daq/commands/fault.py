"""`terasu fault`: let something go wrong in a running simulation, and end it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from daq import options, running
from daq.errors import UsageError
from daq.say import say

if TYPE_CHECKING:
    from ioc_sim.faults.client import Faults

SHOWN = 30
"""Targets of one fault in the list: any PV can be one of a few."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("fault", help="faults on demand in a running simulation", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|set|clear")
    each = actions.add_parser("list", help="the faults that are set, and those that can be")
    each.set_defaults(run=_list)
    port = {
        "metavar": "P",
        "type": options.port,
        "default": 0,
        "help": "beamline server of the simulation that is meant",
    }
    each.add_argument("--port", **port)
    each = actions.add_parser("set", help="let a fault begin")
    each.add_argument("name", metavar="NAME")
    each.add_argument("target", metavar="TARGET", help="as `terasu fault list` shows them, or a record's name")
    each.add_argument("arguments", metavar="k=v", nargs="*")
    each.add_argument("--port", **port)
    each.set_defaults(run=_set)
    each = actions.add_parser("clear", help="end faults; without a name, all")
    each.add_argument("name", metavar="NAME", nargs="?")
    each.add_argument("target", metavar="TARGET", nargs="?")
    each.add_argument("--port", **port)
    each.set_defaults(run=_clear)


def _list(arguments: argparse.Namespace) -> int:
    from ioc_sim.faults.client import AWAY

    faults = _faults(arguments.port)
    active = faults.active()
    for one in active:
        say(f"set: {_words(one)}")
    if not any(one["name"] in AWAY for one in active):
        for name, targets in faults.possible().items():
            more = f" and {len(targets) - SHOWN} more PVs" if len(targets) > SHOWN else ""
            say(f"{name}: {' '.join(targets[:SHOWN])}{more}")
    return 0


def _set(arguments: argparse.Namespace) -> int:
    given = dict(_value(word) for word in arguments.arguments)
    _faults(arguments.port).set(arguments.name, arguments.target, **given)
    say(f"set: {_words({'name': arguments.name, 'target': arguments.target, 'args': given})}")
    return 0


def _clear(arguments: argparse.Namespace) -> int:
    cleared = _faults(arguments.port).clear(arguments.name, arguments.target)
    shown = [f"{one['name']} {one['target']}" for one in cleared]
    say(f"cleared: {', '.join(shown) or 'nothing was set'}")
    return 0


def _faults(port: int) -> Faults:
    from ioc_sim.faults.client import Faults

    found = running.find(port)
    return Faults(found["ports"], found["prefixes"], found["pids"])


def _value(word: str) -> tuple[str, float | bool]:
    key, _, text = word.partition("=")
    if text in ("true", "false"):
        return key, text == "true"
    try:
        return key, float(text)
    except ValueError:
        raise UsageError(f"{word!r}: key=number, key=true or key=false is expected") from None


def _words(one: dict[str, Any]) -> str:
    from ioc_sim.faults.row import words

    return f"{one['name']} {one['target']} {words(one['args'])}".rstrip()
