"""A fixed-exit double-crystal monochromator: Bragg's law, geometry, dynamical diffraction.

Convention: the Bragg angle is the one for which Bragg's law holds exactly for the first order, that is the
refraction correction (about 32 µrad at 8 keV) is taken as calibrated into the angle, as a beamline does when it
sets its energy scale on a foil. Order m then transmits m times the energy; the small difference of refraction
between the orders is left out.

References: J. Als-Nielsen, D. McMorrow, Elements of Modern X-ray Physics, 2nd ed. (2011), section 6.4 (the Darwin
curve with absorption, as in xraydb.darwin_width, against which the tests hold it); f0, f', f'' from `beam.tables`.
Debye-Waller factors (0.98 for 111, 0.87 for 333 in intensity) and the weak Si(222) of the bond charge are left out.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from beam import facts
from beam.constants import CLASSICAL_ELECTRON_RADIUS, HC, SILICON_LATTICE
from beam.errors import OutOfReach
from beam.tables import anomalous, form_factor

Floats: TypeAlias = npt.NDArray[np.float64]


def bragg_deg(energy_ev: float, d_angstrom: float) -> float:
    """Return the Bragg angle in degrees of a photon energy, 2 d sin θ = hc/E.

    Raises
    ------
    OutOfReach
        If the energy is below hc/2d (or not positive): no angle diffracts it.
    """
    lowest = HC / (2 * d_angstrom)
    if not energy_ev >= lowest:
        raise OutOfReach(f"energy {energy_ev:g} eV: planes of d {d_angstrom:.6g} Å diffract above {lowest:.1f} eV")
    return math.degrees(math.asin(lowest / energy_ev))


def energy_ev(bragg_deg: float, d_angstrom: float) -> float:
    """Return the photon energy in eV of a Bragg angle in degrees: the inverse of `bragg_deg`.

    Raises
    ------
    OutOfReach
        If the angle is not above 0 and up to 90 degrees.
    """
    if not 0 < bragg_deg <= 90:
        raise OutOfReach(f"Bragg angle {bragg_deg:g} deg: must be above 0 and up to 90 deg")
    return HC / (2 * d_angstrom * math.sin(math.radians(bragg_deg)))


def energies_ev(bragg_deg: Floats, d_angstrom: float) -> Floats:
    """Return the photon energies in eV of many Bragg angles in degrees: `energy_ev`; not a number beyond 0 … 90."""
    found: Floats = np.full_like(bragg_deg, np.nan)
    fits = (bragg_deg > 0) & (bragg_deg <= 90) & (d_angstrom > 0)
    found[fits] = HC / (2 * d_angstrom * np.sin(np.radians(bragg_deg[fits])))
    return found


def perp_mm(bragg_deg: float, exit_offset_mm: float) -> float:
    """Return the gap between the crystals h / (2 cos θ) in mm that keeps the beam's exit offset h in mm."""
    return exit_offset_mm / (2 * math.cos(math.radians(bragg_deg)))


def exit_offset_mm(bragg_deg: float, perp_mm: float) -> float:
    """Return the exit offset h in mm of the beam for a crystal gap in mm: the inverse of `perp_mm`."""
    return 2 * perp_mm * math.cos(math.radians(bragg_deg))


def translation_mm(bragg_deg: float, exit_offset_mm: float) -> float:
    """Return how far along the beam the second crystal sits, h / (2 sin θ) in mm."""
    return exit_offset_mm / (2 * math.sin(math.radians(bragg_deg)))


def is_allowed(miller: tuple[int, int, int]) -> bool:
    """Tell whether the diamond structure diffracts from these planes: all odd, or all even with a sum of 4n."""
    parities = {index % 2 for index in miller}
    return parities == {1} or (parities == {0} and sum(miller) % 4 == 0)


def times(miller: tuple[int, int, int], order: int) -> tuple[int, int, int]:
    """Return the planes of order m: (111) in third order is (333)."""
    return miller[0] * order, miller[1] * order, miller[2] * order


def spacing_angstrom(miller: tuple[int, int, int]) -> float:
    """Return the spacing of silicon's planes in Å."""
    return float(SILICON_LATTICE) / math.sqrt(sum(index * index for index in miller))


class Darwin(NamedTuple):
    """The Darwin curves of one reflection over energies: all relative to the energy, ζ = ΔE/E = Δθ/tan θ."""

    offset: Floats
    """Refraction offset of the centre, shape (k,)."""
    fwhm: Floats
    """Full width at half maximum, as xraydb's energy_fwhm / E, shape (k,)."""
    zeta: Floats
    """Distance from the centre, shape (k, points)."""
    reflectivity: Floats
    """Reflectivity of one crystal, shape (k, points)."""


