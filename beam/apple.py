"""One APPLE-II magnet array: rows that slide make the polarisation, the gap the energy; both as invertible pairs.

Four rows of magnets, two above and two below the beam. Sliding the diagonal pair 1, 3 by `phase` against the pair
2, 4 gives fields By = B0y cos(πp/λu) and Bx = B0x sin(πp/λu), a quarter period apart: elliptical light. Sliding the
rows of one pair against each other by ±`antiphase` gives By = B0y cos²(πq/λu) and Bx = B0x sin²(πq/λu) in step:
linear light at an angle, positive with the pair 1, 3 and (as negative antiphase) negative with the pair 2, 4.

References: S. Sasaki, NIM A 347 (1994) 83 (the device and its modes); P. Elleaume, J. Chavanne, B. Faatz,
NIM A 455 (2000) 503 (peak fields, 0.1 < g/λu < 1; the coefficients are recalled: the fitted circular field of the
same paper, which nothing here uses, agrees to 0.2 % and is a test); K. J. Kim, NIM 219 (1984) 425 (harmonics of an
elliptical undulator on its axis). Left out: the change of the field integrals with the phase, and end fields.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from beam.electrons import RATIO_MAX, RATIO_MIN, gap_range_mm, k_per_tesla
from beam.errors import OutOfReach
from beam.polarisation import (
    CIRCULAR_MINUS,
    CIRCULAR_PLUS,
    FIXED,
    HORIZONTAL,
    VERTICAL,
    Polarisation,
    Stokes,
    stokes,
)
from beam.roots import bisect
from beam.tables import bessel_j

# B0 = a exp(b g/λu + c (g/λu)²) in tesla: vertical field (horizontal light), horizontal field (vertical light)
FIELD_Y = (1.76, -2.77, -0.37)
FIELD_X = (2.22, -5.19, 0.88)


class Rows(NamedTuple):
    """How the rows stand: `phase_mm` of the pair 1, 3; `antiphase_mm` within pair 1, 3 (positive) or 2, 4."""

    phase_mm: float
    antiphase_mm: float = 0.0


class Setting(NamedTuple):
    """Where an APPLE-II stands for an energy in a polarisation."""

    gap_mm: float
    rows: Rows


class AppleArray:
    """The magnets of an APPLE-II undulator.

    Parameters
    ----------
    name
        What refusals call it.
    period_mm
        Period λu.
    gap_mm
        Lowest and highest gap of the mechanics.
    energy_at_k0_ev
        First harmonic at K = 0, 2hcγ²/λu.
    harmonics
        Odd harmonics in use.
    """

    def __init__(
        self,
        name: str,
        *,
        period_mm: float,
        gap_mm: tuple[float, float],
        energy_at_k0_ev: float,
        harmonics: Sequence[int],
    ) -> None:
        self.name = name
        self.period_mm = period_mm
        self.harmonics = tuple(sorted(harmonics))
        self.gap_range_mm = gap_range_mm(*gap_mm, period_mm)
        self._energy_at_k0 = energy_at_k0_ev
        self._k_per_tesla = k_per_tesla(period_mm)

    def has_light(self, gap_mm: float) -> bool:
        """Tell whether the gap lies within the validity 0.1 < g/λu < 1 of the field formula."""
        return RATIO_MIN < gap_mm / self.period_mm < RATIO_MAX

    def peak_fields_t(self, gap_mm: float) -> tuple[float, float]:
        """Return B0x and B0y in tesla: the whole horizontal and the whole vertical field at a gap."""
        ratio = gap_mm / self.period_mm
        (ax, bx, cx), (ay, by, cy) = FIELD_X, FIELD_Y
        return ax * math.exp(ratio * (bx + cx * ratio)), ay * math.exp(ratio * (by + cy * ratio))

    def fields_t(self, gap_mm: float, rows: Rows) -> tuple[complex, complex]:
        """Return the amplitudes Bx and By in tesla of the fields Re(B exp(-2πiz/λu)) on the axis."""
        turn = -2j * math.pi / self.period_mm
        first, second = max(rows.antiphase_mm, 0.0), max(-rows.antiphase_mm, 0.0)
        moved = cmath.exp(turn * rows.phase_mm) * math.cos(abs(turn) * first)  # the mean of rows 1 and 3
        still = math.cos(abs(turn) * second)  # the mean of rows 2 and 4
        x, y = self.peak_fields_t(gap_mm)
        return 0.5 * x * (moved - still), 0.5 * y * (moved + still)

    def k(self, gap_mm: float, rows: Rows) -> tuple[float, float]:
        """Return the deflection parameters Kx and Ky (by the horizontal and the vertical field)."""
        x, y = self.fields_t(gap_mm, rows)
        return self._k_per_tesla * abs(x), self._k_per_tesla * abs(y)

    def field_ellipse(self, gap_mm: float, rows: Rows) -> Stokes:
        """Return the Stokes parameters of the electrons' motion; its `p3` is 2KxKy/(Kx² + Ky²) for a phase alone."""
        x, y = self._motion(gap_mm, rows)
        return stokes(x, y)

    def first_harmonic_ev(self, gap_mm: float, rows: Rows) -> float:
        """Return the first harmonic on axis, 2hcγ²/λu / (1 + (Kx² + Ky²)/2), in eV."""
        x, y = self.k(gap_mm, rows)
        return self._energy_at_k0 / (1 + 0.5 * (x * x + y * y))

    def rows_for(self, polarisation: Polarisation, gap_mm: float) -> Rows:
        """Return how the rows must stand for a polarisation at a gap in mm."""
        x, y = self.peak_fields_t(gap_mm)
        scale = self.period_mm / math.pi
        match polarisation.mode:
            case "horizontal":
                return Rows(0.0)
            case "vertical":
                return Rows(0.5 * self.period_mm)
            case "circular+":
                return Rows(scale * math.atan2(y, x))
            case "circular-":
                return Rows(-scale * math.atan2(y, x))
            case "elliptic":
                degree = abs(polarisation.value)
                # Kx/Ky of a field ellipse with its long axis horizontal
                ratio = degree / (1 + math.sqrt(1 - degree * degree))
                return Rows(math.copysign(scale * math.atan2(ratio * y, x), polarisation.value))
            case "linear":
                tilt = math.radians(abs(polarisation.value))
                step = scale * math.atan2(math.sqrt(math.sin(tilt) * y), math.sqrt(max(math.cos(tilt), 0.0) * x))
                return Rows(0.0, math.copysign(step, polarisation.value))

    def polarisation_of(self, gap_mm: float, rows: Rows, tolerance: float = 1e-3) -> Polarisation | None:
        """Return the polarisation that rows give at a gap in mm: the inverse of `rows_for`.

        Parameters
        ----------
        gap_mm, rows
            Where gap and rows stand.
        tolerance
            How far the Stokes parameters of the motion, relative to the whole, may be from those of a polarisation.

        Returns
        -------
        Polarisation or None
            None where the motion is none of those that can be asked for.
        """
        motion = self.field_ellipse(gap_mm, rows)
        if abs(motion.p3) > 1 - tolerance:
            return CIRCULAR_PLUS if motion.p3 > 0 else CIRCULAR_MINUS
        if abs(motion.p3) < tolerance:
            if abs(motion.p2) < tolerance:
                return HORIZONTAL if motion.p1 > 0 else VERTICAL
            return Polarisation("linear", motion.angle_deg)
        if abs(motion.p2) < tolerance and motion.p1 > 0:
            return Polarisation("elliptic", motion.p3)
        return None

    def energy_ev(self, gap_mm: float, polarisation: Polarisation, n: int = 1) -> float:
        """Return the photon energy in eV of harmonic `n` at a gap in mm with the rows set for a polarisation."""
        return n * self.first_harmonic_ev(gap_mm, self.rows_for(polarisation, gap_mm))

    def gap_mm(self, energy_ev: float, polarisation: Polarisation, n: int = 1) -> float:
        """Return the gap in mm at which harmonic `n` has the energy in a polarisation: the inverse of `energy_ev`.

        Raises
        ------
        OutOfReach
            If the harmonic has no light in this polarisation, or does not reach the energy; the message gives the
            range, and what other polarisations reach the energy.
        """
        low, high = self.reachable_ev(polarisation, n)
        if not low <= energy_ev <= high:
            raise OutOfReach(
                f"{self.name} energy {energy_ev:g} eV: {polarisation} in harmonic {n} "
                f"reaches {low:.1f} … {high:.1f} eV{self._others(energy_ev, polarisation)}"
            )
        return bisect(lambda gap: self.energy_ev(gap, polarisation, n), energy_ev, *self.gap_range_mm)

    def setting(self, energy_ev: float, polarisation: Polarisation, n: int = 1) -> Setting:
        """Return gap and rows for an energy in eV in a polarisation; raises as `gap_mm`."""
        gap = self.gap_mm(energy_ev, polarisation, n)
        return Setting(gap, self.rows_for(polarisation, gap))

    def reachable_ev(self, polarisation: Polarisation, n: int) -> tuple[float, float]:
        """Return the lowest and highest energy of harmonic `n` in a polarisation.

        Raises
        ------
        OutOfReach
            If the harmonic is none of those that have light on the axis in this polarisation.
        """
        usable = self.harmonics_in(polarisation)
        if n not in usable:
            known = ", ".join(str(one) for one in usable)
            raise OutOfReach(f"{self.name} harmonic {n}: in {polarisation} the harmonics in use are {known}")
        low, high = self.gap_range_mm
        return self.energy_ev(low, polarisation, n), self.energy_ev(high, polarisation, n)

    def range_ev(self, polarisation: Polarisation) -> tuple[float, float]:
        """Return the lowest and highest energy in a polarisation over all harmonics in use."""
        ranges = [self.reachable_ev(polarisation, n) for n in self.harmonics_in(polarisation)]
        return min(low for low, _ in ranges), max(high for _, high in ranges)

    def harmonics_in(self, polarisation: Polarisation) -> tuple[int, ...]:
        """Return the harmonics in use that have light on axis: circular light has the first alone."""
        circular = polarisation.mode in {"circular+", "circular-"} or (
            polarisation.mode == "elliptic" and abs(polarisation.value) == 1
        )
        return self.harmonics[:1] if circular else self.harmonics

    def harmonics_for(self, energy_ev: float, polarisation: Polarisation) -> list[int]:
        """Return the harmonics that reach an energy in eV in a polarisation, in ascending order."""
        found: list[int] = []
        for n in self.harmonics_in(polarisation):
            low, high = self.reachable_ev(polarisation, n)
            if low <= energy_ev <= high:
                found.append(n)
        return found

    def best_harmonic(self, energy_ev: float, polarisation: Polarisation) -> int:
        """Return the harmonic with the strongest light of an energy in a polarisation.

        Raises
        ------
        OutOfReach
            If no harmonic reaches the energy; the message gives the range, and what other polarisations reach it.
        """
        harmonics = self.harmonics_for(energy_ev, polarisation)
        if not harmonics:
            low, high = self.range_ev(polarisation)
            raise OutOfReach(
                f"{self.name} energy {energy_ev:g} eV: {polarisation} reaches {low:.1f} … {high:.1f} eV"
                f"{self._others(energy_ev, polarisation)}"
            )

        def strength(n: int) -> float:
            x, y = self.amplitudes(*self.setting(energy_ev, polarisation, n), n)
            return abs(x) ** 2 + abs(y) ** 2

        return max(harmonics, key=strength)

    def amplitudes(self, gap_mm: float, rows: Rows, n: int) -> tuple[complex, complex]:
        """Return the amplitudes (x, y) of harmonic `n` on axis, so that |x|² + |y|² is Q_n = (1 + K²/2) F_n/n.

        In the principal axes of the electrons' motion, with semi-axes Ku ≥ Kv a quarter period apart,
        A_u = Ku (J_(n-1)/2(Y) - J_(n+1)/2(Y)) and A_v = i Kv (J_(n-1)/2(Y) + J_(n+1)/2(Y)), each times n/(1 + K²/2),
        with Y = n (Ku² - Kv²)/(4 + 2K²) and K² = Ku² + Kv² (Kim 1984). With Kv = 0 that is the planar undulator.
        Even harmonics have no light on axis.
        """
        if n % 2 == 0:
            return 0j, 0j
        x, y = self._motion(gap_mm, rows)
        # the phase at which the motion passes the end of its long axis
        turn = cmath.exp(0.5j * cmath.phase(x * x + y * y)) if x * x + y * y else 1.0 + 0j
        x, y = x / turn, y / turn
        k2 = abs(x) ** 2 + abs(y) ** 2
        long2, short2 = x.real**2 + y.real**2, x.imag**2 + y.imag**2
        orders = bessel_j(np.array([(n - 1) / 2, (n + 1) / 2]), np.full(2, n * (long2 - short2) / (4 + 2 * k2)))
        below, above = float(orders[0]), float(orders[1])
        scale = math.sqrt(n / (1 + 0.5 * k2)) * turn**n
        along, across = below - above, below + above
        return scale * complex(along * x.real, across * x.imag), scale * complex(along * y.real, across * y.imag)

    def _motion(self, gap_mm: float, rows: Rows) -> tuple[complex, complex]:
        """Return the amplitudes of the electrons' deflection: By deflects along x, Bx along -y."""
        x, y = self.fields_t(gap_mm, rows)
        return self._k_per_tesla * y, -self._k_per_tesla * x

    def _others(self, energy_ev: float, polarisation: Polarisation) -> str:
        """Return what other polarisations reach an energy, in words."""
        found: list[str] = []
        for one in FIXED:
            if one != polarisation and self.harmonics_for(energy_ev, one):
                low, high = self.range_ev(one)
                found.append(f"{one} {low:.1f} … {high:.1f} eV")
        return f"; it is within reach of {', '.join(found)}" if found else "; no polarisation reaches it"
