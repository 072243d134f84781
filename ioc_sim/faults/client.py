"""Faults of a running simulation, over the wire: what `terasu fault` and a test's Python use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ioc_sim.faults.table import find
from ioc_sim.faults.wire import TextClient


class Faults:
    """The faults of one simulation.

    Parameters
    ----------
    ports : Mapping[str, int]
        By server, as `Simulation.ports`.
    prefixes : Mapping[str, str]
        By server, as `Simulation.prefixes`.
    """

    def __init__(self, ports: Mapping[str, int], prefixes: Mapping[str, str]) -> None:
        self._servers = {name: (ports[name], f"{prefix}SIM:") for name, prefix in prefixes.items()}

    def set(self, name: str, target: str, **arguments: float) -> None:
        """Let a fault begin; returns when it acts. Raises TerasuError with the nearest names if there is none such."""
        server = "ring" if find(name).on == "ring" and "ring" in self._servers else "beamline"
        self._put(server, {"action": "set", "name": name, "target": target, "args": arguments})

    def clear(self, name: str | None = None, target: str | None = None) -> None:
        """End faults by name and target; without either, all."""
        if name is not None:
            find(name)
        servers = list(self._servers)
        if target is not None:
            known = [server for server in servers if any(target in one for one in self._targets(server).values())]
            # a record's own name is known to the beamline's server only, which also says what else there is
            servers = known or ["beamline"]
        for server in servers:
            self._put(server, {"action": "clear", "name": name, "target": target})

    def active(self) -> list[dict[str, Any]]:
        """Return the faults that are set: ``name``, ``target`` and ``args`` each."""
        return [one for server in self._servers for one in self._read(server, "Faults")]

    def possible(self) -> dict[str, list[str]]:
        """Return the targets of each fault that can be set."""
        return {name: one for server in self._servers for name, one in self._targets(server).items()}

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