HALF_RANGE = 12.0  # of the Darwin curve, in its half widths
POINTS = 1201
FFT_POINTS = 2592  # at least twice as many, and a product of small primes


def darwin(energies_ev: Floats, miller: tuple[int, int, int]) -> Darwin:
    """Return the Darwin curves of silicon for σ polarisation.

    Parameters
    ----------
    energies_ev
        Photon energies, shape (k,), each above hc/2d of the planes.
    miller
        Planes; they must be allowed ones.
    """
    if not is_allowed(miller):
        raise ValueError(f"Si{miller} is forbidden")
    a = float(SILICON_LATTICE)
    d = spacing_angstrom(miller)
    structure = 8.0 if miller[0] % 2 == 0 else 4.0 * math.sqrt(2.0)
    scale = 2 * d * d * CLASSICAL_ELECTRON_RADIUS / a**3
    first, second = anomalous("Si", energies_ev)
    anomaly = first - 1j * second
    forward = 8.0 * scale * (form_factor("Si", 0.0) + anomaly)
    strength = structure * scale * (form_factor("Si", 0.5 / d) + anomaly)
    total = np.abs(2 * strength / math.pi)
    offset: Floats = forward.real / math.pi
    reach = 0.5 * total * HALF_RANGE
    zeta: Floats = np.linspace(-1.0, 1.0, POINTS) * reach[:, np.newaxis]
    x = (math.pi * (zeta + offset[:, np.newaxis]) - forward[:, np.newaxis]) / strength[:, np.newaxis]
    root = np.sqrt(x * x - 1)
    # of the two solutions the one that does not grow into the crystal
    amplitude = np.where(np.abs(x - root) <= np.abs(x + root), x - root, x + root)
    reflectivity: Floats = np.abs(amplitude) ** 2
    return Darwin(offset, total * 3 / (2 * math.sqrt(2)), zeta, reflectivity)


