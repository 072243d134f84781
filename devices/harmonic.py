"""Which harmonic of an undulator serves an energy, or a whole range of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from beam.errors import OutOfReach
from beam.undulator import PlanarUndulator
from devices.choice import Choice


class HarmonicChoice(Choice):
    """Which harmonic the energy axis uses; 0 leaves it to the axis: the one with the highest flux."""

    def __init__(self, allowed: Sequence[int], **kwargs: Any) -> None:
        super().__init__((0, *sorted(allowed)), **kwargs)

    def get(self, **_: Any) -> int:
        """Return the choice."""
        return int(super().get())

    def check_value(self, value: int, **_: Any) -> None:
        """Refuse a harmonic that the undulator has not."""
        if value not in self.allowed:
            known = ", ".join(str(one) for one in self.allowed[1:])
            raise OutOfReach(f"{self.name} {value}: allowed are {known}, or 0 for the one with the highest flux")

    def set(self, value: int, **_: Any) -> Any:
        """Choose; at once."""
        return super().set(int(value))


def one_harmonic(undulator: PlanarUndulator, low_ev: float, high_ev: float, beamline: str) -> int:
    """Return the one harmonic that reaches a whole range of energies, with the highest flux in its middle.

    Raises
    ------
    OutOfReach
        If no single harmonic does; the message names those that reach either end.
    """
    # each harmonic reaches an interval: both ends decide
    at_low, at_high = undulator.harmonics_for(low_ev), undulator.harmonics_for(high_ev)
    shared = sorted(set(at_low) & set(at_high))
    if not shared:
        low, high = (", ".join(str(n) for n in one) or "none" for one in (at_low, at_high))
        raise OutOfReach(
            f"{beamline} energy {low_ev:.6g} … {high_ev:.6g} eV: no single harmonic reaches the whole range "
            f"({low_ev:.6g} eV: {low}; {high_ev:.6g} eV: {high})"
        )
    best = undulator.best_harmonic(0.5 * (low_ev + high_ev))
    return best if best in shared else shared[0]
