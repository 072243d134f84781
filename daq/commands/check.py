"""`terasu check`: is the configuration sound, which devices does it name, who answers at their addresses?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from daq import options, paths
from daq.say import say

if TYPE_CHECKING:
    from beam.bench import Bench

PROBE_TIMEOUT_S = 2.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("check", help="validate the configuration and list devices", description=__doc__)
    parser.add_argument("beamline", metavar="BEAMLINE", nargs="?", help="or a bench; default: all of the facility's")
    parser.add_argument("--offline", action="store_true", help="do not try to connect")
    options.add_config(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Validate, list and probe."""
    from beam import bench, facts

    directory = facts.config_dir(arguments.config)
    facility = facts.load_facility(directory)
    say(f"{directory}: {facility.name}")
    asked = [arguments.beamline] if arguments.beamline else [*facility.beamlines, *facility.benches]
    for name in asked:
        found = bench.load_served(name, directory)
        say(f"{name}: {found.title}; configuration {facts.config_hash(facility, found)} is valid")
        if isinstance(found, bench.Bench):
            _records(found)
        _holders(name)
        _devices(name, directory, probe=not arguments.offline)
    return 0


def _records(bench: Bench) -> None:
    for name, device in bench.devices.items():
        addresses = getattr(device, "tango", []) or [prefix.rstrip(":") for prefix in device.prefixes]
        more = f" … {addresses[-1]}" if addresses[1:] else ""
        needs = "".join(f"; needs {one}" for one in getattr(device, "needs", ()))
        say(f"  {name:<14} {addresses[0]}{more}: {len(addresses)} {device.kind}{needs}")


def _holders(name: str) -> None:
    from daq.lease import current_holder, place
    from ioc_sim import announce

    data = paths.data_dir()
    for token in (None, *(one["token"] for one in announce.running() if one["beamline"] == name)):
        if (holder := current_holder(data, name, token)) is not None:
            say(f"{place(data, name, token).words} is held by {holder.words()}")


def _devices(name: str, directory: Path, probe: bool) -> None:
    import beamlines

    tree = beamlines.load(name, directory)
    if probe:
        tree.unreachable(PROBE_TIMEOUT_S)
    absent = tree.absent()
    for key, addresses in sorted(tree.addresses().items()):
        dead = absent.get(key, [])
        if not probe:
            state = "not probed"
        elif not dead:
            state = "connected"
        elif not addresses or len(dead) >= len(addresses):
            state = "not reachable: plans that need it are refused"
        else:
            state = f"{len(dead)} not reachable: {', '.join(dead[:3])}: plans that need it are refused"
        polled = [one.address for one in getattr(tree.devices[key], "signals", list)() if one.polled_s]
        if polled:
            state += f"; polled, for want of events: {', '.join(dict.fromkeys(polled))}"
        say(f"  {key:<14} {addresses[0] if addresses else '-':<28} {state}")
    for trouble in tree.troubles(address for addresses in absent.values() for address in addresses) if probe else ():
        say(f"  {trouble}")
    for rule in tree.interlocks.rules:
        say(f"  interlock: {rule.says}")
