"""The magneto-optical sum rules of the L2,3 edges: moments and integrals as an invertible pair.

With p = ∫(µ₊ - µ₋) over L3, q the same over L3 and L2, r = ∫(µ₊ + µ₋ - steps) over both, n holes in the 3d shell and
⟨Tz⟩ of the magnetic dipole operator (in ħ):

    m_orb = -4 q n / (3 r),    m_spin - 7 ⟨Tz⟩ = -(6 p - 4 q) n / r    (µB per atom)

References: B. T. Thole et al., Phys. Rev. Lett. 68 (1992) 1943 (orbital); P. Carra et al., Phys. Rev. Lett. 70 (1993)
694 (spin); in this form C. T. Chen et al., Phys. Rev. Lett. 75 (1995) 152, whose m_spin (1 + 7⟨Tz⟩/2⟨Sz⟩) is
m_spin - 7⟨Tz⟩ with ⟨Sz⟩ = -m_spin/2. r here is over the sum of two helicities (the third, linear one taken as their
mean). Full circular polarisation along the magnetisation is assumed.
"""

from __future__ import annotations

from typing import NamedTuple


class Moments(NamedTuple):
    """Magnetic moments of an atom in Bohr magnetons."""

    orbital: float
    spin: float


class Integrals(NamedTuple):
    """The integrals of the sum rules, in the unit of the absorption times eV."""

    p: float
    q: float
    r: float


def integrals(moments: Moments, holes: float, r: float, tz: float = 0.0) -> Integrals:
    """Return p and q that belong to the moments, given r.

    Parameters
    ----------
    moments
        Orbital and spin moment in µB.
    holes
        Number n of holes in the 3d shell.
    r
        Integral of the white lines, both helicities.
    tz
        ⟨Tz⟩ in ħ.
    """
    q = -0.75 * moments.orbital * r / holes
    p = (4 * q - (moments.spin - 7 * tz) * r / holes) / 6
    return Integrals(p, q, r)


def moments(integrals: Integrals, holes: float, tz: float = 0.0) -> Moments:
    """Return the moments in µB from p, q and r: the inverse of `integrals`."""
    p, q, r = integrals
    return Moments(-4 * q * holes / (3 * r), -(6 * p - 4 * q) * holes / r + 7 * tz)
