"""Which of the simulations that run on this machine a command means."""

from __future__ import annotations

from typing import Any

from daq.errors import UsageError


def find(port: int) -> dict[str, Any]:
    """Return what is announced of the one simulation that runs, or of the one whose beamline server is on `port`.

    Raises
    ------
    UsageError
        If none runs, or several and no port was given.
    """
    from ioc_sim import announce

    found = [one for one in announce.running() if port in (0, one["ports"]["beamline"])]
    if not found:
        raise UsageError(
            f"no simulation runs{f' on port {port}' if port else ''}: start one with `terasu sim BEAMLINE`"
        )
    if len(found) > 1:
        known = ", ".join(f"{one['beamline']} on {one['ports']['beamline']}" for one in found)
        raise UsageError(f"several simulations run ({known}): say which with --port")
    return found[0]
