"""Faults of a running simulation, over the wire: what `terasu fault` and a test's Python use.

A server that is frozen or gone cannot be asked: what is seen of it from outside says so, and SIGCONT ends it.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Mapping
from typing import Any

import psutil

from ioc_sim.errors import ServerError
from ioc_sim.faults.table import find
from ioc_sim.faults.wire import Gone, Silent, TextClient

FROZEN, KILLED = "server_frozen", "server_killed"
AWAY = (FROZEN, KILLED)
"""What a server that has it cannot be asked about."""
CLOSE_CIRCUITS = (KILLED, "server_rebooted", "circuit_dropped")
SILENT_S = 3.0
"""Wall time without an answer after which a server counts as frozen; no fault makes one so slow."""
BACK_S = 30.0
"""Wall time within which a server that starts again must be back."""
RETRY_S = 0.05


class Faults:
    """The faults of one simulation.

    Parameters
    ----------
    ports : Mapping[str, int]
        By server, as `Simulation.ports`.
    prefixes : Mapping[str, str]
        By server, as `Simulation.prefixes`.
    pids : Mapping[str, int]
        By server, as `Simulation.pids`.
    """

    def __init__(self, ports: Mapping[str, int], prefixes: Mapping[str, str], pids: Mapping[str, int]) -> None:
        self._prefixes = dict(prefixes)
        self._servers = {name: (ports[name], f"{prefix}SIM:") for name, prefix in prefixes.items()}
        self._pids = {name: pids[name] for name in prefixes}

    def set(self, name: str, target: str, **arguments: float | bool) -> None:
        """Let a fault begin; returns when it acts. Raises TerasuError with the nearest names if there is none such."""
        port, prefix = self._servers[self._server_of(name, target)]
        with TextClient(port) as client:
            command = {"action": "set", "name": name, "target": target, "args": arguments}
            client.put(f"{prefix}Fault", json.dumps(command))
            if name in CLOSE_CIRCUITS:
                client.wait_for_end()

    def clear(self, name: str | None = None, target: str | None = None) -> list[dict[str, Any]]:
        """End faults by name and target, without either all; return those that were set and are no more."""
        if name is not None:
            find(name)
        ended: list[dict[str, Any]] = []
        for server, away in self._away().items():
            if name in (None, away) and target in (None, server):
                os.kill(self._pids[server], signal.SIGCONT)
                self.wait_until_back(server)
                ended.append({"name": away, "target": server, "args": {}})
        if name in AWAY:
            return ended
        servers = list(self._servers)
        if target is not None:
            known = [server for server in servers if any(target in one for one in self._targets(server).values())]
            # a record's own name is known to the beamline's server only, which also says what else there is
            servers = known or ["beamline"]
        for server in servers:
            before = self._read(server, "Faults")
            self._put(server, {"action": "clear", "name": name, "target": target})
            after = self._read(server, "Faults")
            ended += [one for one in before if one not in after]
        return ended

    def active(self) -> list[dict[str, Any]]:
        """Return the faults that are set: ``name``, ``target`` and ``args`` each."""
        away = self._away()
        found = [{"name": name, "target": server, "args": {}} for server, name in away.items()]
        return found + [one for server in self._servers if server not in away for one in self._read(server, "Faults")]

    def possible(self) -> dict[str, list[str]]:
        """Return the targets of each fault that can be set."""
        found: dict[str, list[str]] = {}
        for server in self._servers:
            for name, targets in self._targets(server).items():
                found[name] = [*found.get(name, []), *targets]
        return found

    def wait_until_back(self, server: str = "beamline") -> None:
        """Wait until a server answers that starts again.

        Raises
        ------
        ServerError
            If it does not.
        """
        deadline = time.monotonic() + BACK_S
        while True:
            try:
                self._read(server, "Faults")
            except Gone as error:
                if time.monotonic() > deadline or not psutil.pid_exists(self._pids[server]):
                    raise ServerError(f"the {server} server does not come back: {error}") from error
                threading.Event().wait(RETRY_S)
            else:
                return

    def _away(self) -> dict[str, str]:
        """Return the servers that cannot be asked, with the fault that is seen from outside."""
        found: dict[str, str] = {}
        for server, (port, prefix) in self._servers.items():
            try:
                with TextClient(port, SILENT_S) as client:
                    client.get(f"{prefix}Faults")
            except Silent:
                found[server] = FROZEN
            except Gone:
                if _gave_way(self._pids[server]):
                    found[server] = KILLED
                else:
                    self.wait_until_back(server)
        return found

    def _server_of(self, name: str, target: str) -> str:
        on = find(name).on
        of_ring = on == "ring" or (on == "server" and target == "ring")
        of_ring = of_ring or (on == "PV" and target.startswith(self._prefixes.get("ring", target + "?")))
        return "ring" if of_ring and "ring" in self._servers else "beamline"

    def _targets(self, server: str) -> dict[str, list[str]]:
        return self._read(server, "FaultTargets")

    def _read(self, server: str, name: str) -> Any:
        port, prefix = self._servers[server]
        with TextClient(port) as client:
            return json.loads(client.get(prefix + name))

    def _put(self, server: str, command: dict[str, Any]) -> None:
        port, prefix = self._servers[server]
        with TextClient(port) as client:
            client.put(f"{prefix}Fault", json.dumps(command))


def _gave_way(pid: int) -> bool:
    """Return whether a server that is gone on purpose left its place to be held."""
    try:
        return "ioc_sim.absence" in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
