"""The place where a simulated fault takes hold of a motor's drive; the faults themselves are in `ioc_sim.faults`."""

from __future__ import annotations

import math


class DriveFault:
    """What a fault changes in a drive; this one changes nothing.

    Attributes
    ----------
    holds : bool
        Whether the drive takes commands, says that it moves, and does not: no time passes in the experiment either.
    mark : float
        The fraction of a motion's duration at which `marked` is awaited; infinite for never.
    """

    holds = False
    mark = math.inf

    def end(self, begin: float, target: float) -> float:
        """Return where a motion that begins will be sent (mechanical position)."""
        return target

    def status(self, status: int) -> int:
        """Return the MSTA word that the controller reports instead."""
        return status

    async def marked(self) -> None:
        """Do something when the mark is reached; the axis stands at it until this returns."""


class Standing:
    """The profile of a drive that holds: no way, no speed, no end."""

    duration = math.inf

    def position(self, t: float) -> float:
        """Return no way."""
        return 0.0

    def velocity(self, t: float) -> float:
        """Return no speed."""
        return 0.0


NO_FAULT = DriveFault()
STANDING = Standing()
