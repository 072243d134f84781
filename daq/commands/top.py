"""`terasu top`: a station at a glance: ring, source, energy, shutters, detectors, motion, lease, queue, last runs."""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daq import options, paths
from daq.errors import SUCCESS, UsageError

if TYPE_CHECKING:
    from daq.bring_up import Station
    from daq.top.picture import Scene
    from daq.top.queue_watch import QueueWatch

LOOK_S = 0.25
RUNS = 5
READY_S = 5.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("top", help="watch a station", description=__doc__)
    parser.add_argument("beamline", metavar="BEAMLINE")
    parser.add_argument("--once", action="store_true", help="print what is to be seen now, as text, and end")
    parser.add_argument(
        "--port", metavar="P", type=options.port, default=0, help="beamline server of the simulation that is meant"
    )
    parser.add_argument("--real", action="store_true", help="the beamline itself, though a simulation of it runs here")
    options.add_config(parser)
    options.add_data(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Look, until told to end."""
    from beam.bench import load_station

    load_station(arguments.beamline, arguments.config)
    _find_servers(arguments.beamline, arguments.port, real=arguments.real)
    data = paths.data_dir(arguments.data)
    from daq.bring_up import bring_up
    from daq.holding import looking_only
    from daq.top.queue_watch import QueueWatch

    with (
        QueueWatch(arguments.beamline, data) as queue,
        bring_up(arguments.beamline, config=arguments.config, data_dir=data) as station,
        looking_only(),
    ):
        if arguments.once:
            from rich.console import Console

            queue.ready.wait(READY_S)
            console = Console()
            console.print(_picture(station, queue, data, console.width, None))
        else:
            _watch(station, queue, data)
    return SUCCESS


def _find_servers(beamline: str, port: int, *, real: bool) -> None:
    """Let the control layer seek the servers of the simulation that runs here, if one does and none was named."""
    from ioc_sim import announce
    from ioc_sim.identity import TOKEN_VARIABLE

    known = [one for one in announce.running() if one["beamline"] == beamline]
    if port:
        known = [one for one in known if one["ports"]["beamline"] == port]
        if not known:
            raise UsageError(f"no simulation of {beamline} runs on port {port}")
    elif real or TOKEN_VARIABLE in os.environ:
        return
    if len(known) > 1:
        ports = ", ".join(str(one["ports"]["beamline"]) for one in known)
        raise UsageError(f"several simulations of {beamline} run, on the ports {ports}: say which with --port")
    for one in known:
        os.environ.update(one["environment"])


def _watch(station: Station, queue: QueueWatch, data: Path) -> None:
    from rich.console import Console
    from rich.live import Live

    from daq.top.keyboard import keyboard

    console = Console()
    with keyboard() as key, Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            width, height = shutil.get_terminal_size()
            live.update(_picture(station, queue, data, width, height), refresh=True)
            if key(LOOK_S) in ("q", "Q", "\x04"):
                return


def _picture(station: Station, queue: QueueWatch, data: Path, width: int, height: int | None) -> Any:
    from daq.top.picture import picture

    return picture(_scene(station, queue, data), width, height)


def _scene(station: Station, queue: QueueWatch, data: Path) -> Scene:
    from daq.lease import current_holder
    from daq.top.picture import Scene
    from daq.top.recent import recent
    from daq.top.sight import look

    clock = station.clock
    how = f"simulated, seed {clock.seed}, {clock.mode} clock × {clock.time_scale:g}" if clock.simulated else "real"
    holder = current_holder(data, station.name, station.token)
    held = "nobody holds it" if holder is None else f"held by {holder.words()}"
    return Scene(
        title=f"{station.facts.title} ({how})",
        sight=look(station.tree),
        lease=held,
        status=queue.status,
        running=queue.running,
        items=queue.items,
        standing=queue.standing,
        runs=recent(paths.journal_dir(data), station.name, RUNS),
    )
