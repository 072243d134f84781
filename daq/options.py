"""Command-line options that several commands share."""

from __future__ import annotations

import argparse
import math
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SimOptions:
    """How a simulation is started."""

    beamline: str
    config: Path | None = None
    clock: str = "experiment"
    time_scale: float = 1.0
    seed: int = 0
    sample: str | None = None
    port: int = 0
    scenario: Path | None = None


def time_scale(text: str) -> float:
    """Parse a time scale: how many times faster than the hardware would be."""
    from ioc_sim.identity import FASTEST, SLOWEST

    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not SLOWEST <= value <= FASTEST:
        raise argparse.ArgumentTypeError(f"{text!r}: a time scale is a number from {SLOWEST:g} to {FASTEST:g}")
    return value


def port(text: str) -> int:
    """Parse a port number; 0 means any free one."""
    if not text.isdecimal() or not (int(text) == 0 or 1024 <= int(text) <= 65534):
        raise argparse.ArgumentTypeError(f"{text!r}: a port is a number from 1024 to 65534, or 0 for a free one")
    return int(text)


def seed(text: str) -> int:
    """Parse a seed: a non-negative whole number below 2**31."""
    if not text.isdecimal() or int(text) >= 2**31:
        raise argparse.ArgumentTypeError(f"{text!r}: a seed is a whole number from 0 to {2**31 - 1}")
    return int(text)


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where the configuration lies."""
    parser.add_argument(
        "--config",
        metavar="DIR",
        type=Path,
        help="configuration directory (default: TERASU_CONFIG, then ./config)",
    )


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where data are kept."""
    parser.add_argument("--data", metavar="DIR", type=Path, help="data directory (default: TERASU_DATA)")


def add_allow_simulated(parser: argparse.ArgumentParser) -> None:
    """Add the option that lets a session take others' simulated servers for the beamline."""
    parser.add_argument(
        "--allow-simulated",
        action="store_true",
        help="take simulated servers for the beamline that somebody else started",
    )


def add_take(parser: argparse.ArgumentParser) -> None:
    """Add the option that takes a station from another engine."""
    parser.add_argument(
        "--take",
        action="store_true",
        help="for experts: take the station over from whoever holds it; what runs there is aborted, and it is logged",
    )


def add_tango(parser: argparse.ArgumentParser) -> None:
    """Add the option that exports a session's devices and its engine."""
    parser.add_argument(
        "--tango",
        choices=("read", "write"),
        help="serve the devices and the run engine over Tango, too, as `terasu tango` does",
    )


def proposal(text: str) -> str:
    """Check the name of a proposal, which becomes that of a directory."""
    from daq.errors import UsageError
    from daq.export.placing import check_proposal

    try:
        return check_proposal(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_proposal(parser: argparse.ArgumentParser) -> None:
    """Add the option that says to which proposal the runs belong."""
    parser.add_argument("--proposal", metavar="ID", type=proposal, help="the proposal that the runs belong to")


def add_sim(parser: argparse.ArgumentParser, clock: str) -> None:
    """Add the options of a simulation, with `clock` as the default clock."""
    parser.add_argument(
        "--clock",
        choices=("experiment", "live"),
        default=clock,
        help=f"the slow physics' clock (default: {clock})",
    )
    parser.add_argument(
        "--time-scale",
        metavar="F",
        type=time_scale,
        default=1.0,
        help="times faster than the hardware (default: 1)",
    )
    parser.add_argument("--seed", metavar="N", type=seed, help="seed of all noise (default: a random one, printed)")
    parser.add_argument(
        "--sample",
        metavar="NAME|FILE.xdi|FORMULA",
        help='what is in the beam: a name from config/samples, a measured spectrum, "Fe 7um", or none',
    )
    parser.add_argument(
        "--port",
        metavar="P",
        type=port,
        default=0,
        help="beamline server on P, ring server on P+1 (default: free ports)",
    )
    parser.add_argument(
        "--scenario", metavar="FILE.toml", type=Path, help="what goes wrong, and when (see config/scenarios)"
    )


def sim_options(arguments: argparse.Namespace) -> SimOptions:
    """Collect what was given on the command line; a seed that was not given is drawn."""
    return SimOptions(
        beamline=arguments.beamline,
        config=arguments.config,
        clock=arguments.clock,
        time_scale=arguments.time_scale,
        seed=secrets.randbelow(2**31) if arguments.seed is None else arguments.seed,
        sample=arguments.sample,
        port=arguments.port,
        scenario=arguments.scenario,
    )
