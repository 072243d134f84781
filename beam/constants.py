"""Constants of nature and of silicon: each with its value, unit and source."""

from __future__ import annotations

import math


class Constant(float):
    """A number that knows its unit and where it comes from."""

    unit: str
    source: str

    def __new__(cls, value: float, unit: str, source: str) -> Constant:
        """Make the number and note its unit and source."""
        made = super().__new__(cls, value)
        made.unit = unit
        made.source = source
        return made

    def __reduce__(self) -> tuple[type[Constant], tuple[float, str, str]]:
        return Constant, (float(self), self.unit, self.source)


CODATA = "CODATA 2018"
HC = Constant(12398.419843320026, "eV Å", f"{CODATA}: h c, exact")
ELECTRON_REST_GEV = Constant(0.51099895000e-3, "GeV", f"{CODATA}: m c²")
ELEMENTARY_CHARGE = Constant(1.602176634e-19, "C", f"{CODATA}: e, exact")
CLASSICAL_ELECTRON_RADIUS = Constant(2.8179403262e-5, "Å", f"{CODATA}: r_e")
SPEED_OF_LIGHT = Constant(299792458.0, "m/s", f"{CODATA}: c, exact")
ELECTRON_MASS = Constant(9.1093837015e-31, "kg", f"{CODATA}: m")
HBAR_SQUARED_OVER_2M = Constant(3.809982, "eV Å²", f"{CODATA}: ħ²/2m, from E - E0 to k² of a photoelectron")

SILICON_LATTICE = Constant(5.4310205, "Å", "CODATA 2010: Si lattice parameter a, 22.5 °C, vacuum")

FWHM_PER_SIGMA = Constant(2.0 * math.sqrt(2.0 * math.log(2.0)), "1", "of a Gaussian")