class CrystalPair:
    """Two parallel silicon crystals, tabulated over the Bragg angles that the axis reaches.

    Parameters
    ----------
    dcm
        Crystal, planes, divergence, harmonic orders, aperture, axes.
    miller
        Planes of this pair; by default of the one that is in the beam at the start.

    Attributes
    ----------
    orders
        The orders that are transmitted: 1 and those of the facts that the structure allows.
    d_angstrom
        Spacing of the planes of the first order.
    """

    _ENERGIES = 120
    _LAGS = 481

    def __init__(self, dcm: facts.DoubleCrystalMonochromator, miller: tuple[int, int, int] | None = None) -> None:
        self.facts = dcm
        planes = miller or dcm.miller
        self.d_angstrom = spacing_angstrom(planes)
        wanted = (1, *sorted(set(dcm.harmonic_orders)))
        self.orders = tuple(m for m in wanted if is_allowed(times(planes, m)))
        low = energy_ev(min(dcm.bragg.high + 1.0, 89.0), self.d_angstrom)
        high = energy_ev(max(dcm.bragg.low - 1.0, 0.5), self.d_angstrom)
        self._log0 = math.log(low)
        self._per_log = (self._ENERGIES - 1) / (math.log(high) - self._log0)
        energies = np.geomspace(low, high, self._ENERGIES)
        # per order: [energy] -> relative width, relative integrated throughput, unit of lag; [energy][lag] -> rocking
        self._width: dict[int, list[float]] = {}
        self._throughput: dict[int, list[float]] = {}
        self._lag: dict[int, list[float]] = {}
        self._rocking: dict[int, list[list[float]]] = {}
        for m in self.orders:
            curve = darwin(m * energies, times(planes, m))
            step = curve.zeta[:, 1] - curve.zeta[:, 0]
            spectrum = np.abs(np.fft.rfft(curve.reflectivity, FFT_POINTS)) ** 2
            pairs = np.fft.irfft(spectrum, FFT_POINTS)[:, : self._LAGS]
            self._width[m] = curve.fwhm.tolist()
            self._throughput[m] = (pairs[:, 0] * step).tolist()
            self._lag[m] = step.tolist()
            self._rocking[m] = (pairs / pairs[:, :1]).tolist()

    def energy_ev(self, bragg_deg: float) -> float:
        """Return the energy of the first order in eV at a Bragg angle in degrees."""
        return energy_ev(bragg_deg, self.d_angstrom)

    def bragg_deg(self, energy_ev: float) -> float:
        """Return the Bragg angle in degrees for the energy of the first order in eV."""
        return bragg_deg(energy_ev, self.d_angstrom)

    def perp_mm(self, bragg_deg: float) -> float:
        """Return the crystal gap in mm that keeps the exit height at a Bragg angle."""
        return perp_mm(bragg_deg, self.facts.exit_offset_mm)

    def darwin_fwhm_ev(self, energy_ev: float, order: int = 1) -> float:
        """Return the width of one crystal's Darwin curve in eV at order m of the angle for `energy_ev`."""
        return order * energy_ev * self._at(self._width[order], energy_ev)

    def bandwidth_fwhm_ev(self, energy_ev: float, divergence_urad: float | None = None) -> float:
        """Return the bandwidth of the first order in eV: Darwin width and divergence (both FWHM) in quadrature.

        `divergence_urad` defaults to the configured one.
        """
        divergence = self.facts.divergence_urad if divergence_urad is None else divergence_urad
        # cot θ from sin θ = hc/2dE
        sine = HC / (2 * self.d_angstrom * energy_ev)
        cotangent = math.sqrt(max(1 - sine * sine, 0.0)) / sine
        return math.hypot(self.darwin_fwhm_ev(energy_ev), energy_ev * divergence * 1e-6 * cotangent)

    def throughput_ev(self, energy_ev: float, order: int = 1) -> float:
        """Return the bandwidth ∫R² dE in eV that two parallel crystals pass at order m; 0 for a forbidden order."""
        if order not in self._throughput:
            return 0.0
        return order * energy_ev * self._at(self._throughput[order], energy_ev)

    def rocking(self, pitch_urad: float, energy_ev: float, order: int = 1) -> float:
        """Return the transmission with the second crystal turned by `pitch_urad`, 1 at 0.

        It is the autocorrelation of the Darwin curve, normalised.

        Parameters
        ----------
        pitch_urad
            Angle between the crystals in µrad.
        energy_ev
            Energy of the *first* order at this Bragg angle in eV.
        order
            Order m of the reflection; a forbidden one transmits nothing.
        """
        if order not in self._rocking:
            return 0.0
        return self._turned(self._zeta(pitch_urad, energy_ev), order, *self._place(energy_ev))

    def passed_ev(self, pitch_urad: float, energy_ev: float) -> list[float]:
        """Return throughput × rocking in eV, one item an order of `orders`."""
        row, share = self._place(energy_ev)
        zeta = self._zeta(pitch_urad, energy_ev)
        found: list[float] = []
        for m in self.orders:
            table = self._throughput[m]
            passed = m * energy_ev * (table[row] + share * (table[row + 1] - table[row]))
            found.append(passed * self._turned(zeta, m, row, share) if zeta else passed)
        return found

    def _zeta(self, pitch_urad: float, energy_ev: float) -> float:
        sine = HC / (2 * self.d_angstrom * energy_ev)
        return abs(pitch_urad) * 1e-6 * math.sqrt(max(1 - sine * sine, 0.0)) / sine

    def _turned(self, zeta: float, order: int, row: int, share: float) -> float:
        units = self._lag[order]
        lag = zeta / (units[row] + share * (units[row + 1] - units[row]))
        here, after = self._rocking[order][row], self._rocking[order][row + 1]
        last = self._LAGS - 1
        if lag >= last:  # the tails of a Darwin curve fall as 1/Δθ²
            return (here[last] * (1 - share) + after[last] * share) * (last / lag) ** 2
        column = int(lag)
        part = lag - column
        at_row = here[column] + part * (here[column + 1] - here[column])
        at_next = after[column] + part * (after[column + 1] - after[column])
        return at_row + share * (at_next - at_row)

    def rocking_fwhm_urad(self, energy_ev: float, order: int = 1) -> float:
        """Return the full width at half maximum of the rocking curve in µrad."""
        low, high = 0.0, 1.0
        while self.rocking(high, energy_ev, order) > 0.5:
            high *= 2
        while high - low > 1e-9 * high:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.rocking(middle, energy_ev, order) > 0.5 else (low, middle)
        return low + high

    def aperture(self, bragg_deg: float, perp_mm: float) -> float:
        """Return the share of the beam that passes the exit aperture at a crystal gap, 1 at the right height.

        A beam off by half the aperture is cut to one half (a Gaussian of the aperture's width).
        """
        off = exit_offset_mm(bragg_deg, perp_mm) - self.facts.exit_offset_mm
        return 2.0 ** -((2 * off / self.facts.exit_aperture_mm) ** 2)

    def _place(self, energy_ev: float) -> tuple[int, float]:
        place = max((math.log(energy_ev) - self._log0) * self._per_log, 0.0)
        row = min(int(place), self._ENERGIES - 2)
        return row, place - row

    def _at(self, table: list[float], energy_ev: float) -> float:
        row, share = self._place(energy_ev)
        return table[row] + share * (table[row + 1] - table[row])
