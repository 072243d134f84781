"""A planar undulator: gap and photon energy as an invertible pair, and its light.

References: X-ray Data Booklet (LBNL, 2009) section 2.1 (K. J. Kim) for energies, flux and power; P. Elleaume,
J. Chavanne, B. Faatz, NIM A 455 (2000) 503 for the peak field as a function of the gap.
"""

from __future__ import annotations

import bisect
import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from beam import facts
from beam.electrons import (
    CENTRAL_CONE,
    FLUX_DENSITY,
    RATIO_MAX,
    RATIO_MIN,
    ElectronBeam,
    gap_range_mm,
    k_per_tesla,
)
from beam.errors import OutOfReach
from beam.lineshape import coupling, natural_line

Floats: TypeAlias = npt.NDArray[np.float64]

# Elleaume et al.: B0 = a exp(b g/λu + c (g/λu)²) in tesla, for 0.1 < g/λu < 1
FIELD = {"ppm": (2.076, -3.24, 0.0), "hybrid": (3.694, -5.068, 1.520)}
TABLE_POINTS = 4001  # linear interpolation of the peaks between them is good to 1e-6


class PlanarUndulator:
    """A planar undulator in a ring.

    Parameters
    ----------
    undulator
        Period, number of periods, magnet, harmonics, acceptance.
    ring
        Electron energy, energy spread, emittance, beta functions.
    """

    def __init__(self, undulator: facts.PlanarUndulator, ring: facts.Ring) -> None:
        self.facts = undulator
        self.ring = ring
        self.electrons = ElectronBeam(ring)
        self.length_m = undulator.periods * undulator.period_mm * 1e-3
        self._period = undulator.period_mm
        self._field = FIELD[undulator.magnet]
        self._k_per_tesla = k_per_tesla(self._period)
        self._energy_at_k0 = self.electrons.energy_at_k0_ev(self._period)
        self._n = sorted(undulator.harmonics)
        self._per_ratio = (TABLE_POINTS - 1) / (RATIO_MAX - RATIO_MIN)
        self._peaks: list[list[float]] = self._tabulate().tolist()

    def field_t(self, gap_mm: float) -> float:
        """Return the peak field on axis in tesla (Elleaume et al.)."""
        a, b, c = self._field
        ratio = gap_mm / self._period
        return a * math.exp(ratio * (b + c * ratio))

    def k(self, gap_mm: float) -> float:
        """Return the deflection parameter K = e B0 λu / (2π m c) at a gap in mm."""
        return self._k_per_tesla * self.field_t(gap_mm)

    def gap_for_k(self, k: float) -> float:
        """Return the gap in mm for a deflection parameter: the inverse of `k`.

        Raises
        ------
        OutOfReach
            If K is not positive or the gap would lie outside the validity of the field formula.
        """
        low, high = self.k(RATIO_MAX * self._period), self.k(RATIO_MIN * self._period)
        if not low < k < high:
            raise OutOfReach(f"{self.facts.gap.name} K {k:g}: {low:.4g} … {high:.4g} is the validity of K(gap)")
        a, b, c = self._field
        # ln(B0/a) = b r + c r², the root that decreases with the field
        log = math.log(k / (self._k_per_tesla * a))
        ratio = log / b if c == 0 else (-b - math.sqrt(b * b + 4 * c * log)) / (2 * c)
        return ratio * self._period

    def has_light(self, gap_mm: float) -> bool:
        """Tell whether the gap lies within the validity 0.1 < g/λu < 1 of the field formula."""
        return RATIO_MIN < gap_mm / self._period < RATIO_MAX

    def energy_ev(self, gap_mm: float, n: int = 1) -> float:
        """Return the photon energy of harmonic `n` on axis, E_n = n 2hcγ²/λu / (1 + K²/2), in eV."""
        k = self.k(gap_mm)
        return n * self._energy_at_k0 / (1 + 0.5 * k * k)

    def gap_mm(self, energy_ev: float, n: int) -> float:
        """Return the gap in mm at which harmonic `n` has the energy: the inverse of `energy_ev`.

        Raises
        ------
        OutOfReach
            If the undulator has no such harmonic, or it does not reach the energy; the message names the range.
        """
        low, high = self.reachable_ev(n)
        if not low <= energy_ev <= high:
            raise OutOfReach(
                f"{self.facts.gap.name} energy {energy_ev:g} eV: harmonic {n} reaches {low:.1f} … {high:.1f} eV"
            )
        k = math.sqrt(2 * (n * self._energy_at_k0 / energy_ev - 1))
        return min(max(self.gap_for_k(k), self.facts.gap.low), self.facts.gap.high)

    def reachable_ev(self, n: int) -> tuple[float, float]:
        """Return the lowest and highest photon energy of harmonic `n` within the gap's range and validity."""
        if n not in self.facts.harmonics:
            known = ", ".join(str(one) for one in self.facts.harmonics)
            raise OutOfReach(f"{self.facts.gap.name} harmonic {n}: the harmonics in use are {known}")
        low, high = self._gap_range()
        return self.energy_ev(low, n), self.energy_ev(high, n)

    def harmonics_for(self, energy_ev: float) -> list[int]:
        """Return the harmonics that reach an energy, in ascending order; empty if none does."""
        found: list[int] = []
        for n in self.facts.harmonics:
            low, high = self.reachable_ev(n)
            if low <= energy_ev <= high:
                found.append(n)
        return sorted(found)

    def best_harmonic(self, energy_ev: float) -> int:
        """Return the harmonic that gives the highest flux at an energy.

        Raises
        ------
        OutOfReach
            If no harmonic reaches the energy; the message names the whole range.
        """
        harmonics = self.harmonics_for(energy_ev)
        if not harmonics:
            ranges = [self.reachable_ev(n) for n in self.facts.harmonics]
            low, high = min(one[0] for one in ranges), max(one[1] for one in ranges)
            raise OutOfReach(f"{self.facts.gap.name} energy {energy_ev:g} eV: reaches {low:.1f} … {high:.1f} eV")

        def flux(n: int) -> float:
            return self.fluxes([energy_ev], self.gap_mm(energy_ev, n), self.ring.current_ma)[0]

        return max(harmonics, key=flux)

    def flux_density(self, gap_mm: float, n: int, current_ma: float) -> float:
        """Return the flux density on axis at harmonic `n` (Kim), without emittance and energy spread.

        Returns
        -------
        float
            1.744e14 N² E² I F_n(K) in photons/s/mrad²/0.1% bandwidth, E in GeV, I in A.
        """
        strength = float(coupling(np.array([float(n)]), np.array([self.k(gap_mm)]))[0])
        periods, energy = self.facts.periods, self.ring.energy_gev
        return FLUX_DENSITY * periods**2 * energy**2 * current_ma * 1e-3 * strength

    def central_cone(self, gap_mm: float, n: int, current_ma: float) -> float:
        """Return the flux in the central cone at harmonic `n` (Kim), without emittance and energy spread.

        Returns
        -------
        float
            1.431e14 N I Q_n in photons/s/0.1% bandwidth, with Q_n = (1 + K²/2) F_n / n and I in A.
        """
        return current_ma * float(self._cone_per_ma(np.array([self.k(gap_mm)]), np.array([float(n)]))[0])

    def spectral_flux(self, energies_ev: Floats, gap_mm: float, current_ma: float) -> Floats:
        """Return the flux through the acceptance on the finite-width lines of the harmonics in use.

        Each harmonic is its central cone (Kim) times the share of the cone within the square acceptance, on the
        natural line sinc²(π n N ΔE/E_n) convolved with the energy spread and the angular spread; the convolution
        lowers the peak and keeps the integral. Each energy sees the line of the harmonic nearest to it (the tails
        of the others are below 1e-5 of their peaks). The red shift of light off axis is left out.

        Parameters
        ----------
        energies_ev
            Photon energies, shape (k,).
        gap_mm, current_ma
            Gap and ring current.

        Returns
        -------
        ndarray, shape (k,)
            photons/s/0.1% bandwidth; all zero where the gap gives no light.
        """
        return np.array(self.fluxes(energies_ev.tolist(), gap_mm, current_ma))

    def fluxes(self, energies_ev: list[float], gap_mm: float, current_ma: float) -> list[float]:
        """Return `spectral_flux` for a few energies without the cost of arrays."""
        if not self.has_light(gap_mm) or current_ma <= 0:
            return [0.0] * len(energies_ev)
        k = self.k(gap_mm)
        first = self._energy_at_k0 / (1 + 0.5 * k * k)
        spread = self.electrons.spread(k)
        place = (gap_mm / self._period - RATIO_MIN) * self._per_ratio
        row = min(int(place), len(self._peaks) - 2)
        share = place - row
        here, after = self._peaks[row], self._peaks[row + 1]
        found: list[float] = []
        for energy in energies_ev:
            column = self._nearest(energy / first)
            n = self._n[column]
            phase = n * self.facts.periods
            peak = current_ma * (here[column] * (1 - share) + after[column] * share)
            found.append(peak * natural_line((energy / (n * first) - 1.0) * phase, phase * spread))
        return found

    def fwhm_ev(self, n: int, gap_mm: float) -> float:
        """Return the full width at half maximum of harmonic `n` in eV, all broadening included."""
        phase = n * self.facts.periods
        width = phase * self.electrons.spread(self.k(gap_mm))
        half = 0.5 * natural_line(0.0, width)
        # the line falls monotonically to its half within this range
        low, high = 0.0, 0.5 + 2.0 * width
        while high - low > 1e-9 * high:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if natural_line(middle, width) > half else (low, middle)
        return (low + high) / phase * self.energy_ev(gap_mm, n)

    def power_kw(self, gap_mm: float, current_ma: float) -> float:
        """Return the total radiated power in kW, 0.633 E² B0² L I."""
        return self.electrons.power_kw(self.field_t(gap_mm), self.length_m, current_ma)

    def _gap_range(self) -> tuple[float, float]:
        """Return the gaps that give light: what the mechanics reach within the validity of the formula."""
        return gap_range_mm(self.facts.gap.low, self.facts.gap.high, self._period)

    def _nearest(self, ratio: float) -> int:
        """Return the column of the harmonic in use nearest to `ratio` = E/E_1."""
        column = bisect.bisect(self._n, ratio)
        if column == len(self._n) or (column > 0 and ratio - self._n[column - 1] < self._n[column] - ratio):
            return column - 1
        return column

    def _cone_per_ma(self, k: Floats, n: Floats) -> Floats:
        cone: Floats = CENTRAL_CONE * self.facts.periods * 1e-3 * (1 + 0.5 * k * k) / n * coupling(n, k)
        return cone

    def _tabulate(self) -> Floats:
        """Return the peak (per mA, before broadening) of each harmonic over the validity of K(gap)."""
        gaps = np.linspace(RATIO_MIN, RATIO_MAX, TABLE_POINTS) * self._period
        k = np.array([self.k(float(gap)) for gap in gaps])[:, np.newaxis]
        n = np.array(self._n, dtype=np.float64)
        lines = n * self._energy_at_k0 / (1 + 0.5 * k * k)
        accepted = self.electrons.accepted(lines, self.length_m, self.facts.acceptance_urad)
        table: Floats = self._cone_per_ma(k, n) * accepted
        return table
