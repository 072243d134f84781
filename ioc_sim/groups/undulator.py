"""The insertion device as its control system shows it: gap, permission, light.

`Gap` is refused outside its limits or without the machine's permission; its put completes when the gap is at rest.
A permission withdrawn on the way stops the gap, and the put fails.
"""

from __future__ import annotations

from collections.abc import Callable

from beam.facts import PlanarUndulator
from ioc_sim.channels import Channels, Enum, Float, Int, Text, under
from ioc_sim.errors import Refused
from ioc_sim.memory import Kept
from ioc_sim.motion import Motion
from ioc_sim.station import Station

SLOWEST = 0.001
"""The lowest velocity that may be set, as a fraction of the highest."""


class UndulatorGroup:
    """The channels of one planar undulator."""

    def __init__(self, name: str, facts: PlanarUndulator, station: Station) -> None:
        gap = facts.gap
        self._name = gap.address.rstrip(":")
        self._line = station.line
        self._axis = station.line.axes[f"{name}.gap"]
        self.motion = Motion(self._axis, station.time, gap.acceleration_s, self._show)
        self._refused = False
        at = self._axis.encoder
        self.gap = Float(
            at,
            low=gap.low,
            high=gap.high,
            units="mm",
            precision=gap.precision,
            check=self._check,
            on_put=self._go,
        )
        self.readback = Float(at, low=gap.low, high=gap.high, units="mm", precision=gap.precision)
        self.velocity = Float(
            gap.velocity,
            low=gap.velocity * SLOWEST,
            high=gap.velocity,
            units="mm/s",
            precision=3,
            on_put=self._keep,
        )
        self.moving = Enum("Idle", ("Idle", "Moving"))
        self.permit = Enum("Permitted", ("Denied", "Permitted"))
        self.stop = Int(0, low=0, high=1, on_put=self._stop)
        self.status = Text("at rest")
        self.energy = Float(0.0, units="eV", precision=2)
        self.power = Float(0.0, units="kW", precision=3)
        self.channels: Channels = under(
            gap.prefix,
            {
                "Gap": self.gap,
                "GapRbv": self.readback,
                "Velocity": self.velocity,
                "Moving": self.moving,
                "Permit": self.permit,
                "Stop": self.stop,
                "Status": self.status,
                "Energy": self.energy,
                "Power": self.power,
            },
        )
        station.time.listeners.append(self._show_light)
        self._show()

    @property
    def carriage(self) -> GapCarriage:
        """What lets another controller move the gap."""
        return GapCarriage(self)

    def set_permit(self, permitted: bool) -> None:
        """Grant or withdraw the machine's permission to move."""
        self.permit.update("Permitted" if permitted else "Denied")
        if not permitted and self.motion.moving:
            self._refused = True
            self.motion.stop()
        self._show()

    def saved(self) -> Kept:
        """Return what survives a reboot; the gap has an absolute encoder."""
        return {"velocity": self.velocity.value}

    def restore(self, kept: Kept | None) -> None:
        """Start after a reboot; None if nothing was saved."""
        if kept:
            self.velocity.post(kept["velocity"])

    def _check(self, target: float) -> None:
        if self.permit.value == "Denied":
            raise Refused(f"{self._name} gap {target} mm: the machine does not permit gap motion")

    async def _go(self, target: float) -> None:
        self._refused = False
        await self.motion.to(target, self.velocity.value)
        if self._refused:
            raise Refused(f"{self._name} gap {target} mm: the permission was withdrawn at {self._axis.encoder} mm")

    async def _stop(self, value: int) -> None:
        if value:
            self.motion.stop()
            self.stop.post(0)

    async def _keep(self, _: float) -> None:
        """Do nothing: a velocity counts from the next motion on."""

    def _show(self) -> None:
        self.readback.update(self._axis.encoder)
        self._show_light()
        self.status.update(self._sentence())
        self.moving.update("Moving" if self.motion.moving else "Idle")

    def _show_light(self) -> None:
        self.energy.update(round(self._line.first_harmonic_ev() or 0.0, 3))
        self.power.update(round(self._line.undulator_power_kw(), 3))

    def _sentence(self) -> str:
        if self.motion.moving:
            return f"moving to {self.gap.value:.4f} mm"
        if self.permit.value == "Denied":
            return "the machine does not permit motion"
        if not self.energy.value:
            return "gap outside 0.1 … 1 period: no light"
        return "at rest"


class GapCarriage:
    """Lets another controller move an undulator's gap, with the machine's permission."""

    def __init__(self, group: UndulatorGroup) -> None:
        self._group, self._motion = group, group.motion

    @property
    def moving(self) -> bool:
        """Whether it is not at rest, or may not move."""
        return self._motion.moving or self._group.permit.value == "Denied"

    def carry(self, stopped: Callable[[], None]) -> None:
        """Let go of the gap."""
        self._motion.carry(stopped)

    def carried_to(self, position: float) -> None:
        """Take note of where the gap is put."""
        self._motion.carried_to(position)

    async def put_down(self) -> None:
        """Take the gap over again: the set-point is where it stands."""
        await self._motion.put_down()
        if not self._motion.moving:
            self._group.gap.post(self._group.readback.value)
