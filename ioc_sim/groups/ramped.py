"""A controller that ramps: of a temperature, of a potential, of a magnet.

=========  =========================  ==================================================================================
Settled    event                      what happens
=========  =========================  ==================================================================================
Settled    `Setpoint` put             Ramping, at `Rate`; refused outside its limits
Ramping    in the band long enough    `Readback` is the setpoint; Settled; the put of `Setpoint` completes
Ramping    `Setpoint` put             goes on from where it is, to there; both puts complete when it has settled there
Ramping    `Stop` put to 1            holds where it is: Settled; the put of `Setpoint` completes
=========  =========================  ==================================================================================

A new rate counts from the next setpoint on.
"""

from __future__ import annotations

from beam.environment_kinds import Potentiostat, RampedAxis
from beam.ramp import Ramp
from ioc_sim.channels import Channels, Enum, Float, Int, Text, under
from ioc_sim.memory import Kept
from ioc_sim.motion import Motion
from ioc_sim.station import Station

SLOWEST = 1e-4
"""The lowest rate that may be set, as a fraction of the highest."""


class RampedGroup:
    """The channels of one controller."""

    def __init__(self, name: str, facts: RampedAxis, station: Station) -> None:
        self._facts = facts
        self._axis = station.line.axes[name]
        self._motion = Motion(self._axis, station.time, 0.0, self._show, self._path)
        at, numbers = self._axis.encoder, {"units": facts.unit, "precision": facts.precision}
        self.setpoint = Float(at, low=facts.low, high=facts.high, **numbers, on_put=self._go)
        self.readback = Float(at, low=facts.low, high=facts.high, **numbers)
        self.rate = Float(
            facts.velocity,
            low=facts.velocity * SLOWEST,
            high=facts.velocity,
            units=f"{facts.unit}/s",
            precision=4,
            on_put=self._keep,
        )
        self.settled = Enum("Settled", ("Ramping", "Settled"))
        self.stop = Int(0, low=0, high=1, on_put=self._stop)
        self.status = Text("settled")
        self.current = Float(0.0, units="A", precision=6) if isinstance(facts, Potentiostat) else None
        self.channels: Channels = under(
            facts.prefix,
            {
                "Setpoint": self.setpoint,
                "Readback": self.readback,
                "Rate": self.rate,
                "Settled": self.settled,
                "Stop": self.stop,
                "Status": self.status,
                **({"Current": self.current} if self.current else {}),
            },
        )
        self._show()

    def saved(self) -> Kept:
        """Return what survives a reboot; what it controls is where it was."""
        return {"rate": self.rate.value}

    def restore(self, kept: Kept | None) -> None:
        """Start after a reboot; None if nothing was saved."""
        if kept:
            self.rate.post(kept["rate"])

    def _path(self, distance: float, rate: float) -> Ramp:
        return Ramp(distance, rate, self._facts.lag_s, self._facts.tolerance, self._facts.settle_s)

    async def _go(self, target: float) -> None:
        await self._motion.to(target, self.rate.value)

    async def _stop(self, value: int) -> None:
        if value:
            self._motion.stop()
            self.stop.post(0)

    async def _keep(self, _: float) -> None:
        """Do nothing: a rate counts from the next setpoint on."""

    def _show(self) -> None:
        at, moving = self._axis.encoder, self._motion.moving
        self.readback.update(at)
        if self.current is not None and isinstance(self._facts, Potentiostat):
            self.current.update((self._axis.true - self._facts.open_circuit_v) / self._facts.resistance_ohm)
        self.status.update(f"ramping to {self.setpoint.value:g} {self._facts.unit}" if moving else "settled")
        self.settled.update("Ramping" if moving else "Settled")
