"""A magnetic film: L2,3 absorption of a 3d metal with circular dichroism, built from its moments by the sum rules.

    µ(E) = µ_pre(E) + Δµ(E) [⅔ s(E - E_L3) + ⅓ s(E - E_L2)] + white lines ± ½ P m (dichroism)

µ_pre and Δµ are the tabulated absorption (Elam) without the L edges and what they add; s(x) = ½ + arctan(2x/Γ)/π. Each
white line, and the dichroism on it, is a Gaussian, by choice with a Lorentzian (Voigt): its areas come from the white
lines' area, the branching ratio and, by `beam.sum_rules`, from the moments. P is the degree of circular polarisation,
m the magnetisation along the beam as a share of saturation: what an analysis must know besides n and ⟨Tz⟩.

Gaussians, because the tails of a Lorentzian do not end within any range of integration: at 1 eV FWHM over
690 … 760 eV, iron's sum rules return 3 … 5 % too little. `truncation` says how much a shape loses.

It is a model: no multiplets, no EXAFS, no linear dichroism; the moments are those at the sample's temperature.
"""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from beam import facts, overlay
from beam.absorber import energy_grid
from beam.constants import FWHM_PER_SIGMA
from beam.domains import DomainPattern
from beam.edge_step import edge_step
from beam.facts import NonNegative, Positive, Sourced
from beam.sum_rules import Integrals, Moments, integrals
from beam.tables import edges_ev, is_element, mu_cm2_per_g, voigt

Floats: TypeAlias = npt.NDArray[np.float64]

STEP_SHARES = (2 / 3, 1 / 3)  # of the edge jump, L3 and L2: four and two core electrons
PER_NM = 1e-7  # 1/cm in 1/nm
SMOOTH_FROM_EV = 40.0  # above L2


class MagneticSample(Sourced):
    """A model of a magnetic film (`config/samples/<name>.toml`).

    `white_line_ev` is the area of both white lines, mean of the helicities, over the edge jump; `branching` the share
    of L3 in it; `escape_nm` the depth from which electrons escape; `stripe_um`, `wall_um` describe its domains.
    """

    schema_version: Literal[1]
    kind: Literal["magnetic"]
    title: str
    element: Annotated[str, Field(pattern=r"^[A-Z][a-z]?$")]
    density_g_cm3: Positive
    thickness_nm: Positive
    l3_ev: Positive
    l2_ev: Positive
    holes: Annotated[float, Field(gt=0, le=10)]
    orbital_moment_ub: float
    spin_moment_ub: float
    tz: float
    white_line_ev: Positive
    branching: Annotated[float, Field(gt=0, lt=1)]
    l3_fwhm_ev: Positive
    l2_fwhm_ev: Positive
    lorentz_fwhm_ev: NonNegative
    step_fwhm_ev: Positive
    escape_nm: Positive
    fluorescence_yield: Annotated[float, Field(ge=0, le=1)]
    fluorescence_ev: Positive
    saturation_t: Positive
    stripe_um: Positive
    wall_um: Positive

    @model_validator(mode="after")
    def _a_3d_metal(self) -> MagneticSample:
        if not (is_element(self.element) and {"L2", "L3"} <= set(edges_ev(self.element))):
            raise ValueError(f"element = {self.element!r}: no L2,3 edges of it are tabulated")
        if not self.l3_ev < self.l2_ev:
            raise ValueError(f"l3_ev < l2_ev must hold, not {self.l3_ev} < {self.l2_ev}")
        return self


