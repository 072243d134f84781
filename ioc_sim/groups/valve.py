"""A vacuum valve: a two-state shutter (see `ioc_sim.groups.shutter`) whose trips stay.

=========  =============================  =====================================================================
Trip       event                          next
=========  =============================  =====================================================================
OK         an input fails while it is     Tripped; Closing, Closed; Open is refused, also when the input holds
           not closed                     again
Tripped    Reset, all inputs hold         OK; it stays closed until somebody opens it
Tripped    Reset, an input fails          refused
=========  =============================  =====================================================================
"""

from __future__ import annotations

from ioc_sim.channels import Enum, Int
from ioc_sim.errors import Refused
from ioc_sim.groups.shutter import Light, ShutterFacts, ShutterGroup
from ioc_sim.timing import MotionTime


class ValveGroup(ShutterGroup):
    """The channels of one valve.

    Parameters
    ----------
    prefix : str
        Its address.
    facts : ShutterFacts
        What it is like.
    time : MotionTime
        The server's time.
    light : Light, optional
        Told whether light passes.
    is_open : bool
        Whether it is open at the start.
    """

    def __init__(
        self,
        prefix: str,
        facts: ShutterFacts,
        time: MotionTime,
        light: Light = lambda _: None,
        is_open: bool = False,
    ) -> None:
        self._tripped = ""
        super().__init__(prefix, facts, time, light, is_open)
        self.tripped = Enum("OK", ("OK", "Tripped"))
        self.reset = Int(0, low=0, high=1, check=self._check_reset, on_put=self._put_reset)
        self.channels |= {f"{prefix}Trip": self.tripped, f"{prefix}Reset": self.reset}

    def denied(self) -> str:
        """Return in words why it may not be open; empty if it may."""
        return f"tripped ({self._tripped}), to be reset" if self._tripped else super().denied()

    def trip(self, reason: str) -> None:
        """Close it by itself, until it is reset."""
        self._tripped = reason
        self.tripped.update("Tripped")
        super().trip(reason)

    def lasting(self) -> str:
        """Return where the blades are, or that it is tripped."""
        return "Tripped" if self._tripped else super().lasting()

    def set_lasting(self, state: str) -> None:
        """Put a new valve there."""
        if state == "Tripped":
            self._tripped = "before the server started"
            self.tripped.update("Tripped")
        super().set_lasting("Closed" if state == "Tripped" else state)

    def _check_reset(self, value: int) -> None:
        if value and (wrong := super().denied()):
            raise Refused(f"{self._facts.label}: cannot be reset: {wrong}")

    async def _put_reset(self, value: int) -> None:
        if value:
            self._tripped = ""
            self.tripped.update("OK")
            self.reset.post(0)
            self._judge()
