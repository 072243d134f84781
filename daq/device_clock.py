"""The clock that servers publish: how fast device time runs, and how a plan's sleep reaches it.

A real beamline publishes none: its device time is wall time. Nothing outside daq knows the difference.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from ophyd import EpicsSignal, EpicsSignalRO


@dataclass(frozen=True)
class ServerClock:
    """What one server says of itself; recorded with each run."""

    simulated: bool = False
    mode: str = "live"
    time_scale: float = 1.0
    seed: int | None = None
    sample: dict[str, Any] | None = None
    scenario: str = ""

    def record(self) -> dict[str, Any]:
        """Return the metadata entries of a run taken under this clock."""
        entry: dict[str, Any] = {"simulated": self.simulated}
        if self.simulated:
            entry |= {"clock": self.mode, "time_scale": self.time_scale, "seed": self.seed}
            if self.scenario:
                entry["scenario"] = self.scenario
            if self.sample is not None:
                entry["sample"] = self.sample
        return entry


class DeviceClock:
    """Reads a server's clock PVs and lets plans sleep in device seconds.

    Parameters
    ----------
    prefix
        Where the server's own PVs would be, e.g. ``BL09U:``.
    with_beam
        Whether there is a sample in a beam; a bench has none.

    Attributes
    ----------
    time
        The server's own time, in device seconds: a signal that runs record before and after.
    """

    def __init__(self, prefix: str, with_beam: bool = True) -> None:
        base = f"{prefix}SIM:"
        self._signals = {
            field: EpicsSignalRO(
                f"{base}{suffix}", name=f"server_{field}", string=field in ("mode", "sample", "scenario")
            )
            for field, suffix in (
                ("simulated", "Simulated"),
                ("mode", "ClockMode"),
                ("time_scale", "TimeScale"),
                ("seed", "Seed"),
                ("sample", "SampleRecord"),
                ("scenario", "Scenario"),
            )
            if with_beam or field != "sample"
        }
        self.time = EpicsSignalRO(f"{base}Time", name="server_time")
        self._advance = EpicsSignal(f"{base}Advance", name="server_advance", put_complete=True)
        self.state = ServerClock()

    def connect(self, timeout: float) -> ServerClock:
        """Return what the server says; a server without these PVs is taken as real hardware.

        Parameters
        ----------
        timeout
            Seconds to wait for an answer. The beamline's other PVs are connected by then, so its server lives.
        """
        try:
            self._signals["simulated"].wait_for_connection(timeout=timeout)
        except TimeoutError:
            return self.state
        for one in self._all():
            one.wait_for_connection(timeout=5)
        read = {field: one.get() for field, one in self._signals.items()}
        self.state = ServerClock(
            simulated=bool(read["simulated"]),
            mode=str(read["mode"]),
            time_scale=float(read["time_scale"]),
            seed=int(read["seed"]),
            sample=json.loads(read["sample"]) if "sample" in read else None,
            scenario=str(read["scenario"]),
        )
        return self.state

    def destroy(self) -> None:
        """Close the channels."""
        for one in self._all():
            one.destroy()

    def _all(self) -> list[Any]:
        return [*self._signals.values(), self.time, self._advance]

    async def sleep(self, msg: Any) -> None:
        """Process a plan's ``sleep`` message: its seconds are device seconds."""
        (seconds,) = msg.args
        await asyncio.sleep(seconds / self.state.time_scale)
        if self.state.simulated and self.state.mode == "experiment" and seconds > 0:
            loop = asyncio.get_running_loop()
            arrived = loop.create_future()

            def done(status: Any) -> None:
                loop.call_soon_threadsafe(_settle, arrived, status.exception())

            self._advance.set(seconds).add_callback(done)
            await arrived


def _settle(future: asyncio.Future[None], error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