class MagneticFilm:
    """What light sees of a magnetic film.

    Parameters
    ----------
    name
        Name of the sample.
    model
        Its figures.
    seed
        Seed of its domains.
    """

    def __init__(self, name: str, model: MagneticSample, seed: int = 0) -> None:
        self.name = name
        self.model = model
        self.description = f"model: {model.title}"
        self.provenance = "tabulated absorption (Elam, Ravel, Sieber 2002, through xraydb), dichroism by the sum rules"
        self.domains = DomainPattern(
            seed, period_um=model.stripe_um, wall_um=model.wall_um, saturation_t=model.saturation_t
        )
        self._lines = ((model.l3_ev, model.l3_fwhm_ev), (model.l2_ev, model.l2_fwhm_ev))
        at = np.array([0.85, 0.97]) * model.l3_ev
        self._power, self._level = np.polyfit(np.log(at / model.l3_ev), np.log(self._tabulated(at)), 1).tolist()
        # nearer to the edge the tables bend in a way of their own
        self._above_ev = model.l2_ev + SMOOTH_FROM_EV
        self._far = energy_grid(model.element, self._above_ev)
        self._far_per_nm = self._tabulated(self._far)
        ends = [0, int(np.searchsorted(self._far, self._above_ev * 1.1))]
        extra = np.log(self._far_per_nm[ends] - self._before(self._far[ends]))
        self._jump = math.exp(extra[0])
        self._jump_power = float((extra[1] - extra[0]) / np.log(self._far[ends[1]] / self._above_ev))
        white = model.white_line_ev * self.jump_per_nm
        self.integrals: Integrals = integrals(
            Moments(model.orbital_moment_ub, model.spin_moment_ub), model.holes, 2 * white, model.tz
        )
        p, q, _ = self.integrals
        self._white = (model.branching * white, (1 - model.branching) * white)
        self._dichroic = (p, q - p)

    def record(self) -> dict[str, str | float]:
        """Return what a run says of its sample, JSON values only: what an analysis must know, not what it finds."""
        model = self.model
        yielded = self.model.escape_nm * float(self._before(np.array([model.l3_ev]))[0])
        return {
            "name": self.name,
            "description": self.description,
            "provenance": self.provenance,
            "edge": f"{model.element} L3",
            "reference_ev": model.l3_ev,
            "reference_name": f"L3 line of the model {self.name} as put in",
            "l3_ev": model.l3_ev,
            "l2_ev": model.l2_ev,
            "holes": model.holes,
            "tz": model.tz,
            "step_fwhm_ev": model.step_fwhm_ev,
            "yield_before": yielded,
            "yield_jump": model.escape_nm * self.jump_per_nm,
        }

    @functools.cached_property
    def fluorescence_mu_per_nm(self) -> float:
        """The film's absorption of its own fluorescence in 1/nm."""
        return float(self.mean_per_nm(np.array([self.model.fluorescence_ev]))[0])

    @property
    def jump_per_nm(self) -> float:
        """Height of the edge jump, L3 and L2 together, at the L3 edge in 1/nm."""
        return self._jump * (self.model.l3_ev / self._above_ev) ** self._jump_power

    def pre_edge_per_nm(self, energies_ev: Floats) -> Floats:
        """Return the absorption in 1/nm that the film would have without its L edges."""
        return self._before(energies_ev)

    def mean_per_nm(self, energies_ev: Floats) -> Floats:
        """Return the absorption in 1/nm, mean of both helicities."""
        before = self._before(energies_ev)
        far = energies_ev > self._above_ev
        jump = self._jump * (energies_ev / self._above_ev) ** self._jump_power
        jump[far] = np.interp(energies_ev[far], self._far, self._far_per_nm) - before[far]
        found = before
        for share, (edge, _) in zip(STEP_SHARES, self._lines, strict=True):
            found = found + share * jump * edge_step(energies_ev, edge, self.model.step_fwhm_ev)
        return found + self._on_lines(energies_ev, self._white)

    def dichroism_per_nm(self, energies_ev: Floats) -> Floats:
        """Return µ₊ - µ₋ in 1/nm at full polarisation and magnetisation."""
        return self._on_lines(energies_ev, self._dichroic)

    def mu_per_nm(self, energies_ev: Floats, p3_m: float) -> Floats:
        """Return the absorption in 1/nm.

        Parameters
        ----------
        energies_ev
            Photon energies, any shape.
        p3_m
            Degree of circular polarisation times magnetisation along the beam, -1 … 1.
        """
        return self.mean_per_nm(energies_ev) + 0.5 * p3_m * self.dichroism_per_nm(energies_ev)

    def truncation(self, low_ev: float, cut_ev: float, high_ev: float) -> tuple[float, float]:
        """Return which share of the L3 and of the L2 line lies outside low … cut and cut … high."""
        found: list[float] = []
        for (edge, fwhm), (start, end) in zip(self._lines, ((low_ev, cut_ev), (cut_ev, high_ev)), strict=True):
            energies = np.linspace(start, end, 20_001)
            line = voigt(energies - edge, fwhm / FWHM_PER_SIGMA, 0.5 * self.model.lorentz_fwhm_ev)
            found.append(1.0 - float(np.trapezoid(line, energies)))
        return found[0], found[1]

    def _before(self, energies_ev: Floats) -> Floats:
        values: Floats = math.exp(self._level) * (energies_ev / self.model.l3_ev) ** self._power
        return values

    def _tabulated(self, energies_ev: Floats) -> Floats:
        return mu_cm2_per_g(self.model.element, energies_ev) * self.model.density_g_cm3 * PER_NM

    def _on_lines(self, energies_ev: Floats, areas: tuple[float, float]) -> Floats:
        found = np.zeros_like(energies_ev)
        for area, (edge, fwhm) in zip(areas, self._lines, strict=True):
            found += area * voigt(energies_ev - edge, fwhm / FWHM_PER_SIGMA, 0.5 * self.model.lorentz_fwhm_ev)
        return found


class NoFilm:
    """An empty beam."""

    name = "none"
    description = "no sample in the beam"
    provenance = "none"

    def record(self) -> dict[str, str | float]:
        """Return what a run says of its sample."""
        return {"name": self.name, "description": self.description, "provenance": self.provenance}


def magnetic_film(path: Path, seed: int = 0) -> MagneticFilm:
    """Return the magnetic film of a file.

    Raises
    ------
    ConfigError
        If the file is malformed; the message names file, key, value and what is allowed.
    """
    return MagneticFilm(path.stem, facts.validate(MagneticSample, overlay.parse(path), path), seed)
