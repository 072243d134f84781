"""A plane-grating monochromator: mirror and grating by their motors, the grating in the beam by its name."""

from __future__ import annotations

from typing import Any

from beam import facts, grating
from beam.errors import OutOfReach
from beam.grating import GratingMonochromator
from devices.base import Instrument, Part
from devices.choice import Choice, ChosenNumber
from devices.motor import MotorAxis
from devices.named import NamedPosition
from devices.protocols import ValueOf


class PlaneGrating(Instrument):
    """A plane-grating monochromator; angles in deg, `exchange` in mm, `slit` (the exit slit) in µm.

    Attributes
    ----------
    ruling
        The grating in the beam, by its name in the configuration: ``ruling.set("g1200")``.
    cff
        Fix-focus constant, for the next energy.
    order
        Order of diffraction that carries the energy, for the next energy.
    mirror_offset_deg, grating_offset_deg
        What the angles are more than their encoders say: settings.
    """

    mirror = Part(MotorAxis, kind="normal")
    grating = Part(MotorAxis, kind="normal")
    exchange = Part(MotorAxis, kind="normal")
    slit = Part(MotorAxis, kind="normal")

    def __init__(self, pgm_facts: facts.PlaneGratingMonochromator, *, name: str, **kwargs: Any) -> None:
        self.facts = pgm_facts
        self.physics = GratingMonochromator(pgm_facts)
        self.mirror_offset_deg = self.grating_offset_deg = 0.0
        super().__init__(pgm_facts.grating.address, name=name, label="monochromator", **kwargs)
        positions = {key: one.position_mm for key, one in pgm_facts.gratings.items()}
        self.ruling = NamedPosition(
            self.exchange, positions, name=f"{name}_ruling", label="grating in the beam", parent=self
        )
        self.cff = ChosenNumber(
            pgm_facts.cff, pgm_facts.cff_min, pgm_facts.cff_max, name=f"{name}_cff", kind="config", parent=self
        )
        orders = sorted({order for one in pgm_facts.gratings.values() for order in one.efficiency})
        self.order = Choice(orders, name=f"{name}_order", kind="config", parent=self)

    def facts_of(self, part: str) -> facts.AxisFacts:
        """Return the table of facts of an axis."""
        return getattr(self.facts, part)

    @property
    def parts(self) -> dict[str, Any]:
        """The axes, and the grating in the beam."""
        return {**super().parts, "ruling": self.ruling}

    def in_beam(self, exchange_mm: float) -> str:
        """Return the name of the grating in the beam, or the nearest to it, where the exchange is."""
        gratings = self.facts.gratings
        return min(gratings, key=lambda name: abs(gratings[name].position_mm - exchange_mm))

    def check_in_beam(self, asked: str, exchange_mm: float) -> str:
        """Return the name of the grating in the beam; raise OutOfReach, with what was `asked` for, if there is none."""
        found = self.physics.grating_at(exchange_mm)
        if found is None:
            raise OutOfReach(
                f"{asked}: no grating in the beam, {self.exchange.name} is at {exchange_mm:.6g} mm; "
                f"{self.ruling.name} may be {', '.join(self.ruling.positions)}"
            )
        return found

    def angles_for(self, asked: str, energy_ev: float, where: ValueOf) -> dict[str, float]:
        """Return what the encoders of mirror and grating are to show for an energy in eV, in deg.

        Raises
        ------
        OutOfReach
            If the grating in the beam does not cover the energy; names those that do.
        """
        name = self.check_in_beam(asked, where(self.exchange))
        found = self.physics.motors(energy_ev, name, where(self.cff), where(self.order))
        return {
            "mirror": found.mirror_deg - self.mirror_offset_deg,
            "grating": found.grating_deg - self.grating_offset_deg,
        }

    def energy_at(self, mirror_deg: float, grating_deg: float, exchange_mm: float | None = None) -> float:
        """Return the energy in eV where the encoders show these angles, by the grating in the beam."""
        at = grating.Motors(mirror_deg + self.mirror_offset_deg, grating_deg + self.grating_offset_deg)
        name = self.in_beam(self.exchange.position if exchange_mm is None else exchange_mm)
        try:
            return self.physics.energy_ev(at, name, int(self.order.get()))
        except OutOfReach:
            return 0.0  # beyond the zeroth order nothing is diffracted

    def bandwidth_ev(self) -> float:
        """Return the bandwidth (FWHM in eV) of the first order, as everything stands, by the grating equation."""
        at = grating.Motors(
            self.mirror.position + self.mirror_offset_deg, self.grating.position + self.grating_offset_deg
        )
        return self.physics.broadening_ev(at, self.in_beam(self.exchange.position), self.slit.position).total

    def read(self) -> Any:
        """Return the axes, and the name of the grating."""
        return {**super().read(), self.ruling.name: self.ruling.read()[self.ruling.name]}

    def describe(self) -> Any:
        """Return the data keys."""
        return {**super().describe(), self.ruling.name: self.ruling.describe()[self.ruling.name]}

    def read_configuration(self) -> Any:
        """Return the configuration, and what was chosen."""
        return {**super().read_configuration(), **self.cff.read(), **self.order.read()}

    def describe_configuration(self) -> Any:
        """Return the data keys."""
        return {**super().describe_configuration(), **self.cff.describe(), **self.order.describe()}
