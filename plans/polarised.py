"""What plans at an elliptical undulator have in common: what is asked for is checked whole, before anything moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

from bluesky.utils import Msg, MsgGenerator

from beam.polarisation import Polarisation, parse
from devices import GratingEnergy, PolarisationAxis, RingStatus, Shutter
from devices.coupled import supposing
from plans.beam_on import open_shutters
from plans.lean import move, read_once
from plans.spectrum import preset

_groups = count()


class Light(NamedTuple):
    """An energy in a polarisation."""

    energy_ev: float
    polarisation: str


@dataclass(frozen=True)
class PolarisedStation:
    """The devices by which polarised light is made, let through and counted."""

    energy: GratingEnergy
    polarisation: PolarisationAxis
    detectors: Sequence[Any]
    shutter: Shutter
    front_end: Shutter
    ring: RingStatus

    @property
    def names(self) -> dict[str, Any]:
        """The names of the devices, for the run's metadata."""
        devices: dict[str, Any] = {
            "energy": self.energy,
            "polarisation": self.polarisation,
            "shutter": self.shutter,
            "front_end": self.front_end,
            "ring": self.ring,
        }
        return {role: one.name for role, one in devices.items()} | {"detectors": [one.name for one in self.detectors]}

    def check(
        self,
        energies_ev: Iterable[float],
        polarisations: Sequence[str],
        *,
        harmonic: int = 0,
        switching: str | None = None,
    ) -> None:
        """Refuse energies and polarisations that cannot be had, and a shutter that cannot be opened.

        Parameters
        ----------
        energies_ev, polarisations
            Each of them in each of these.
        harmonic
            Of the undulator; 0 takes the strongest.
        switching
            What will make the helicity; by default what makes it now.

        Raises
        ------
        OutOfReach
            Says what was asked for, and the range that can be had.
        NotPermitted, NotConnected
            A device that cannot move now.
        """
        chosen = self.energy.undulator.switching
        if switching is not None:
            chosen.check_value(switching)
        where = supposing({} if switching is None else {chosen: switching})
        self.energy.harmonic_choice.check_value(harmonic)
        wanted = [parse(one) for one in polarisations]
        for energy in energies_ev:
            for one in wanted:
                self.energy.check_in(one, energy, harmonic, where)
        self.front_end.check_value("open")
        self.shutter.check_value("open")

    def harmonic_for(
        self, energies_ev: Iterable[float], polarisations: Sequence[Polarisation], harmonic: int | None
    ) -> int:
        """Return the harmonic for a whole spectrum: the one asked for, or one that all of it can be taken with."""
        return harmonic or self.energy.choose_harmonic(energies_ev, polarisations)

    def go(self, light: Light, others: Mapping[Any, Any], at: dict[Any, Any]) -> MsgGenerator[None]:
        """Move what is not in its place: energy and polarisation in one motion, and others; `at` as of `step`."""
        group = f"polarised-{next(_groups)}"
        for device, place in others.items():
            if device not in at or at[device] != place:
                yield Msg("set", device, place, group=group)
                at[device] = place
        if at.get(self.energy) != light:
            chosen: Any = self.energy.polarisation_choice
            yield from move(chosen, light.polarisation)
            yield Msg("set", self.energy, light.energy_ev, group=group)
            at[self.energy] = light
        yield Msg("wait", None, group=group)

    def let_go(self) -> MsgGenerator[None]:
        """Leave the polarisation as it is from now on."""
        chosen: Any = self.energy.polarisation_choice
        yield from move(chosen, "")

    def dark(self, dark_s: float) -> MsgGenerator[None]:
        """Count with the shutter closed, into the stream ``dark``."""
        if dark_s > 0:
            yield from move(self.shutter, "close")
            yield from preset(self.detectors, dark_s)
            yield from read_once(self.detectors, "dark")

    def light(self, dwell_s: float) -> MsgGenerator[None]:
        """Set the counting time and open the shutters."""
        yield from preset(self.detectors, dwell_s)
        yield from open_shutters(self.shutter, self.front_end)


def step(
    station: PolarisedStation, readings: Sequence[Any], light: Light, others: Mapping[Any, Any], at: dict[Any, Any]
) -> MsgGenerator[None]:
    """Move what is not in its place and take one reading.

    Parameters
    ----------
    station
        Energy and polarisation, which are read too.
    readings
        Devices to trigger and read besides.
    light
        Energy and polarisation.
    others
        Where other devices have to be.
    at
        Where all were sent last; kept up to date here.
    """
    yield Msg("checkpoint")
    yield from station.go(light, others, at)
    yield from read_once([*readings, station.energy, station.polarisation])
