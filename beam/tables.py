"""The tabulated properties of matter (xraydb) and special functions (scipy), with types.

Both libraries are imported where they are first used: they take most of a second, and not everything needs them. What
xraydb has answered is kept between processes (`beam.kept`).
References: Elam, Ravel, Sieber, Radiat. Phys. Chem. 63 (2002) 121 (absorption, edges); Chantler, J. Phys. Chem.
Ref. Data 24 (1995) 71 (f', f''); Waasmaier, Kirfel, Acta Cryst. A51 (1995) 416 (f0); all through xraydb.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from beam.kept import kept

LAST_ELEMENT = 98  # Cf, the last in xraydb's tables
Floats: TypeAlias = npt.NDArray[np.float64]
Kind: TypeAlias = Literal["total", "photo", "incoh", "coh"]


@functools.cache
def _xraydb() -> Any:
    import xraydb  # pyright: ignore[reportMissingTypeStubs]

    return xraydb


@functools.cache
def _special() -> Any:
    import scipy.special  # pyright: ignore[reportMissingTypeStubs]

    return scipy.special


def bessel_j(order: Floats, x: Floats) -> Floats:
    """Return the Bessel function J of the first kind."""
    values: Floats = _special().jv(order, x)
    return values


def faddeeva(z: complex) -> complex:
    """Return the Faddeeva function w(z) = exp(-z²) erfc(-iz)."""
    return complex(_special().wofz(z))


def voigt(x: Floats, sigma: float, gamma: float) -> Floats:
    """Return the Voigt line of integral 1: a Gaussian of rms `sigma` on a Lorentzian of half width `gamma` (or 0)."""
    values: Floats = _special().voigt_profile(x, sigma, gamma)
    return values


def erf(x: Floats) -> Floats:
    """Return the error function."""
    values: Floats = _special().erf(x)
    return values


def poisson_quantile(share: Floats, expected: Floats) -> Floats:
    """Return the numbers that a Poisson distribution of this mean stays at or below with a probability `share`."""
    found: Floats = np.maximum(np.ceil(_special().pdtrik(share, expected)), 0.0)
    return found


@kept
def is_element(symbol: str) -> bool:
    """Tell whether this is the symbol of an element that the tables hold."""
    try:
        return 1 <= int(_xraydb().atomic_number(symbol)) <= LAST_ELEMENT
    except (ValueError, TypeError):
        return False


@kept
def elements() -> tuple[str, ...]:
    """Return the symbols of all elements that are tabulated."""
    return tuple(str(_xraydb().atomic_symbol(z)) for z in range(1, LAST_ELEMENT + 1))


@kept
def parse_formula(formula: str) -> dict[str, float]:
    """Return the number of atoms of each element; a hydrate may be written ``CaSO4.2(H2O)`` or ``CaSO4·2H2O``.

    Raises
    ------
    ValueError
        If the formula cannot be read.
    """
    atoms: dict[str, float] = {}
    # 0.78(O2) is a share of a mixture, not (O2) 78 times
    main, *hydrates = re.split(r"[·*]|(?<!\D0)\.(?=\d+\(|\d+H2O)", formula.strip())
    for part, default in ((main, True), *((one, False) for one in hydrates)):
        count = None if default else re.match(r"\d+", part)
        factor = float(count.group()) if count else 1.0
        content: dict[str, float] = _xraydb().chemparse(part[count.end() :] if count else part)
        for element, number in content.items():
            atoms[element] = atoms.get(element, 0.0) + factor * float(number)
    if not atoms or not all(is_element(element) for element in atoms):
        raise ValueError(f"no chemical formula: {formula!r}")
    return atoms


@kept
def mass_fractions(formula: str) -> dict[str, float]:
    """Return the share of mass of each element in a formula."""
    masses = {one: number * float(_xraydb().atomic_mass(one)) for one, number in parse_formula(formula).items()}
    total = sum(masses.values())
    return {element: mass / total for element, mass in masses.items()}


@kept
def mu_cm2_per_g(formula: str, energies_ev: Floats, kind: Kind = "total") -> Floats:
    """Return the mass absorption coefficient (Elam) of a formula in cm²/g, shape of the energies."""
    total = np.zeros_like(energies_ev)
    for element, share in mass_fractions(formula).items():
        total += share * np.asarray(_xraydb().mu_elam(element, energies_ev, kind=kind), dtype=np.float64)
    return total


@kept
def material(name: str) -> tuple[str, float] | None:
    """Return formula and density in g/cm³ of a named material or gas (at 1 atm, 20 °C), or None if unknown."""
    found: tuple[str, float] | None = _xraydb().find_material(name)
    if found is not None:
        return str(found[0]), float(found[1])
    return None


@kept
def element_density(symbol: str) -> float:
    """Return the density of a pure element in g/cm³."""
    return float(_xraydb().atomic_density(symbol))


@kept
def edges_ev(element: str) -> dict[str, float]:
    """Return the energies of an element's absorption edges in eV, by name (``K``, ``L3`` …)."""
    return {name: float(edge.energy) for name, edge in _xraydb().xray_edges(element).items()}


