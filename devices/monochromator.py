"""A double-crystal monochromator: Bragg angle, the second crystal's distance and its pitch."""

from __future__ import annotations

import math
from typing import Any

from beam import crystal, facts
from beam.constants import SILICON_LATTICE
from devices.base import Instrument, Part
from devices.motor import MotorAxis


class DoubleCrystal(Instrument):
    """A fixed-exit monochromator; Bragg angle in deg, `perp` in mm, `pitch` in µrad.

    Parameters
    ----------
    dcm_facts
        Its table of the configuration.
    """

    bragg = Part(MotorAxis, kind="normal")
    perp = Part(MotorAxis, kind="normal")
    pitch = Part(MotorAxis, kind="normal")

    def __init__(self, dcm_facts: facts.DoubleCrystalMonochromator, *, name: str, **kwargs: Any) -> None:
        self.facts = dcm_facts
        self.bragg_offset_deg = 0.0  # what the angle is more than the encoder says: a setting, as d is
        self.d_angstrom = float(SILICON_LATTICE) / math.hypot(*dcm_facts.miller)
        super().__init__(dcm_facts.bragg.address, name=name, label="monochromator", **kwargs)

    def facts_of(self, part: str) -> facts.AxisFacts:
        """Return the table of facts of a part."""
        return getattr(self.facts, part)

    @property
    def cut(self) -> str:
        """The crystal, as one says it: ``Si(111)``."""
        return f"{self.facts.crystal}({''.join(str(one) for one in self.facts.miller)})"

    def angles_for(self, energy_ev: float) -> dict[str, float]:
        """Return what the Bragg encoder is to show, in deg, and the crystal distance in mm for an energy in eV."""
        bragg = crystal.bragg_deg(energy_ev, self.d_angstrom)
        return {"bragg": bragg - self.bragg_offset_deg, "perp": crystal.perp_mm(bragg, self.facts.exit_offset_mm)}

    def energy_at(self, bragg_deg: float) -> float:
        """Return the energy in eV at a Bragg angle that the encoder shows."""
        return crystal.energy_ev(bragg_deg + self.bragg_offset_deg, self.d_angstrom)
