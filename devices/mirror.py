"""A pair of mirrors: the stripe in the beam by its name, the grazing angle, and what they reflect there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from beam import facts
from beam.mirror import reflectivity
from devices.base import Instrument, Part
from devices.motor import MotorAxis
from devices.named import NamedPosition
from devices.state import State, Stated


class MirrorPair(Instrument):
    """Two parallel mirrors that turn together; `x` across the beam in mm, `pitch` in µrad.

    Attributes
    ----------
    stripe
        The coating in the beam, by its name in the configuration: ``stripe.set("Rh")``.
    """

    x = Part(MotorAxis, kind="normal")
    pitch = Part(MotorAxis, kind="normal")

    def __init__(self, mirror_facts: facts.Mirror, *, name: str, **kwargs: Any) -> None:
        self.facts = mirror_facts
        super().__init__(mirror_facts.x.address, name=name, label=mirror_facts.label, **kwargs)
        positions = {key: stripe.position_mm for key, stripe in mirror_facts.stripes.items()}
        self.stripe = NamedPosition(self.x, positions, name=f"{name}_stripe", label="stripe in the beam", parent=self)

    def facts_of(self, part: str) -> facts.AxisFacts:
        """Return the table of facts of an axis."""
        return getattr(self.facts, part)

    @property
    def parts(self) -> dict[str, Any]:
        """The axes, and the stripe."""
        return {**super().parts, "stripe": self.stripe}

    def reflects(self, energy_ev: float) -> float:
        """Return the share of light of an energy in eV that both mirrors reflect as they stand, by tables."""
        stripe, pitch = self.facts.stripe_at(self.x.position), self.pitch.position
        if stripe is None:
            return 0.0
        if stripe.coating == "none":
            return 1.0
        grazing_deg = math.degrees(pitch * 1e-6)
        return float(reflectivity(stripe.coating, grazing_deg, np.array([energy_ev]), self.facts.roughness_nm)[0] ** 2)

    def read(self) -> Any:
        """Return the axes, and the name of the stripe."""
        return {**super().read(), self.stripe.name: self.stripe.read()[self.stripe.name]}

    def describe(self) -> Any:
        """Return the data keys."""
        return {**super().describe(), self.stripe.name: self.stripe.describe()[self.stripe.name]}

    def report_state(self) -> Stated:
        """Return the worst state of the axes; where all is well, what is in the beam."""
        stated = super().report_state()
        if stated.state is not State.ON:
            return stated
        at = self.stripe.position
        angle = "" if at == "out" else f", {self.pitch.position:.{self.pitch.precision}f} {self.pitch.unit}"
        return Stated(State.ON, f"{at}{angle}")
