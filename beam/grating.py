"""A plane-grating monochromator: the grating equation as invertible pairs, resolution, orders.

The light meets a plane mirror, which turns it onto a plane grating of N lines/mm, and leaves through an exit slit:
sin α + sin β = N m λ with β < 0, fix-focus constant cff = cos β / cos α, mirror grazing at θ = 90° - (α - β)/2. A
constant cff keeps the virtual image of the source at a fixed distance, r cff² from the grating: the focus stays on
the exit slit. Order m of the light then passes with m times the energy at the same angles.

References: H. Petersen, Opt. Commun. 40 (1982) 402 (cff); W. B. Peatman, Gratings, Mirrors and Slits (1997), chapter
3 (terms of the resolution); mirrors by Fresnel's equations with f1, f2 through xraydb. Left out: aberrations, heat
bumps, the polarisation that grating and mirrors (at grazing angles almost none) add.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from beam.constants import FWHM_PER_SIGMA, HC
from beam.errors import OutOfReach
from beam.mirror import reflectivity
from beam.soft_kinds import Grating, Mirror, PlaneGratingMonochromator

Floats: TypeAlias = npt.NDArray[np.float64]

ANGSTROM_PER_MM = 1e7


class Angles(NamedTuple):
    """Angles at the grating against its normal, in degrees: of incidence (positive) and diffraction (negative)."""

    alpha_deg: float
    beta_deg: float


class Motors(NamedTuple):
    """Grazing angles in degrees by which a monochromator is driven: of the plane mirror, and onto the grating."""

    mirror_deg: float
    grating_deg: float


class Broadening(NamedTuple):
    """What widens the light that a monochromator passes, each as FWHM in eV."""

    source: float
    slit: float
    mirror_slope: float
    grating_slope: float

    @property
    def total(self) -> float:
        """All in quadrature."""
        return math.hypot(*self)


def angles(energy_ev: float, lines_per_mm: float, cff: float, order: int = 1) -> Angles:
    """Return the angles at which a grating diffracts an energy at a fix-focus constant.

    With G = N m λ the condition cos β = cff cos α is a quadratic in sin α.

    Raises
    ------
    OutOfReach
        If cff is not above 1, or no angle diffracts the energy.
    """
    if not cff > 1:
        raise OutOfReach(f"cff {cff:g}: must be above 1 (inside order)")
    if not energy_ev > 0:
        raise OutOfReach(f"energy {energy_ev:g} eV: must be above 0 eV")
    g = order * lines_per_mm * HC / energy_ev / ANGSTROM_PER_MM
    c2 = cff * cff
    # at β = 0 cos β = 1, and G = sin α
    most = math.sqrt(c2 - 1) / cff
    if not g < most:
        lowest = order * lines_per_mm * HC / ANGSTROM_PER_MM / most
        raise OutOfReach(f"energy {energy_ev:g} eV: {lines_per_mm:g}/mm at cff {cff:g} diffracts above {lowest:.4g} eV")
    sine = (math.sqrt(c2 * g * g + (c2 - 1) ** 2) - g) / (c2 - 1)
    return Angles(math.degrees(math.asin(sine)), math.degrees(math.asin(g - sine)))


def energy_ev(at: Angles, lines_per_mm: float, order: int = 1) -> float:
    """Return the energy in eV that a grating diffracts at these angles: the inverse of `angles`.

    Raises
    ------
    OutOfReach
        If the angles are those of the zeroth order or of outside orders.
    """
    g = math.sin(math.radians(at.alpha_deg)) + math.sin(math.radians(at.beta_deg))
    if not g > 0:
        raise OutOfReach(f"angles {at.alpha_deg:g}, {at.beta_deg:g} deg: no energy is diffracted there")
    return order * lines_per_mm * HC / ANGSTROM_PER_MM / g


def energies_ev(mirror_deg: Floats, grating_deg: Floats, spacing_angstrom: float) -> Floats:
    """Return the photon energies in eV of many angles of the motors: `energy_ev`; not a number where there is none.

    Parameters
    ----------
    mirror_deg, grating_deg
        As `Motors`, shape (n,).
    spacing_angstrom
        Distance of two grooves over the order of diffraction.
    """
    alpha = np.radians(90.0 - grating_deg)
    g = np.sin(alpha) + np.sin(alpha - np.pi + 2.0 * np.radians(mirror_deg))
    found: Floats = np.full_like(g, np.nan)
    fits = (g > 0) & (spacing_angstrom > 0)
    found[fits] = HC / (spacing_angstrom * g[fits])
    return found


def cff(at: Angles) -> float:
    """Return the fix-focus constant cos β / cos α of these angles."""
    return math.cos(math.radians(at.beta_deg)) / math.cos(math.radians(at.alpha_deg))


def motors(at: Angles) -> Motors:
    """Return how mirror and grating must stand for these angles."""
    return Motors(90.0 - 0.5 * (at.alpha_deg - at.beta_deg), 90.0 - at.alpha_deg)


def angles_of(at: Motors) -> Angles:
    """Return the angles at the grating from those of the motors: the inverse of `motors`."""
    alpha = 90.0 - at.grating_deg
    return Angles(alpha, alpha - 180.0 + 2.0 * at.mirror_deg)


def grating_deg(energy_ev: float, mirror_deg: float, lines_per_mm: float, order: int = 1) -> float:
    """Return the grating's motor angle in deg that diffracts an energy with the mirror where it is.

    With the mirror at θ the angles differ by α - β = 180° - 2θ, so that N m λ = -2 cos(α + θ) sin θ.

    Raises
    ------
    OutOfReach
        If no angle does.
    """
    g = order * lines_per_mm * HC / energy_ev / ANGSTROM_PER_MM
    mirror = math.radians(mirror_deg)
    cosine = -g / (2 * math.sin(mirror))
    if not -1 < cosine < 0:
        raise OutOfReach(
            f"energy {energy_ev:g} eV: no angle of the grating diffracts it with the mirror at {mirror_deg:g}"
        )
    return 90.0 - math.degrees(math.acos(cosine) - mirror)


def focus_m(cff: float, source_distance_m: float) -> float:
    """Return the distance of the virtual image of the source from the grating, r cff², in m."""
    return source_distance_m * cff * cff


def cff_for_focus(focus_m: float, source_distance_m: float) -> float:
    """Return the cff that keeps the virtual image at a distance from the grating: the inverse of `focus_m`."""
    return math.sqrt(focus_m / source_distance_m)


class GratingMonochromator:
    """A plane-grating monochromator and the mirrors of its beamline.

    Parameters
    ----------
    pgm
        Gratings, distances, source, slope errors, mirrors, axes.
    """

    def __init__(self, pgm: PlaneGratingMonochromator) -> None:
        self.facts = pgm
        self._name = pgm.grating.name

    def grating(self, name: str) -> Grating:
        """Return one of the gratings.

        Raises
        ------
        OutOfReach
            If there is none of that name; the message lists them.
        """
        found = self.facts.gratings.get(name)
        if found is None:
            raise OutOfReach(f"{self._name} grating {name!r}: there are {', '.join(self.facts.gratings)}")
        return found

    def grating_at(self, exchange_mm: float) -> str | None:
        """Return the name of the grating in the beam at a position of the exchange in mm; None between gratings."""
        reach = 100 * self.facts.exchange.tolerance
        for name, one in self.facts.gratings.items():
            if abs(one.position_mm - exchange_mm) <= reach:
                return name
        return None

    def motors(self, energy_ev: float, grating: str, cff: float | None = None, order: int = 1) -> Motors:
        """Return the motor angles in degrees for an energy in eV.

        Parameters
        ----------
        energy_ev, grating
            Photon energy; name of the grating in use.
        cff
            Fix-focus constant; that of the facts where none is given.
        order
            Order of diffraction that carries the energy.

        Raises
        ------
        OutOfReach
            If the grating does not cover the energy (the message names those that do), the cff is out of range, or
            a motor would leave its range.
        """
        one = self.grating(grating)
        constant = self.facts.cff if cff is None else cff
        if not self.facts.cff_min <= constant <= self.facts.cff_max:
            raise OutOfReach(f"{self._name} cff {constant:g}: {self.facts.cff_min:g} … {self.facts.cff_max:g}")
        if not one.min_ev <= energy_ev <= one.max_ev:
            raise OutOfReach(
                f"{self._name} energy {energy_ev:g} eV: grating {grating} covers {one.min_ev:g} … {one.max_ev:g} eV"
                f"{self._others(energy_ev)}"
            )
        found = motors(angles(energy_ev, one.lines_per_mm, constant, order))
        for axis, value in ((self.facts.mirror, found.mirror_deg), (self.facts.grating, found.grating_deg)):
            if not axis.low <= value <= axis.high:
                raise OutOfReach(
                    f"{axis.name} {value:.4f} deg for {energy_ev:g} eV at cff {constant:g}, {grating}: "
                    f"reaches {axis.low:g} … {axis.high:g} deg"
                )
        return found

    def energy_ev(self, at: Motors, grating: str, order: int = 1) -> float:
        """Return the energy in eV that passes in an order at these motor angles: the inverse of `motors`."""
        return energy_ev(angles_of(at), self.grating(grating).lines_per_mm, order)

    def broadening_ev(self, at: Motors, grating: str, slit_um: float) -> Broadening:
        """Return what widens the first order, each as FWHM in eV.

        δλ = s cos α/(N r) of a source s at r, s' cos β/(N r') of a slit s' at r', 2.355 σ (cos α + cos β)/N of the
        grating's and 2 × 2.355 σ cos α/N of the mirror's slope error; δE = E δλ/λ.
        """
        lines = self.grating(grating).lines_per_mm
        where = angles_of(at)
        energy = energy_ev(where, lines)
        a, b = (math.cos(math.radians(angle)) for angle in where)
        # E δλ/λ with λ from the grating equation
        scale = energy**2 / HC * ANGSTROM_PER_MM / lines
        facts = self.facts
        return Broadening(
            scale * a * facts.source_um * 1e-6 / facts.source_distance_m,
            scale * b * slit_um * 1e-6 / facts.exit_distance_m,
            scale * 2 * a * FWHM_PER_SIGMA * facts.mirror_slope_urad * 1e-6,
            scale * (a + b) * FWHM_PER_SIGMA * facts.grating_slope_urad * 1e-6,
        )

    def slit_um(self, bandwidth_ev: float, at: Motors, grating: str) -> float:
        """Return the exit slit in µm at which all broadening together is a bandwidth (FWHM in eV).

        Raises
        ------
        OutOfReach
            If source and slope errors alone are wider, or the slit does not open so far; the message gives the range.
        """
        axis = self.facts.slit
        narrow = self.broadening_ev(at, grating, axis.low).total
        wide = self.broadening_ev(at, grating, axis.high)
        if not narrow <= bandwidth_ev <= wide.total:
            raise OutOfReach(f"{axis.name} bandwidth {bandwidth_ev:g} eV: {narrow:.4g} … {wide.total:.4g} eV")
        rest = wide._replace(slit=0.0).total
        return axis.high * math.sqrt(max(bandwidth_ev**2 - rest**2, 0.0)) / wide.slit

    def orders(self, grating: str) -> list[int]:
        """Return the orders in which a grating diffracts, in ascending order."""
        return sorted(self.grating(grating).efficiency)

    def efficiency(self, at: Motors, grating: str, energies_ev: list[float], orders: list[int]) -> list[float]:
        """Return the share of light that grating, plane mirror and the beamline's mirrors pass.

        Parameters
        ----------
        at, grating
            Motor angles and grating in use.
        energies_ev, orders
            Photon energies, and the order in which the grating diffracts each.
        """
        values = np.array(energies_ev)
        plane = Mirror(coating=self.facts.mirror_coating, grazing_deg=at.mirror_deg, roughness_nm=0.0)
        passed = np.array([self.grating(grating).efficiency[order] for order in orders])
        for mirror in (plane, *self.facts.mirrors):
            passed = passed * reflectivity(mirror.coating, mirror.grazing_deg, values, mirror.roughness_nm)
        found: list[float] = passed.tolist()
        return found

    def _others(self, energy_ev: float) -> str:
        found = [
            f"{name} {one.min_ev:g} … {one.max_ev:g} eV"
            for name, one in self.facts.gratings.items()
            if one.min_ev <= energy_ev <= one.max_ev
        ]
        return f"; it is covered by {', '.join(found)}" if found else "; no grating covers it"
