"""The pause of a running simulation, over the wire."""

from __future__ import annotations

from collections.abc import Mapping

from ioc_sim.faults.wire import TextClient


class ClockSwitch:
    """Lets the time of one simulation stand still and go on.

    Parameters
    ----------
    ports : Mapping[str, int]
        By server, as `Simulation.ports`.
    prefixes : Mapping[str, str]
        By server, as `Simulation.prefixes`.
    """

    def __init__(self, ports: Mapping[str, int], prefixes: Mapping[str, str]) -> None:
        # a beamline's server tells the ring's
        self._port, self._pv = ports["beamline"], f"{prefixes['beamline']}SIM:Pause"
        self._time = f"{prefixes['beamline']}SIM:Time"

    def pause(self) -> None:
        """Let it stand still; returns when it does."""
        self._put("Paused")

    def resume(self) -> None:
        """Let it go on."""
        self._put("Running")

    def state(self) -> str:
        """Return ``Running`` or ``Paused``."""
        with TextClient(self._port) as client:
            return client.string(self._pv)

    def time_s(self) -> float:
        """Return the servers' time (s)."""
        with TextClient(self._port) as client:
            return float(client.string(self._time))

    def _put(self, state: str) -> None:
        with TextClient(self._port) as client:
            client.put_string(self._pv, state)
