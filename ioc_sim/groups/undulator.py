"""The insertion device as its control system shows it: axes that move by the machine's permission, and the light.

A set-point is refused outside its limits or without the machine's permission; its put completes when the axis is at
rest and the ring's orbit has settled behind it (feed-forward). A permission withdrawn on the way stops the axis, and
the put fails. An elliptical undulator has more such axes than the gap; one permission is for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from beam.axis_facts import ShifterAxis, UndulatorAxis
from beam.facts import AppleUndulator, PlanarUndulator, axes_of
from beam.motion import FeedForward, Trapezoid
from ioc_sim.channels import Channels, Enum, Float, Int, Text, under
from ioc_sim.errors import Refused
from ioc_sim.memory import Kept
from ioc_sim.motion import Motion
from ioc_sim.station import Station

SLOWEST = 0.001
"""The lowest velocity that may be set, as a fraction of the highest."""


class UndulatorAxisGroup:
    """The channels of one axis of an undulator; `key` is the axis's on the line."""

    SETPOINT, READBACK = "Setpoint", "Readback"

    def __init__(self, key: str, axis: UndulatorAxis | ShifterAxis, station: Station) -> None:
        self._name, self._part = axis.address.rstrip(":"), key.rpartition(".")[2]
        self._unit = axis.unit
        self._axis = station.line.axes[key]
        self._facts = axis
        self.motion = Motion(self._axis, station.time, axis.acceleration_s, self._show, self._path)
        self._refused = False
        at, numbers = self._axis.encoder, {"units": axis.unit, "precision": axis.precision}
        self.setpoint = Float(at, low=axis.low, high=axis.high, **numbers, check=self._check, on_put=self._go)
        self.readback = Float(at, low=axis.low, high=axis.high, **numbers)
        self.velocity = Float(
            axis.velocity,
            low=axis.velocity * SLOWEST,
            high=axis.velocity,
            units=f"{axis.unit}/s",
            precision=3,
            on_put=self._keep,
        )
        self.moving = Enum("Idle", ("Idle", "Moving"))
        self.permit = Enum("Permitted", ("Denied", "Permitted"))
        self.stop = Int(0, low=0, high=1, on_put=self._stop)
        self.status = Text("at rest")
        self.channels: Channels = under(
            axis.prefix,
            {
                self.SETPOINT: self.setpoint,
                self.READBACK: self.readback,
                "Velocity": self.velocity,
                "Moving": self.moving,
                "Permit": self.permit,
                "Stop": self.stop,
                "Status": self.status,
            },
        )

    @property
    def carriage(self) -> Carriage:
        """What lets another controller move it."""
        return Carriage(self)

    def set_permit(self, permitted: bool) -> None:
        """Grant or withdraw the machine's permission to move."""
        self.permit.update("Permitted" if permitted else "Denied")
        if not permitted and self.motion.moving:
            self._refused = True
            self.motion.stop()
        self._show()

    def saved(self) -> Kept:
        """Return what survives a reboot; the axis has an absolute encoder."""
        return {"velocity": self.velocity.value}

    def restore(self, kept: Kept | None) -> None:
        """Start after a reboot; None if nothing was saved."""
        if kept:
            self.velocity.post(kept["velocity"])

    def _path(self, distance: float, velocity: float) -> FeedForward:
        return FeedForward(Trapezoid(distance, velocity, self._facts.acceleration_s), self._facts.feed_forward_s)

    def _check(self, target: float) -> None:
        if self.permit.value == "Denied":
            raise Refused(
                f"{self._name} {self._part} {target} {self._unit}: the machine does not permit {self._part} motion"
            )

    async def _go(self, target: float) -> None:
        self._refused = False
        await self.motion.to(target, self.velocity.value)
        if self._refused:
            raise Refused(
                f"{self._name} {self._part} {target} {self._unit}: the permission was withdrawn at "
                f"{self._axis.encoder} {self._unit}"
            )

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
        """Show what of the light has changed with the axis."""

    def _sentence(self) -> str:
        if self.motion.moving:
            return f"moving to {self.setpoint.value:.{self._facts.precision}f} {self._unit}"
        return "the machine does not permit motion" if self.permit.value == "Denied" else "at rest"


