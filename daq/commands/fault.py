"""`terasu fault`: let something go wrong in a running simulation, and end it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from daq import options
from daq.commands.sim import say
from daq.errors import UsageError

if TYPE_CHECKING:
    from ioc_sim.faults.client import Faults


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
    faults = _faults(arguments.port)
    for one in faults.active():
        say(f"set: {one['name']} {one['target']} {_words(one['args'])}".rstrip())
    for name, targets in faults.possible().items():
        say(f"{name}: {' '.join(targets)}")
    return 0


def _set(arguments: argparse.Namespace) -> int:
    given = dict(_number(word) for word in arguments.arguments)
    _faults(arguments.port).set(arguments.name, arguments.target, **given)
    say(f"set: {arguments.name} {arguments.target} {_words(given)}".rstrip())
    return 0


def _clear(arguments: argparse.Namespace) -> int:
    faults = _faults(arguments.port)
    before = faults.active()
    faults.clear(arguments.name, arguments.target)
    after = faults.active()
    cleared = [f"{one['name']} {one['target']}" for one in before if one not in after]
    say(f"cleared: {', '.join(cleared) or 'nothing was set'}")
    return 0


def _faults(port: int) -> Faults:
    from ioc_sim import announce
    from ioc_sim.faults.client import Faults

    found = [one for one in announce.running() if port in (0, one["ports"]["beamline"])]
    if not found:
        raise UsageError(
            f"no simulation runs{f' on port {port}' if port else ''}: start one with `terasu sim BEAMLINE`"
        )
    if len(found) > 1:
        known = ", ".join(f"{one['beamline']} on {one['ports']['beamline']}" for one in found)
        raise UsageError(f"several simulations run ({known}): say which with --port")
    return Faults(found[0]["ports"], found[0]["prefixes"])


def _number(word: str) -> tuple[str, float]:
    key, _, text = word.partition("=")
    try:
        return key, float(text)
    except ValueError:
        raise UsageError(f"{word!r}: key=number is expected") from None


def _words(values: dict[str, float]) -> str:
    return " ".join(f"{key}={value:g}" for key, value in values.items())
