"""A double-crystal monochromator: Bragg angle, the second crystal's distance and pitch, exchange of the crystals."""

from __future__ import annotations

import math
from typing import Any

from beam import crystal, facts
from beam.constants import SILICON_LATTICE
from devices.base import Instrument, Part
from devices.motor import MotorAxis
from devices.named import NamedPosition
from devices.protocols import ValueOf


class DoubleCrystal(Instrument):
    """A fixed-exit monochromator; Bragg angle in deg, `perp` and `exchange` in mm, `pitch` in µrad.

    Parameters
    ----------
    dcm_facts
        Its table of the configuration.

    Attributes
    ----------
    pair
        The crystals in the beam, by their name in the configuration: ``pair.set("Si311")``.
    d_angstrom
        Spacing of the planes of the pair that is in the beam at the start, a setting: that of other pairs follows, as
        all are of one lattice.
    """

    bragg = Part(MotorAxis, kind="normal")
    perp = Part(MotorAxis, kind="normal")
    pitch = Part(MotorAxis, kind="normal")
    exchange = Part(MotorAxis, kind="normal")

    def __init__(self, dcm_facts: facts.DoubleCrystalMonochromator, *, name: str, **kwargs: Any) -> None:
        self.facts = dcm_facts
        self.bragg_offset_deg = 0.0  # what the angle is more than the encoder says: a setting, as d is
        self.d_angstrom = float(SILICON_LATTICE) / math.hypot(*dcm_facts.miller)
        super().__init__(dcm_facts.bragg.address, name=name, label="monochromator", **kwargs)
        positions = {key: one.position_mm for key, one in dcm_facts.pairs.items()}
        self.pair = NamedPosition(self.exchange, positions, name=f"{name}_pair", label="crystals", parent=self)

    def facts_of(self, part: str) -> facts.AxisFacts:
        """Return the table of facts of a part."""
        return getattr(self.facts, part)

    @property
    def parts(self) -> dict[str, Any]:
        """The axes, and the pair of crystals."""
        return {**super().parts, "pair": self.pair}

    def cut_at(self, exchange_mm: float) -> str:
        """Return the crystals in the beam where the exchange is, as one says it: ``Si(111)``."""
        miller = self.facts.pairs[self.facts.nearest_pair(exchange_mm)].miller
        return f"{self.facts.crystal}({''.join(str(one) for one in miller)})"

    def spacing_at(self, exchange_mm: float) -> float:
        """Return the spacing in Å of the planes in the beam, or nearest to it, where the exchange is."""
        miller = self.facts.pairs[self.facts.nearest_pair(exchange_mm)].miller
        return self.d_angstrom * (math.hypot(*self.facts.miller) / math.hypot(*miller))

    def angles_for(self, energy_ev: float, where: ValueOf | None = None) -> dict[str, float]:
        """Return what the Bragg encoder is to show, in deg, and the crystal distance in mm for an energy in eV.

        `where` tells where the exchange will be by then; by default it is asked where it is.
        """
        exchange = self.exchange.position if where is None else where(self.exchange)
        bragg = crystal.bragg_deg(energy_ev, self.spacing_at(exchange))
        return {"bragg": bragg - self.bragg_offset_deg, "perp": crystal.perp_mm(bragg, self.facts.exit_offset_mm)}

    def energy_at(self, bragg_deg: float, exchange_mm: float | None = None) -> float:
        """Return the energy in eV at a Bragg angle that the encoder shows, with the crystals in the beam."""
        at = self.exchange.position if exchange_mm is None else exchange_mm
        return crystal.energy_ev(bragg_deg + self.bragg_offset_deg, self.spacing_at(at))

    def read(self) -> Any:
        """Return the axes, and the name of the pair."""
        return {**super().read(), self.pair.name: self.pair.read()[self.pair.name]}

    def describe(self) -> Any:
        """Return the data keys."""
        return {**super().describe(), self.pair.name: self.pair.describe()[self.pair.name]}