class UndulatorGroup(UndulatorAxisGroup):
    """The channels of the gap of one undulator, and of its light; all of a planar one."""

    SETPOINT, READBACK = "Gap", "GapRbv"

    def __init__(self, name: str, facts: PlanarUndulator | AppleUndulator, station: Station) -> None:
        super().__init__(f"{name}.gap", facts.gap, station)
        self._line = station.line
        self.energy = Float(0.0, units="eV", precision=2)
        self.power = Float(0.0, units="kW", precision=3)
        self.channels |= under(facts.gap.prefix, {"Energy": self.energy, "Power": self.power})
        station.time.listeners.append(self._show_light)
        self._show()

    @property
    def gap(self) -> Float:
        """The set-point."""
        return self.setpoint

    def _show_light(self) -> None:
        self.energy.update(round(self._line.first_harmonic_ev() or 0.0, 3))
        self.power.update(round(self._line.undulator_power_kw(), 3))

    def _sentence(self) -> str:
        at_rest = super()._sentence() == "at rest"
        return "gap outside 0.1 … 1 period: no light" if at_rest and not self.energy.value else super()._sentence()


class AppleUndulatorGroup(UndulatorGroup):
    """The channels of one elliptical undulator: gap and light, and its rows and phase shifters in `others`."""

    def __init__(self, name: str, facts: AppleUndulator, station: Station) -> None:
        self.others: Mapping[str, UndulatorAxisGroup] = {}
        super().__init__(name, facts, station)
        self.others = {
            key: RowGroup(f"{name}.{key}", axis, station, self)
            for key, axis in axes_of(facts).items()
            if key != "gap" and isinstance(axis, UndulatorAxis | ShifterAxis)
        }
        for one in self.others.values():
            self.channels |= one.channels

    def set_permit(self, permitted: bool) -> None:
        """Grant or withdraw the machine's permission to move any of it."""
        for one in self.others.values():
            one.set_permit(permitted)
        super().set_permit(permitted)

    def show_light(self) -> None:
        """Show the light after a row has moved."""
        self._show_light()

    def saved(self) -> Kept:
        """Return what survives a reboot; all axes have absolute encoders."""
        return {**super().saved(), **{key: one.saved() for key, one in self.others.items()}}

    def restore(self, kept: Kept | None) -> None:
        """Start after a reboot; None if nothing was saved."""
        super().restore(kept)
        for key, one in self.others.items():
            one.restore(None if kept is None else kept[key])


class RowGroup(UndulatorAxisGroup):
    """The channels of a row or phase shifter, which changes the light of the whole."""

    def __init__(
        self, key: str, axis: UndulatorAxis | ShifterAxis, station: Station, whole: AppleUndulatorGroup
    ) -> None:
        self._whole = whole
        super().__init__(key, axis, station)

    def _show_light(self) -> None:
        self._whole.show_light()


class Carriage:
    """Lets another controller move an axis of an undulator, with the machine's permission."""

    def __init__(self, group: UndulatorAxisGroup) -> None:
        self._group, self._motion = group, group.motion

    @property
    def moving(self) -> bool:
        """Whether it is not at rest, or may not move."""
        return self._motion.moving or self._group.permit.value == "Denied"

    def carry(self, stopped: Callable[[], None]) -> None:
        """Let go of the axis."""
        self._motion.carry(stopped)

    def carried_to(self, position: float) -> None:
        """Take note of where the axis is put."""
        self._motion.carried_to(position)

    async def put_down(self) -> None:
        """Take the axis over again: the set-point is where it stands."""
        await self._motion.put_down()
        if not self._motion.moving:
            self._group.setpoint.post(self._group.readback.value)
