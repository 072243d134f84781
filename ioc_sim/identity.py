"""Who a simulated server is and what time it keeps: the same for all servers of one simulation."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from beam.clock import ExperimentClock, LiveClock

TOKEN_VARIABLE = "TERASU_SIM_TOKEN"
"""By this variable a client knows which simulated servers it was told to use."""
CLOCKS = ("experiment", "live")
SLOWEST, FASTEST = 1.0, 1000.0
"""Time scales; beyond 100 the latency of clients counts for more than what is simulated."""


@dataclass(frozen=True)
class Identity:
    """The options that both servers of a simulation share.

    Parameters
    ----------
    clock : str
        ``experiment`` (advanced only by what the experiment does) or ``live`` (wall time times the scale).
    time_scale : float
        Device seconds per second of wall time.
    seed : int
        Of all noise, and of the ring's top-up.
    scenario : str
        Title of the scenario that is played, if any.
    epoch : float
        POSIX time at which the live clock was 0.
    token : str
        Returned in ``SIM:Token``: a client that started the servers recognises them by it.
    """

    clock: str = "experiment"
    time_scale: float = 1.0
    seed: int = 0
    scenario: str = ""
    epoch: float = field(default_factory=time.time)
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    def make_clock(self) -> ExperimentClock | LiveClock:
        """Return a new clock of the kind that was asked for."""
        if self.clock == "live":
            return LiveClock(self.time_scale, self.epoch)
        return ExperimentClock(self.time_scale)
