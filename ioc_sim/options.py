"""The command line of a server process."""

from __future__ import annotations

import argparse
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ioc_sim.identity import CLOCKS, FASTEST, SLOWEST, Identity

if TYPE_CHECKING:
    from beam.scenario import Scenario

RING = "ring"


def _scale(text: str) -> float:
    try:
        return time_scale(float(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def time_scale(value: float) -> float:
    """Return a time scale that makes sense; ValueError, with what is allowed, for others."""
    if not SLOWEST <= value <= FASTEST:
        raise ValueError(f"time scale {value:g}: {SLOWEST:g} … {FASTEST:g} is allowed")
    return value


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"{text}: a port is 0 … 65535 (0: any free one)")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 1 << 31:
        raise argparse.ArgumentTypeError(f"{text}: a seed is 0 … {(1 << 31) - 1}")
    return value


def _descriptors(text: str) -> tuple[int, int]:
    tcp, udp = (int(part) for part in text.split(","))
    return tcp, udp


def parser() -> argparse.ArgumentParser:
    """Return the parser of ``python -m ioc_sim.serve``."""
    new = argparse.ArgumentParser(
        prog="python -m ioc_sim.serve",
        description="Serve the storage ring, one beamline or one bench over Channel Access on loopback.",
    )
    new.add_argument("what", metavar=f"{{{RING}|BEAMLINE|BENCH}}", help="the ring, or one of the facility's")
    new.add_argument("--config", metavar="DIR", help="configuration directory")
    new.add_argument("--clock", choices=CLOCKS, default="experiment")
    new.add_argument("--time-scale", type=_scale, default=1.0, help="device seconds per second of wall time")
    new.add_argument("--seed", type=_seed, default=0)
    new.add_argument("--epoch", type=float, help="POSIX time at which the live clock is 0 (default: now)")
    new.add_argument("--port", type=_port, default=0, help="TCP and UDP port; 0 takes a free one")
    new.add_argument(
        "--sockets",
        type=_descriptors,
        metavar="TCP,UDP",
        help="file descriptors of sockets that the parent bound, instead of --port",
    )
    new.add_argument("--ring-port", type=_port, help="port of the ring's server that a beamline's server follows")
    new.add_argument("--ring-seed", type=_seed, help="seed of that ring, where it is another than --seed")
    new.add_argument("--sample", help="what is in the beam: a name, a file.xdi, a formula and thickness, or none")
    new.add_argument(
        "--files",
        metavar="DIR",
        type=Path,
        help="simulated detectors write below this directory (default: a new one, removed at the end)",
    )
    new.add_argument("--token", help="by which a client recognises its own servers (default: random)")
    new.add_argument("--order", choices=("ordered", "shuffled"), default="ordered")
    new.add_argument("--scenario", metavar="FILE", help="what goes wrong, and when")
    new.add_argument(
        "--restore", type=int, metavar="FD", help="file descriptor of what a server left that gave way to this one"
    )
    return new


def read(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; token and epoch are drawn where none are given."""
    given = parser().parse_args(arguments)
    given.token = given.token or secrets.token_hex(8)
    given.epoch = time.time() if given.epoch is None else given.epoch
    return given


def words(given: argparse.Namespace) -> list[str]:
    """Return the command line of a server like this one, but for its sockets."""
    kept = (
        *("config", "clock", "time_scale", "seed", "epoch", "ring_port", "ring_seed"),
        *("sample", "files", "token", "order", "scenario"),
    )
    values = {name: getattr(given, name) for name in kept}
    return [given.what, *(f"--{n.replace('_', '-')}={value}" for n, value in values.items() if value is not None)]


def identity(options: argparse.Namespace, scenario: Scenario | None = None) -> Identity:
    """Return what the options say about clock, seed and token."""
    return Identity(
        clock=options.clock,
        time_scale=options.time_scale,
        seed=options.seed,
        scenario=scenario.title if scenario else "",
        epoch=options.epoch,
        token=options.token,
    )
