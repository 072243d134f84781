"""A ring server that several beamlines follow: what a simulation has to know of one that another simulation started.

All beamlines of one ring keep its live clock and answer with its token; each has a seed, and so a noise, of its own.
What the ring is like, it says itself over the wire; the announcement of the simulation that started it adds what no
server knows of: the repeater, the Tango database, the process to watch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from beam import facts
from ioc_sim import announce
from ioc_sim.errors import ServerError

LIVE = "live"


@dataclass(frozen=True)
class SharedRing:
    """One running ring.

    Parameters
    ----------
    port : int
        Its server's.
    prefix : str
        Of its PVs, such as ``SR:``.
    token : str
        What ``SIM:Token`` of all servers on it returns.
    seed : int
        Of its top-up.
    time_scale, epoch : float
        Of the live clock.
    repeater, tango, pid : int
        Ports of the repeater and of the Tango database, and its server's process; 0 where nobody said.
    """

    port: int
    prefix: str
    token: str
    seed: int
    time_scale: float
    epoch: float
    repeater: int = 0
    tango: int = 0
    pid: int = 0


def ask(port: int, prefix: str) -> SharedRing:
    """Ask a ring's server what the beamlines on it have to keep to.

    Raises
    ------
    ServerError
        Nobody answers there, it is no such ring, it keeps the experiment clock, or its time stands still.
    """
    from ioc_sim.faults.wire import TextClient  # the protocol takes a while to import, and few need it

    own = f"{prefix}SIM:"
    with TextClient(port) as client:
        mode, scale = client.string(f"{own}ClockMode"), float(client.string(f"{own}TimeScale"))
        if mode != LIVE:
            raise ServerError(f"the ring on port {port} keeps the {mode} clock: beamlines share a ring on the live one")
        if client.string(f"{own}Pause") != "Running":
            raise ServerError(f"the time of the ring on port {port} stands still: `terasu clock resume` first")
        now_s, at = client.stamped(f"{own}Time")
        token, seed = client.string(f"{own}Token"), int(client.string(f"{own}Seed"))
    return SharedRing(port, prefix, token, seed, scale, at - now_s / scale)


def find(ring: facts.Ring, port: int = 0) -> SharedRing:
    """Return the ring that runs, or the one whose server, or a beamline's server on it, is on `port`.

    Raises
    ------
    ServerError
        None runs, several do and no port says which, or it is another ring than that of the configuration.
    """
    started: dict[int, Mapping[str, Any]] = {}
    for one in announce.running():
        if "ring" in one["ports"] and port in (0, one["ports"]["ring"], one["ports"]["beamline"]):
            # those that joined come later: the first has started it
            started.setdefault(one["ports"]["ring"], one)
    if not started:
        if port:  # nobody announced it, as a server that was started by hand
            return ask(port, ring.own_prefix)
        raise ServerError("no simulation with a ring runs: start one with `terasu sim BEAMLINE`")
    if len(started) > 1:
        known = ", ".join(f"{one['beamline']} on {number}" for number, one in started.items())
        raise ServerError(f"several rings run ({known}): say which with --join PORT")
    ((number, said),) = started.items()
    if said.get("ring_facts", "") != facts.config_hash(ring):
        raise ServerError(
            f"the ring on port {number}, of `terasu sim {said['beamline']}`, has other facts than the one of this "
            "configuration: beamlines share a ring, and so its [ring] table"
        )
    return replace(
        ask(number, ring.own_prefix),
        repeater=said["ports"]["repeater"],
        tango=said["ports"].get("tango", 0),
        pid=said["pids"].get("ring", 0),
    )


def merged(environments: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the variables by which a client finds the servers of all of several simulations on one ring."""
    found: dict[str, str] = {}
    addresses: dict[str, None] = {}
    for one in environments:
        found |= one
        addresses |= dict.fromkeys(one["EPICS_CA_ADDR_LIST"].split())
    return {**found, "EPICS_CA_ADDR_LIST": " ".join(addresses)}
