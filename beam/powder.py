"""Powder rings of a calibrant: where Bragg's law puts them, and how strong they are.

sin θ = hc/(2 d E), d = a/√(h² + k² + l²). Of a ring, per steradian and for light of one polarisation,

    m |F|² / (sin θ sin 2θ)

m the number of equivalent planes, F = Σ (f0 + f' + i f'') exp(2πi hkl·r) with f0 of Waasmaier and Kirfel, f' and f'' of
Chantler (A. Guinier, X-Ray Diffraction, ch. 6.2). Debye-Waller factors, absorption and texture are left out.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping
from itertools import combinations_with_replacement, permutations, product
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from beam.constants import HC
from beam.tables import anomalous, form_factor

Calibrant: TypeAlias = Literal["LaB6", "CeO2"]
Place: TypeAlias = tuple[float, float, float]


class Cell(NamedTuple):
    """A cubic unit cell."""

    lattice_angstrom: float
    source: str
    atoms: Mapping[str, tuple[Place, ...]]


_FACES: tuple[Place, ...] = ((0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0))
_BORON = 0.1993
CELLS: Mapping[Calibrant, Cell] = {
    "LaB6": Cell(
        4.156826,
        "recalled: NIST SRM 660c, 22.5 °C; boron at 0.1993: recalled",
        {
            "La": ((0, 0, 0),),
            "B": tuple(place for x in (_BORON, 1 - _BORON) for place in ((x, 0.5, 0.5), (0.5, x, 0.5), (0.5, 0.5, x))),
        },
    ),
    "CeO2": Cell(
        5.411651,
        "recalled: NIST SRM 674b, 22.5 °C",
        {
            "Ce": _FACES,
            "O": tuple((x + q, y + q, z + q) for x, y, z in _FACES for q in (0.25, 0.75)),
        },
    ),
}
LEAST_STRENGTH = 1e-9
"""Of the strongest: rings weaker than this are forbidden ones."""


class Ring(NamedTuple):
    """One powder ring."""

    hkl: tuple[int, int, int]
    two_theta_deg: float
    strength: float
    """Against the strongest, per steradian, without polarisation."""


def rings(calibrant: Calibrant, energy_ev: float, most_deg: float) -> list[Ring]:
    """Return the rings up to a scattering angle, the innermost first.

    Parameters
    ----------
    calibrant
        Of what.
    energy_ev
        Photon energy.
    most_deg
        Highest scattering angle 2θ, below 180°.
    """
    cell = CELLS[calibrant]
    half_wavelength = HC / energy_ev / 2
    most = int(cell.lattice_angstrom / half_wavelength)
    factors = {element: anomalous(element, np.array([energy_ev])) for element in cell.atoms}
    found: list[Ring] = []
    for h in range(1, most + 1):
        for k, l_ in combinations_with_replacement(range(h, -1, -1), 2):
            sine = half_wavelength * math.sqrt(h * h + k * k + l_ * l_) / cell.lattice_angstrom
            if sine >= 1 or (theta := math.asin(sine)) > math.radians(most_deg) / 2:
                continue
            amplitude = 0j
            for element, places in cell.atoms.items():
                first, second = factors[element]
                factor = form_factor(element, sine / (2 * half_wavelength)) + first[0] + 1j * second[0]
                phases = (h * x + k * y + l_ * z for x, y, z in places)
                amplitude += factor * sum(cmath.exp(2j * math.pi * phase) for phase in phases)
            strength = planes((h, k, l_)) * abs(amplitude) ** 2 / (math.sin(theta) * math.sin(2 * theta))
            found.append(Ring((h, k, l_), math.degrees(2 * theta), strength))
    strongest = max((one.strength for one in found), default=1.0)
    allowed = [one._replace(strength=one.strength / strongest) for one in found]
    return sorted((one for one in allowed if one.strength > LEAST_STRENGTH), key=lambda one: one.two_theta_deg)


def planes(hkl: tuple[int, int, int]) -> int:
    """Return how many planes are equivalent to one in a cubic crystal: its multiplicity."""
    return len(
        {
            tuple(sign * index for sign, index in zip(signs, order, strict=True))
            for order in permutations(hkl)
            for signs in product((1, -1), repeat=3)
        }
    )
