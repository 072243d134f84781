"""A sample given by formula and thickness, such as ``Fe 7um`` or ``Fe2O3 5.24g/cm3 10um``: tabulated absorption."""

from __future__ import annotations

import re

from beam.absorber import energy_grid, mu_t
from beam.errors import BadSample
from beam.sample_curve import Sample
from beam.tables import edges_ev, element_density, is_element, material, mu_cm2_per_g, parse_formula

_NUMBER = r"(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)"
_THICKNESS = re.compile(rf"(?:^|\s){_NUMBER}\s*(nm|um|µm|μm|mm|cm)(?=\s|$)")
_DENSITY = re.compile(rf"(?:^|\s){_NUMBER}\s*g/cm(?:3|³|\^3)(?=\s|$)")
_CM = {"nm": 1e-7, "um": 1e-4, "µm": 1e-4, "μm": 1e-4, "mm": 0.1, "cm": 1.0}
EDGES_EV = (2000.0, 30_000.0)  # where a silicon monochromator works

HINT = "give it such as 'Fe 7um' or 'Fe2O3 5.24g/cm3 10um'"


def is_formula_spec(spec: str) -> bool:
    """Tell whether the text gives a thickness with a unit, or a density, and so means a formula."""
    return bool(_THICKNESS.search(spec) or _DENSITY.search(spec))


def formula_sample(spec: str) -> Sample:
    """Return the sample of a formula (or named material), a thickness and, for a compound, a density.

    Raises
    ------
    BadSample
        If a part is missing or cannot be read; the message says which.
    """
    thickness = _THICKNESS.search(spec)
    if thickness is None:
        raise BadSample(f"sample {spec!r}: no thickness with a unit (nm, um, mm); {HINT}")
    density = _DENSITY.search(spec)
    formula = _DENSITY.sub(" ", _THICKNESS.sub(" ", spec)).strip()
    thickness_cm = float(thickness.group(1)) * _CM[thickness.group(2)]
    formula, density_g_cm3 = _matter(spec, formula, float(density.group(1)) if density else None)
    if not (thickness_cm > 0 and density_g_cm3 > 0):
        raise BadSample(f"sample {spec!r}: thickness and density must be positive")
    grid = energy_grid(formula)
    edge, edge_ev, step = _strongest_edge(formula)
    return Sample(
        name=spec.strip(),
        description=f"model: {formula}, {thickness_cm * 1e4:g} µm, {density_g_cm3:g} g/cm³, tabulated absorption only",
        provenance="tabulated absorption (Elam, Ravel, Sieber 2002, through xraydb)",
        energies_ev=grid,
        values=mu_t(formula, density_g_cm3, thickness_cm, grid),
        reference_ev=edge_ev,
        reference_name=f"tabulated {edge} edge (a bare step)" if edge else "none",
        edge=edge,
        edge_step=step * density_g_cm3 * thickness_cm,
        formula=formula,
        area_g_cm2=density_g_cm3 * thickness_cm,
    )


def _matter(spec: str, formula: str, density: float | None) -> tuple[str, float]:
    if not formula:
        raise BadSample(f"sample {spec!r}: no formula; {HINT}")
    if " " not in formula:
        if is_element(formula):
            return formula, element_density(formula) if density is None else density
        known = material(formula)
        if known is not None:
            return known[0], known[1] if density is None else density
        try:
            parse_formula(formula)
        except ValueError:
            pass
        else:
            if density is None:
                raise BadSample(f"sample {spec!r}: the density of {formula} is not tabulated; {HINT}")
            return formula, density
    raise BadSample(f"sample {spec!r}: {formula!r} is no chemical formula; {HINT}")


def _strongest_edge(formula: str) -> tuple[str | None, float | None, float]:
    """Return name, energy and step in cm²/g of the highest K or L3 edge in the range of a silicon monochromator."""
    import numpy as np

    best: tuple[str | None, float | None, float] = (None, None, 0.0)
    for element in parse_formula(formula):
        for name, energy in edges_ev(element).items():
            if name in {"K", "L3"} and EDGES_EV[0] < energy < EDGES_EV[1]:
                low, high = mu_cm2_per_g(formula, np.array([energy - 0.5, energy + 0.5]))
                if high - low > best[2]:
                    best = (f"{element} {name}", energy, float(high - low))
    return best
