"""How long the servers of BL09U take to be ready: repeater, ring, and the beamline with its tables and its sample."""

from __future__ import annotations

import time


def ready() -> float:
    """Start them once; return seconds until clients can connect to all."""
    from ioc_sim.launch import Simulation

    simulation = Simulation("bl09u")
    began = time.perf_counter()
    with simulation:
        return time.perf_counter() - began
