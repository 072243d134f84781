"""A model sample from `config/samples/NAME.toml`: tabulated absorption, a broadened edge, EXAFS of listed shells.

µ(E) = µ_pre(E) + Δµ(E) [½ + arctan(2(E - E0)/Γ)/π] [1 + χ(k)], k² = (E - E0) 2m/ħ²: µ_pre and Δµ are the
tabulated absorption without the edge and the edge's share (Elam), Γ the width of the core level. See `beam.exafs`
for χ. It is a model: near-edge structure other than the broadened step is left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field

from beam import facts, overlay
from beam.absorber import energy_grid
from beam.constants import HBAR_SQUARED_OVER_2M
from beam.edge_step import edge_step
from beam.errors import ConfigError
from beam.exafs import Exafs, chi
from beam.facts import Positive, Sourced
from beam.inflection import first_inflection
from beam.sample_curve import Sample
from beam.tables import core_width_ev, edges_ev, is_element, mu_cm2_per_g, parse_formula

Floats: TypeAlias = npt.NDArray[np.float64]


SIDE_EV = 1.0  # the tables spread an edge over a fraction of an eV


class ModelSample(Sourced):
    """A model of a sample (`config/samples/<name>.toml`)."""

    schema_version: Literal[1]
    kind: Literal["model"]
    title: str
    formula: str
    density_g_cm3: Positive
    thickness_um: Positive
    edge: Annotated[str, Field(pattern=r"^[A-Z][a-z]? (K|L[123])$")]
    exafs: Exafs | None = None


def model_sample(path: Path) -> Sample:
    """Return the model sample of a file.

    Raises
    ------
    ConfigError
        If the file is malformed; the message names file, key, value and what is allowed.
    """
    model = facts.validate(ModelSample, overlay.parse(path), path)
    element, edge = model.edge.split()
    if not is_element(element) or edge not in edges_ev(element):
        raise ConfigError(f"{path}: edge = {model.edge!r}: no such edge is tabulated")
    try:
        if element not in parse_formula(model.formula):
            raise ConfigError(f"{path}: edge = {model.edge!r}: {model.formula} holds no {element}")
    except ValueError as error:
        raise ConfigError(f"{path}: formula = {model.formula!r}: {error}") from error
    edge_ev = edges_ev(element)[edge]
    energies = np.union1d(
        energy_grid(model.formula),
        edge_ev + np.concatenate([np.arange(-60.0, 120.0, 0.1), np.arange(120.0, 1600.0, 0.5)]),
    )
    area = model.density_g_cm3 * model.thickness_um * 1e-4
    below, jump = _split(model.formula, edge_ev, energies)
    share = edge_step(energies, edge_ev, core_width_ev(element, edge))
    wiggles = np.zeros_like(energies)
    if model.exafs is not None:
        above = energies > edge_ev
        wiggles[above] = chi(np.sqrt((energies[above] - edge_ev) / HBAR_SQUARED_OVER_2M), model.exafs)
    values = area * (below + jump * share * (1 + wiggles))
    return Sample(
        name=path.stem,
        description=f"model: {model.title}",
        provenance="tabulated absorption (Elam, Ravel, Sieber 2002, through xraydb)"
        + (" and EXAFS of listed shells" if model.exafs else ""),
        energies_ev=energies,
        values=values,
        reference_ev=first_inflection(energies, values, edge_ev),
        reference_name=f"first inflection of the model {path.stem} as put in",
        edge=model.edge,
        edge_step=area * float(np.interp(edge_ev + 1.0, energies, jump)),
        formula=model.formula,
        area_g_cm2=area,
    )


def _split(formula: str, edge_ev: float, energies: Floats) -> tuple[Floats, Floats]:
    """Split tabulated absorption in cm²/g into what it would be without the edge, and the edge's share.

    Without the edge it goes on as a power of the energy as it does below; the share goes on below the edge as the
    power that it is above, so that the broadened step has something to broaden.
    """
    tabulated = mu_cm2_per_g(formula, energies)
    fit = np.array([edge_ev * 0.97, edge_ev - SIDE_EV])
    power, level = np.polyfit(np.log(fit / edge_ev), np.log(mu_cm2_per_g(formula, fit)), 1)
    extended: Floats = np.exp(level) * (energies / edge_ev) ** power
    step = float(mu_cm2_per_g(formula, np.array([edge_ev + SIDE_EV]))[0] - np.exp(level))
    below = np.where(energies < edge_ev - SIDE_EV, tabulated, np.minimum(extended, tabulated))
    jump = np.where(energies < edge_ev + SIDE_EV, step * (energies / edge_ev) ** power, tabulated - below)
    return below, jump
