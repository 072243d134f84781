"""A measured spectrum as a sample: what was measured in its range, tabulated absorption beyond.

Within its range µt is affine in the measured curve: ln(I0/It) and a constant for transmission (detector gains leave
the constant open), a constant times If/I0 and a constant for fluorescence, whose shape is taken as that of µ. How
much matter the sample holds follows from matching the curve to tabulated absorption before and after the edge (the
idea of MBACK: Weng, Waldo, Penner-Hahn, J. Synchrotron Rad. 12 (2005) 506); the amount of a fluorescence sample is
chosen so that its highest µt is that of a thin one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from beam.absorber import energy_grid
from beam.errors import BadSpectrum
from beam.inflection import first_inflection
from beam.sample_curve import Sample
from beam.tables import edges_ev, is_element, mu_cm2_per_g, parse_formula
from beam.xdi import XdiFile, read_xdi

Floats: TypeAlias = npt.NDArray[np.float64]

NEAR_EDGE_EV = (-20.0, 40.0)  # left out of the match: the tables hold no near-edge structure
FLUORESCENCE_RISE = 1.0  # from pre-edge to the highest point, in µt, of a sample known by its fluorescence
LEAST_MU_T = 0.01


def measured_sample(path: str | Path) -> Sample:
    """Return the sample whose spectrum a file holds.

    Raises
    ------
    BadSpectrum
        If the file cannot be read (see `read_xdi`), names no formula or element, or shows no edge of it.
    """
    file = read_xdi(path)
    energies = file.columns["energy"]
    transmission = "itrans" in file.columns
    if transmission:
        curve = np.log(file.columns["i0"] / file.columns["itrans"])
    else:
        curve = file.columns["ifluor"] / file.columns["i0"]
    element, edge = _edge(file, energies, curve)
    formula = _formula(file, element)
    edge_ev = edges_ev(element)[edge]
    area, before = _match(file, formula, edge_ev, curve)
    tabulated = mu_cm2_per_g(formula, energies)
    if transmission:
        mu_t = curve
    else:
        scale = FLUORESCENCE_RISE / float(curve.max() - np.mean(curve[before]))
        mu_t, area = curve * scale, area * scale
    mu_t = mu_t + float(np.mean(area * tabulated[before] - mu_t[before]))
    mu_t = mu_t + max(LEAST_MU_T - float(mu_t.min()), 0.0)
    grid = energy_grid(formula)
    below, above = grid[grid < energies[0]], grid[grid > energies[-1]]
    # beyond the measured range the tables, joined at its ends
    values = [
        mu_cm2_per_g(formula, below) * (mu_t[0] / tabulated[0]),
        mu_t,
        mu_cm2_per_g(formula, above) * (mu_t[-1] / tabulated[-1]),
    ]
    sides = mu_cm2_per_g(formula, np.array([edge_ev - 0.5, edge_ev + 0.5]))
    reference = first_inflection(energies, mu_t, edge_ev)
    kind = "transmission" if transmission else "fluorescence, its shape taken as µ"
    what = file.field("Sample.name") or formula
    origin = [file.field(name) for name in ("Facility.name", "Beamline.name", "Scan.start_time")]
    return Sample(
        name=file.path.stem,
        description=f"measured: {what} ({kind}), {area * 1e3:.3g} mg/cm² of {formula}",
        provenance=f"{file.path.name}: " + (", ".join(one for one in origin if one) or "origin not stated"),
        energies_ev=np.concatenate([below, energies, above]),
        values=np.concatenate(values),
        reference_ev=reference,
        reference_name=f"first inflection of {file.path.name} as put in" if reference else "none",
        edge=f"{element} {edge}",
        edge_step=area * float(sides[1] - sides[0]),
        formula=formula,
        area_g_cm2=area,
    )


def _edge(file: XdiFile, energies: Floats, curve: Floats) -> tuple[str, str]:
    """Return element and edge: as the header says, else the edge of the formula where the curve rises most."""
    symbol = (file.field("Element.symbol") or "").capitalize()
    name = (file.field("Element.edge") or "").upper()
    formula = file.field("Sample.formula")
    if symbol and not is_element(symbol):
        raise BadSpectrum(f"{file.path}: Element.symbol: {symbol!r} is no element")
    try:
        elements = [symbol] if symbol else list(parse_formula(formula or ""))
    except ValueError:
        raise BadSpectrum(f"{file.path}: the header needs Element.symbol or a Sample.formula") from None
    found = [
        (abs(value - float(energies[np.argmax(np.gradient(curve, energies))])), element, edge)
        for element in elements
        for edge, value in edges_ev(element).items()
        if energies[0] < value < energies[-1] and (not name or edge == name)
    ]
    if not found:
        asked = " ".join(one for one in (symbol or formula, name, "edge") if one)
        raise BadSpectrum(f"{file.path}: the {asked} lies outside {energies[0]:g} … {energies[-1]:g} eV")
    return min(found)[1:]


def _formula(file: XdiFile, element: str) -> str:
    """Return the formula of the header; the element where that is missing or holds no such element."""
    formula = file.field("Sample.formula") or element
    try:
        return formula if element in parse_formula(formula) else element
    except ValueError:
        return element


def _match(file: XdiFile, formula: str, edge_ev: float, curve: Floats) -> tuple[float, npt.NDArray[np.bool_]]:
    """Return the area density in g/cm² that gives the curve, a constant and a slope left free; and what is pre-edge."""
    energies = file.columns["energy"]
    low, high = edge_ev + NEAR_EDGE_EV[0], edge_ev + NEAR_EDGE_EV[1]
    # a short spectrum gives what it has
    low = max(low, float(energies[0]) + 0.4 * (edge_ev - float(energies[0])))
    high = min(high, float(energies[-1]) - 0.4 * (float(energies[-1]) - edge_ev))
    before, after = energies < low, energies > high
    if before.sum() < 2 or after.sum() < 2:
        raise BadSpectrum(f"{file.path}: too few points before {low:.1f} or after {high:.1f} eV to tell the edge step")
    used = before | after
    columns = [mu_cm2_per_g(formula, energies), np.ones_like(energies), energies - edge_ev]
    design = np.stack(columns, axis=1)[used]
    # weigh both sides alike, however the points are spread
    weight: Floats = np.sqrt(before / before.sum() + after / after.sum())[used]
    solution: list[float] = np.linalg.lstsq(design * weight[:, np.newaxis], curve[used] * weight)[0].tolist()
    area = solution[0]
    if not area > 0:
        raise BadSpectrum(f"{file.path}: no edge rises at {edge_ev:.1f} eV")
    return area, before
