"""`terasu tango`: the devices of a beamline, whatever each of them speaks, as one Tango server."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from daq import options
from daq.errors import UsageError
from daq.say import remark, say

if TYPE_CHECKING:
    from daq.tango_export.database import Where

REGISTER = "register"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "tango",
        help="serve the devices of a beamline as Tango devices",
        description=__doc__,
        usage="terasu tango [register] BEAMLINE [options]",
    )
    parser.add_argument(
        "words",
        metavar="[register] BEAMLINE",
        nargs="+",
        help="a beamline or a bench; `register` shows what the database TANGO_HOST lacks, and adds it",
    )
    parser.add_argument("--allow-write", action="store_true", help="let clients move, set and start what they see")
    parser.add_argument("--nodb", action="store_true", help="without a database: clients give host and port")
    parser.add_argument(
        "--bind",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="where devices and events are served (default: 127.0.0.1, this machine only)",
    )
    parser.add_argument("--yes", action="store_true", help="register without asking")
    parser.add_argument("--sim", action="store_true", help="start the simulated servers, too")
    options.add_allow_simulated(parser)
    options.add_config(parser)
    options.add_data(parser)
    options.add_sim(parser, clock="live")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM, or register."""
    *action, arguments.beamline = arguments.words
    if action not in ([], [REGISTER]):
        raise UsageError(f"terasu tango {' '.join(arguments.words)}: give one beamline, or `register` and one beamline")
    return _register(arguments) if action else _serve(arguments)


def _serve(arguments: argparse.Namespace) -> int:
    from daq.tango_export.standing import open_standing

    with open_standing(
        arguments.beamline,
        simulate=options.sim_options(arguments) if arguments.sim else None,
        config=arguments.config,
        data=arguments.data,
        allow_simulated=arguments.allow_simulated,
        say=remark,
    ) as standing:
        from daq.tango_export.rights import rights_of
        from daq.tango_export.server import serve

        where = _where(arguments, standing.simulation)
        rights = rights_of(arguments.allow_write, standing.may_move)
        with serve(standing, rights=rights, where=where) as server:
            ended = threading.Event()
            for one in (signal.SIGINT, signal.SIGTERM):
                signal.signal(one, lambda *_: ended.set())
            if not arguments.nodb:
                say(f"export TANGO_HOST={server.host}")
            for name in server.devices:
                say(server.address(name) if arguments.nodb else name)
            say("ready")
            server.wait(ended)
    return 0


def _where(arguments: argparse.Namespace, simulation: Any) -> Where:
    from daq.tango_export.database import Embedded, Existing, NoDatabase

    if arguments.nodb:
        return NoDatabase(bind=arguments.bind)
    if os.environ.get("TANGO_HOST"):
        # a simulation's own forgets everything at its end
        return Existing(register=simulation is not None and "tango" in simulation.ports, bind=arguments.bind)
    return Embedded(bind=arguments.bind)


def _register(arguments: argparse.Namespace) -> int:
    import beamlines
    from daq.tango_export.database import connect
    from daq.tango_export.names import classes
    from daq.tango_export.registration import changes, register
    from daq.tango_export.server import SERVER

    server = f"{SERVER}/{arguments.beamline}"
    tree = beamlines.load(arguments.beamline, arguments.config)
    try:
        wanted = classes(tree)
    finally:
        for device in tree.devices.values():
            device.destroy()
    database = connect()
    found = changes(database, server, wanted)
    for one in found:
        say(str(one))
    if not found:
        say(f"{server}: all {len(wanted)} devices are registered")
        return 0
    if not arguments.yes and not _confirmed(len(found)):
        return 3
    register(database, server, found)
    say(f"{server}: {len(wanted)} devices are registered now")
    return 0


def _confirmed(number: int) -> bool:
    if not sys.stdin.isatty():
        remark("nothing was changed: --yes carries it out")
        return False
    return input(f"carry out {number} changes? [y/N] ").strip().lower().startswith("y")
