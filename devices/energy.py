"""The photon energy in eV: what the energy axes of all monochromators have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from beam import facts
from devices.axis import Axis
from devices.coupled import CoupledAxis
from devices.errors import MoveFailed
from devices.harmonic import HarmonicChoice
from devices.protocols import ValueOf
from devices.signals import Quantity, data_key
from devices.state import State, Stated

EV = Quantity("float", "eV")
PRECISION = 3
LEAST_LIGHT = 0.01
"""Share of the best flux at an energy below which there is no light to measure with."""


class EnergyAxis(CoupledAxis):
    """The beamline's energy, made by undulator and monochromator together.

    Documents carry ``energy``, ``energy_setpoint`` and ``energy_harmonic``; a subclass adds where its axes are.

    Parameters
    ----------
    beamline
        Name of the beamline, for messages.
    energy_facts
        Range and tolerance in eV.
    harmonics
        Those of the undulator.
    axes
        What it moves, by key.

    Attributes
    ----------
    harmonic_choice
        Which harmonic it uses.
    """

    def __init__(
        self,
        beamline: str,
        energy_facts: facts.EnergyRange,
        harmonics: Sequence[int],
        axes: Mapping[str, Axis],
        *,
        name: str = "energy",
    ) -> None:
        self.beamline = beamline
        self.facts = energy_facts
        super().__init__(axes, name=name, label="photon energy", unit="eV")
        self.harmonic_choice = HarmonicChoice(harmonics, name=f"{name}_harmonic_choice", kind="config", parent=self)

    carried: ClassVar[tuple[str, ...]] = ()
    """The axes whose places documents carry with it."""

    # -- what a subclass says ----------------------------------------------------------------------------------

    @property
    def harmonic(self) -> int:
        """The harmonic whose energy at the present gap lies nearest to the energy; 0 without light."""
        raise NotImplementedError

    def choose_harmonic(self, energies_ev: Iterable[float]) -> int:
        """Return the one harmonic that reaches all energies, with the highest flux in their middle.

        Raises
        ------
        OutOfReach
            If an energy cannot be reached at all, or no single harmonic reaches them all.
        """
        raise NotImplementedError

    def targets_for(self, energy_ev: float, harmonic: int = 0, where: ValueOf | None = None) -> dict[str, float]:
        """Return where each axis has to be for an energy.

        Parameters
        ----------
        energy_ev
            Photon energy.
        harmonic
            Of the undulator; 0 takes the one that `harmonic_choice` says.
        where
            Tells of other devices where they will be by then; by default they are asked where they are.

        Raises
        ------
        OutOfReach
            If the energy cannot be reached; the message names the range.
        """
        raise NotImplementedError

    def check_light(self, positions: Mapping[str, float]) -> None:
        """Refuse positions of the axes at which the undulator gives nothing of what the monochromator lets through.

        Raises
        ------
        NoLight
            Less than `LEAST_LIGHT` of the flux that the undulator can have.
        """
        raise NotImplementedError

    def flown_with(self) -> dict[str, float]:
        """Return what a gate unit computes energies with, by the names of its signals behind ``energy_``."""
        raise NotImplementedError

    def calibrated(self, found_ev: float, reference_ev: float) -> tuple[Any, dict[str, float]]:
        """Return the monochromator and its settings with which what was found at one energy reads as the other."""
        raise NotImplementedError

    # -- where it is and may go --------------------------------------------------------------------------------

    @property
    def precision(self) -> int:
        """Digits after the point."""
        return PRECISION

    def targets_ahead(self, value: float, where: ValueOf) -> dict[str, float]:
        """Return where each axis has to be, with the harmonic that will have been chosen by then."""
        return self.targets_for(value, int(where(self.harmonic_choice)), where)

    def check_value(self, value: float, harmonic: int = 0, **_: Any) -> None:
        """Refuse an energy that cannot be reached, before anything moves."""
        self.check_targets(value, self.targets_for(value, harmonic))

    def words(self, value: float) -> str:
        """Say that it is asked for an energy."""
        return f"{self.beamline} energy {value:.6g} eV"

    def beyond(self, energy_ev: float) -> bool:
        """Return whether the energy is outside of what the beamline is built for, or no number."""
        return not (math.isfinite(energy_ev) and self.facts.min_ev <= energy_ev <= self.facts.max_ev)

    def judge(self, target: float) -> None:
        """Raise MoveFailed if the energy is not the one that was asked for."""
        at = self.position
        if not abs(at - target) <= self.facts.tolerance_ev:
            raise MoveFailed(
                f"{self.beamline} energy: ended at {at:.4f} eV, asked for {target:.4f} eV "
                f"(tolerance {self.facts.tolerance_ev:g} eV)"
            )

    # -- documents ---------------------------------------------------------------------------------------------

    def keys(self, source: str, axes: Sequence[str]) -> Any:
        """Return the data keys: those of every energy axis, and of the axes that documents carry."""
        energy = data_key(EV, source=source, unit="eV", precision=PRECISION, limits=self.limits)
        whole = data_key(Quantity("int"), source=source, unit="", precision=None, limits=None)
        carried = {f"{self.name}_{key}": dict(self.axes[key].describe()[self.axes[key].readback.name]) for key in axes}
        return {
            self.name: energy,
            f"{self.name}_setpoint": dict(energy),
            f"{self.name}_harmonic": whole,
            **carried,
        }

    def read_configuration(self) -> Any:
        """Return the choice of the harmonic."""
        return self.harmonic_choice.read()

    def describe_configuration(self) -> Any:
        """Return the data key of the choice."""
        return self.harmonic_choice.describe()

    # -- state -------------------------------------------------------------------------------------------------

    def stated(self) -> Stated:
        """Return the worst state of its axes; where all is well, the energy."""
        stated = super().stated()
        if stated.state is State.ON:
            return Stated(State.ON, f"{self.position:.{PRECISION}f} eV, harmonic {self.harmonic}")
        return stated
