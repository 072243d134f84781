"""Connecting a tree of 1 000 PVs: our motors, ten PVs each, and ophyd's EpicsMotor, nineteen each, to one server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.many_motors import RECORD, config_with

PVS = 1000


class Connecting:
    """A server of enough motors; each call is a client process of its own, which starts with no connection."""

    def __init__(self, directory: Path) -> None:
        from ioc_sim.launch import Simulation

        self.simulation = Simulation("bench", config=config_with(PVS // 10 + 1, directory))
        self.simulation.start()

    def ours(self) -> float:
        """Return seconds to make and connect our devices."""
        return self._client("ours")

    def stock(self) -> float:
        """Return seconds to make and connect ophyd's."""
        return self._client("stock")

    def _client(self, kind: str) -> float:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.connecting", kind],
            env={**os.environ, **self.simulation.environment},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return float(done.stdout)

    def close(self) -> None:
        """End the server."""
        self.simulation.stop()


def ours(number: int) -> Any:
    """Make one of our motors: ten PVs."""
    from beam.facts import LengthAxis
    from devices.motor import MotorAxis

    numbers = {"low_mm": -100, "high_mm": 100, "start_mm": 0, "resolution_mm": 0.001, "tolerance_mm": 0.01}
    axis = LengthAxis.model_validate(
        numbers
        | {
            "velocity_mm_per_s": 1,
            "acceleration_s": 0.1,
            "name": f"bench/motor/{number}",
            "prefix": RECORD.format(number),
            "label": f"motor {number}",
            "source": {"default": "assumed"},
        }
    )
    return MotorAxis(axis, name=f"m{number}")


def stock(number: int) -> Any:
    """Make one of ophyd's motors: nineteen PVs."""
    from ophyd import EpicsMotor

    return EpicsMotor(RECORD.format(number), name=f"m{number}")


def main() -> None:
    """Make and connect devices until they have 1 000 PVs; print the seconds."""
    import time

    make = {"ours": ours, "stock": stock}[sys.argv[1]]
    from ophyd.signal import EpicsSignalBase  # what is imported once is no part of connecting

    make(0).wait_for_connection(timeout=20)
    devices, pvs = [], 0
    began = time.perf_counter()
    while pvs < PVS:
        devices.append(make(len(devices) + 1))
        pvs += sum(isinstance(walk.item, EpicsSignalBase) for walk in devices[-1].walk_signals())
    for device in devices:
        device.wait_for_connection(timeout=20)
    seconds = time.perf_counter() - began
    print(seconds, flush=True)
    os._exit(0)  # closing a thousand channels one by one is not what is measured


if __name__ == "__main__":
    main()