class Shell(NamedTuple):
    """A shell that can be ionised, and what it then emits."""

    name: str
    edge_ev: float
    jump_ratio: float
    fluorescence_yield: float
    lines: tuple[tuple[float, float], ...]
    """Energy in eV and share of each line among the shell's photons."""


def shells(element: str) -> list[Shell]:
    """Return the K and L shells of an element (Elam), the innermost first."""
    return [Shell(*one) for one in sorted(_shells(element), key=lambda one: -one[1])]


@kept
def _shells(element: str) -> list[tuple[str, float, float, float, tuple[tuple[float, float], ...]]]:
    found: list[tuple[str, float, float, float, tuple[tuple[float, float], ...]]] = []
    for name, edge in _xraydb().xray_edges(element).items():
        if name in {"K", "L1", "L2", "L3"}:
            lines = _xraydb().xray_lines(element, initial_level=name).values()
            emitted = tuple((float(line.energy), float(line.intensity)) for line in lines)
            found.append((str(name), float(edge.energy), float(edge.jump_ratio), float(edge.fyield), emitted))
    return found


@kept
def core_width_ev(element: str, edge: str) -> float:
    """Return the natural width of a core level in eV (Keski-Rahkonen, Krause 1974; Krause, Oliver 1979)."""
    return float(_xraydb().core_width(element, edge))


@kept
def ionization_potential_ev(gas: str) -> float:
    """Return the mean energy per electron-ion pair of a gas in eV."""
    return float(_xraydb().ionization_potential(gas))


@kept
def compton_electron_ev(energies_ev: Floats) -> Floats:
    """Return the mean energy of a Compton electron in eV (integrated Klein-Nishina cross section)."""
    energies = _xraydb().get_xraydb().compton_energies(energies_ev)
    return np.asarray(energies.electron_mean, dtype=np.float64)


@kept
def form_factor(element: str, q_per_angstrom: float) -> float:
    """Return f0 at q = sin θ / λ in 1/Å."""
    return float(_xraydb().f0(element, q_per_angstrom)[0])


@kept
def anomalous(element: str, energies_ev: Floats) -> tuple[Floats, Floats]:
    """Return f' and f'' (Chantler) at the energies."""
    database = _xraydb()
    first = np.atleast_1d(np.asarray(database.f1_chantler(element, energies_ev), dtype=np.float64))
    second = np.atleast_1d(np.asarray(database.f2_chantler(element, energies_ev), dtype=np.float64))
    return first, second


@kept
def delta_beta(formula: str, density_g_cm3: float, energies_ev: Floats) -> tuple[Floats, Floats]:
    """Return δ and β of the refractive index 1 - δ - iβ (Chantler), shape of the energies."""
    delta, beta, _ = _xraydb().xray_delta_beta(formula, density_g_cm3, energies_ev)
    return np.asarray(delta, dtype=np.float64), np.asarray(beta, dtype=np.float64)
