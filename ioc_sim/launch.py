"""A simulation as one thing: repeater, ring server and beamline server as child processes that live no longer than us.

A bench has no ring; its server takes the place of the beamline's.

All sockets are bound here and handed down, so a port in use is known before anything starts, no port is lost to
another process in between, and the beamline's server can knock at the ring's while that still imports.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import signal
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import psutil

from beam import bench, facts
from beam.errors import TerasuError
from beam.scenario import load as load_scenario
from ioc_sim import announce, options
from ioc_sim.child import Child
from ioc_sim.errors import ServerDied, ServerError
from ioc_sim.identity import TOKEN_VARIABLE
from ioc_sim.shared_ring import LIVE, SharedRing
from ioc_sim.sockets import LOOPBACK, bind_pair, bind_udp, hold_port

if TYPE_CHECKING:
    from ioc_sim.clock_switch import ClockSwitch
    from ioc_sim.faults.client import Faults

HELPERS = ("repeater", "tango")
"""Processes that are no servers of devices; those wait for them by themselves."""
READY_S = 60.0
"""Wall time within which all servers must be ready; usually two seconds."""


class Simulation:
    """The servers of one simulated beamline or bench; a context manager.

    Parameters
    ----------
    beamline : str
        Its name in the configuration, or a bench's.
    config : path, optional
        Configuration directory (default: as `beam.facts.config_dir` finds it).
    clock : str
        ``experiment`` or ``live``.
    time_scale : float
        Device seconds per second of wall time.
    seed : int
        Of all noise.
    sample : str, optional
        What is in the beam: a name, a file.xdi, formula and thickness, or ``none`` (default: the beamline's own).
    port : int
        The beamline server's; the ring server then has ``port + 1``. 0 takes free ones.
    order : str
        ``ordered``, or ``shuffled`` to deliver put completions ahead of monitors.
    scenario : path, optional
        What goes wrong, and when.
    files : path, optional
        Simulated detectors write below this directory (default: a new one, removed at the end).
    ring : SharedRing, optional
        That of another simulation: this one starts none, keeps that one's clock, and has a seed of its own.

    Attributes
    ----------
    environment : dict[str, str]
        What a Channel Access client needs to find these servers and no others, and the token to know them by.
    ports : dict[str, int]
        By ``beamline`` (also a bench's), ``ring`` (a bench has none) and ``repeater``; where the configuration has
        Tango devices, also ``tango``: their database.
    prefixes : dict[str, str]
        Of the PVs of ``beamline`` and ``ring``, once they are ready.
    pids : dict[str, int]
        Likewise.
    token : str
        What ``SIM:Token`` of all servers returns.
    """

    def __init__(
        self,
        beamline: str,
        *,
        config: str | os.PathLike[str] | None = None,
        clock: str = "experiment",
        time_scale: float = 1.0,
        seed: int = 0,
        sample: str | None = None,
        port: int = 0,
        order: str = "ordered",
        scenario: str | os.PathLike[str] | None = None,
        files: str | os.PathLike[str] | None = None,
        ring: SharedRing | None = None,
    ) -> None:
        try:
            options.time_scale(time_scale)
        except ValueError as error:
            raise ServerError(str(error)) from error
        if scenario:
            load_scenario(scenario)
        if ring and clock != LIVE:
            raise ServerError(f"{beamline}: beamlines on one ring keep the live clock, not the {clock} clock")
        if ring and scenario:
            raise ServerError(
                f"{beamline}: a scenario begins with its ring: none can be played on one that runs already"
            )
        if ring and _is_bench(beamline, config):
            raise ServerError(f"{beamline}: a bench has no ring: serve it by itself")
        self.beamline = beamline
        self.token = ring.token if ring else secrets.token_hex(8)
        self.seed = seed
        self.epoch = ring.epoch if ring else time.time()
        self.time_scale = ring.time_scale if ring else time_scale
        self.ports: dict[str, int] = {}
        self.prefixes: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self._port = port
        self._ring = ring
        self._config = config
        self._with_ring = ring is None and not _is_bench(beamline, config)
        self._with_tango = not (ring and ring.tango) and _has_tango(beamline, config)
        self._children: dict[str, Child] = {}
        self._held: socket.socket | None = None
        self._announced: Path | None = None
        self._options = [
            f"--clock={clock}",
            f"--time-scale={self.time_scale!r}",
            f"--seed={seed}",
            f"--epoch={self.epoch!r}",
            f"--token={self.token}",
            f"--order={order}",
            *([f"--config={os.fspath(config)}"] if config else []),
            *([f"--scenario={os.fspath(scenario)}"] if scenario else []),
            *([f"--files={os.path.abspath(files)}"] if files else []),
            *([f"--ring-seed={ring.seed}"] if ring else []),
        ]
        self._sample = [f"--sample={sample}"] if sample else []

    def start(self) -> Simulation:
        """Start all servers and wait until clients can connect: `begin` and `wait_until_ready`."""
        self.begin()
        self.wait_until_ready()
        return self

    def begin(self) -> None:
        """Start all servers and return at once; `environment` is known then, and clients may already seek them.

        Raises
        ------
        PortInUse
            If another process has a port that was asked for.
        """
        beamline = bind_pair(self._port)
        try:
            ring = bind_pair(self._port + 1 if self._port else 0) if self._with_ring else None
        except ServerError:
            _close(*beamline)
            raise
        shared = self._ring
        repeater = None if shared and shared.repeater else bind_udp(0)
        database = hold_port() if self._with_tango else None
        self.ports = {"beamline": _port(beamline[1])}
        if repeater:
            self.ports["repeater"] = _port(repeater)
        if ring:
            self.ports["ring"] = _port(ring[1])
        if shared:
            taken = {"ring": shared.port, "repeater": shared.repeater, "tango": shared.tango}
            self.ports |= {name: port for name, port in taken.items() if port}
            self.prefixes |= {"ring": shared.prefix} if shared.pid else {}
        if database:
            self.ports["tango"] = _port(database)
            self._held = database
        self.environment = {**environment(self.ports), TOKEN_VARIABLE: self.token}
        try:
            if repeater:
                self._spawn("repeater", ["ioc_sim.repeater", str(repeater.fileno())], repeater)
            if database:
                self._spawn("tango", ["ioc_sim.tango_database", str(_port(database))])
            follow: list[str] = []
            if ring:
                self._spawn("ring", ["ioc_sim.serve", "ring", _handed(ring), *self._options], *ring)
            if "ring" in self.ports:
                follow = [f"--ring-port={self.ports['ring']}"]
            arguments = ["ioc_sim.serve", self.beamline, _handed(beamline), *follow, *self._options, *self._sample]
            self._spawn("beamline", arguments, *beamline)
        except BaseException:
            self.stop()
            raise
        finally:
            _close(*beamline, *(ring or ()), *([repeater] if repeater else []))

    def wait_until_ready(self) -> None:
        """Wait until clients can connect.

        Raises
        ------
        ServerError
            If a server refuses to start (bad configuration, bad sample); the message is its own.
        """
        try:
            self._wait_for_children()
        except BaseException:
            self.stop()
            raise

    @property
    def pids(self) -> dict[str, int]:
        """The process ids by server."""
        shared = {"ring": self._ring.pid} if self._ring and self._ring.pid else {}
        return {**shared, **{name: child.pid for name, child in self._children.items()}}

    @property
    def shared_ring(self) -> SharedRing:
        """Its ring, for further simulations of beamlines on it; once it has begun."""
        if self._ring:
            return replace(self._ring, tango=self.ports.get("tango", 0), repeater=self.ports["repeater"])
        if "ring" not in self.ports:
            raise ServerError(f"{self.beamline}: a bench has no ring to share")
        prefix = facts.load_facility(self._config).ring.own_prefix
        known = self.seed, self.time_scale, self.epoch, self.ports["repeater"], self.ports.get("tango", 0)
        return SharedRing(self.ports["ring"], prefix, self.token, *known, self.pids["ring"])

    @property
    def faults(self) -> Faults:
        """The faults of the running servers: ``simulation.faults.set("motor_stuck", "dcm.bragg")``."""
        from ioc_sim.faults.client import Faults

        return Faults(self.ports, self.prefixes, self.pids)

    def pause(self) -> None:
        """Let time stand still: nothing moves, and no experiment time passes."""
        self._clock_switch().pause()

    def resume(self) -> None:
        """Let time go on."""
        self._clock_switch().resume()

    def _clock_switch(self) -> ClockSwitch:
        from ioc_sim.clock_switch import ClockSwitch

        return ClockSwitch(self.ports, self.prefixes)

    def check(self) -> None:
        """See that all servers run.

        Raises
        ------
        ServerDied
            If one ended by itself; with the last lines that it wrote.
        """
        if died := self.death():
            raise ServerDied(died)

    def death(self) -> str:
        """Return which server ended by itself, and its last words; empty if none did."""
        for name, child in self._children.items():
            status = child.status()
            if status is not None:
                return f"the {name} server (pid {child.pid}) {_ending(status, child.last_words())}"
        if self._ring and self._ring.pid and not psutil.pid_exists(self._ring.pid):
            return f"the ring server (pid {self._ring.pid}), which another simulation had started, has ended"
        return ""

    def announce(self) -> Path:
        """Write the file by which other commands of this user find the servers; removed by `stop`."""
        self._announced = announce.write(
            {
                "beamline": self.beamline,
                "pid": os.getpid(),
                "pids": self.pids,
                "ports": self.ports,
                "prefixes": self.prefixes,
                "token": self.token,
                "environment": self.environment,
                "ring_facts": facts.config_hash(facts.load_facility(self._config).ring),
            }
        )
        return self._announced

    def stop(self) -> None:
        """End all servers; may be called twice."""
        if self._announced:
            self._announced.unlink(missing_ok=True)
            self._announced = None
        if self._held:
            self._held.close()
        # those last that the others still speak to while they end
        helpers = [name for name in self._children if name in HELPERS]
        for names in ([name for name in self._children if name not in HELPERS], helpers):
            for name in names:
                self._children[name].end()
            for name in names:
                self._children[name].reap()
        self._children.clear()

    def __enter__(self) -> Simulation:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _spawn(self, name: str, arguments: list[str], *sockets: socket.socket) -> None:
        command = [sys.executable, "-m", *arguments]
        descriptors = [one.fileno() for one in sockets]
        self._children[name] = Child(name, command, {**os.environ, **self.environment}, descriptors)

    def _wait_for_children(self) -> None:
        deadline = time.monotonic() + READY_S
        for name, child in self._children.items():
            if name in HELPERS:
                continue
            line = child.read_line(max(0.0, deadline - time.monotonic()))
            said: dict[str, Any] = json.loads(line) if line else {}
            if "error" in said:
                raise ServerError(said["error"])
            if not said.get("ready"):
                status = child.status()
                late = f"not ready within {math.ceil(READY_S)} s"
                reason = child.last_words() or (late if status is None else f"it {_ending(status, '')}")
                raise ServerDied(f"the {name} server did not start: {reason}")
            self.prefixes[name] = said["prefix"]


def environment(ports: dict[str, int]) -> dict[str, str]:
    """Return the variables that pin clients of both protocols, and servers' beacons, to these ports of loopback."""
    servers = [ports[name] for name in ("beamline", "ring") if name in ports]
    tango = {"TANGO_HOST": f"{LOOPBACK}:{ports['tango']}"} if "tango" in ports else {}
    return {
        "EPICS_CA_ADDR_LIST": " ".join(f"{LOOPBACK}:{port}" for port in servers),
        "EPICS_CA_AUTO_ADDR_LIST": "NO",
        "EPICS_CA_NAME_SERVERS": "",
        "EPICS_CA_REPEATER_PORT": str(ports["repeater"]),
        "EPICS_CAS_INTF_ADDR_LIST": LOOPBACK,
        "EPICS_CAS_BEACON_ADDR_LIST": LOOPBACK,
        "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_CAS_BEACON_PORT": str(ports["repeater"]),
        **tango,
    }


def _ending(status: int, last_words: str) -> str:
    """Return in words how a process ended."""
    if status >= 0:
        return f"ended with status {status}: {last_words or 'it wrote nothing'}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    said = f"; it wrote last: {last_words}" if last_words else ""
    memory = ", by somebody or because memory ran short" if -status == signal.SIGKILL else ""
    return f"was killed by {name}{memory}{said}"


def _is_bench(name: str, config: str | os.PathLike[str] | None) -> bool:
    try:
        return name in facts.load_facility(config).benches
    except TerasuError:
        return False  # what is wrong with the configuration, its server will say


def _has_tango(name: str, config: str | os.PathLike[str] | None) -> bool:
    try:
        served = bench.load_served(name, config)
        if isinstance(served, bench.Bench):
            return facts.speaks_tango(served)
        return facts.speaks_tango(facts.load_facility(config), served)
    except TerasuError:
        return False


def _handed(pair: tuple[socket.socket, socket.socket]) -> str:
    return f"--sockets={pair[0].fileno()},{pair[1].fileno()}"


def _port(sock: socket.socket) -> int:
    return sock.getsockname()[1]


def _close(*sockets: socket.socket) -> None:
    for one in sockets:
        one.close()
