"""The channels by which every server says that it is simulated; see docs/reference/simulator.md."""

from __future__ import annotations

from beam.clock import Clock
from ioc_sim.channels import Channels, Enum, Float, Int, LongText, Put, Text
from ioc_sim.identity import CLOCKS, Identity
from ioc_sim.pause import STATES, Pause


class SimulationGroup:
    """``SIM:`` channels that all servers have.

    Parameters
    ----------
    prefix : str
        Of the server, such as ``BL09U:``.
    identity : Identity
        What it says about itself.
    clock : Clock
        The clock that it shows.
    on_time : Put, optional
        What a client's put of the time does; without it the time is read-only.
    pause : Pause, optional
        Whether time stands still.
    on_pause : Put, optional
        What a client's put of `SIM:Pause` does besides.
    """

    def __init__(
        self,
        prefix: str,
        identity: Identity,
        clock: Clock,
        *,
        on_time: Put | None = None,
        pause: Pause | None = None,
        on_pause: Put | None = None,
    ) -> None:
        self._clock = clock
        self._pause, self._on_pause = pause or Pause(clock), on_pause
        self.prefix = self._pause.prefix = f"{prefix}SIM:"
        self.pause = Enum(self._pause.state, STATES, on_put=self._switch)
        self._pause.listeners.append(self._paused)
        self.time = Float(clock.now(), units="s", precision=6, on_put=on_time)
        self.channels: Channels = {
            f"{self.prefix}Simulated": Int(1),
            f"{self.prefix}Token": Text(identity.token),
            f"{self.prefix}ClockMode": Enum(identity.clock, CLOCKS),
            f"{self.prefix}Time": self.time,
            f"{self.prefix}TimeScale": Float(identity.time_scale, precision=3),
            f"{self.prefix}Seed": Int(identity.seed),
            f"{self.prefix}Pause": self.pause,
            f"{self.prefix}Scenario": LongText(identity.scenario),
        }

    async def _switch(self, state: str) -> None:
        self._pause.switch(state)
        if self._on_pause:
            await self._on_pause(state)

    def _paused(self) -> None:
        self.show()
        self.pause.update(self._pause.state)

    def show(self) -> None:
        """Publish the clock's time."""
        self.time.update(self._clock.now())
