"""How wide the beam is, and what of it passes slits: a Gaussian, cut by windows.

At a distance z from the source the beam is a Gaussian of rms (Σ² + Σ'² z²)^½ in x and in y: Σ and Σ' are the sizes and
divergences of electrons and photons in quadrature (X-ray Data Booklet (LBNL, 2009) 2.1: σ_r' = (λ/L)^½,
σ_r = (λL)^½/4π). A fixed mask passes the square acceptance of the beamline; the undulator's flux is what it passes.
Windows along the beam throw their shadows from the centre of the source: all of them are scaled to one plane, where
their intersection is what light can pass. Left out: penumbra beyond that, diffraction, scattering from the blades.

`clipped` is closed: moments of a truncated Gaussian (N. L. Johnson, S. Kotz, N. Balakrishnan, Continuous Univariate
Distributions 1 (1994) 13.10).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from beam import facts
from beam.constants import HC
from beam.electrons import ElectronBeam


class Window(NamedTuple):
    """What a rectangular opening leaves free, in mm; x to the outside of the ring, y up."""

    left: float
    right: float
    bottom: float
    top: float

    def scaled(self, factor: float) -> Window:
        """Return its shadow where the beam is `factor` times as wide."""
        return Window(*(factor * one for one in self))

    def shifted(self, x: float, y: float) -> Window:
        """Return it moved by x and y in mm."""
        return Window(self.left + x, self.right + x, self.bottom + y, self.top + y)

    def within(self, other: Window) -> Window:
        """Return what both leave free."""
        return Window(
            max(self.left, other.left),
            min(self.right, other.right),
            max(self.bottom, other.bottom),
            min(self.top, other.top),
        )


class Spot(NamedTuple):
    """A beam behind slits: the share that passes, its centre and its rms size in mm; sizes are 0 without light."""

    share: float
    x_mm: float
    y_mm: float
    rms_x_mm: float
    rms_y_mm: float


def gaussian_share(low: float, high: float, rms: float) -> float:
    """Return the share of a Gaussian around 0 that lies between `low` and `high`; 0 where these are crossed."""
    scale = math.sqrt(2.0) * rms
    return max(0.5 * (math.erf(high / scale) - math.erf(low / scale)), 0.0)


def clipped(low: float, high: float, rms: float) -> tuple[float, float, float]:
    """Return share, mean and rms of what of a Gaussian around 0 lies between `low` and `high`."""
    share = gaussian_share(low, high, rms)
    if share <= 0.0:
        return 0.0, 0.0, 0.0
    a, b = low / rms, high / rms
    at_a, at_b = (math.exp(-0.5 * one * one) / math.sqrt(2 * math.pi) for one in (a, b))
    mean = (at_a - at_b) / share
    variance = 1.0 + ((a * at_a if at_a else 0.0) - (b * at_b if at_b else 0.0)) / share - mean * mean
    return share, rms * mean, rms * math.sqrt(max(variance, 0.0))


class BeamProfile:
    """The beam of an undulator, by energy and distance.

    Parameters
    ----------
    undulator
        Length and acceptance.
    ring
        The electrons.
    """

    def __init__(self, undulator: facts.PlanarUndulator, ring: facts.Ring) -> None:
        self._electrons = ElectronBeam(ring)
        self._length_m = undulator.periods * undulator.period_mm * 1e-3
        self._half_rad = 0.5e-6 * undulator.acceptance_urad

    def rms_mm(self, energy_ev: float, distance_m: float) -> tuple[float, float]:
        """Return the rms width and height in mm of light of an energy in eV, as if nothing cut it."""
        wavelength = HC * 1e-10 / energy_ev
        natural = wavelength / self._length_m
        spot = wavelength * self._length_m / (4 * math.pi) ** 2
        x, y = (
            1e3 * math.sqrt(size * size + spot + (angle * angle + natural) * distance_m * distance_m)
            for size, angle in zip(self._electrons.size_m, self._electrons.divergence, strict=True)
        )
        return x, y

    def mask(self, distance_m: float) -> Window:
        """Return the shadow of the fixed mask at a distance, in mm."""
        half = 1e3 * self._half_rad * distance_m
        return Window(-half, half, -half, half)

    def behind(self, windows: Iterable[Window], energy_ev: float, distance_m: float) -> Spot:
        """Return the beam at a distance behind windows that are scaled to there; `share` is that of the mask's light.

        Windows that leave the mask's light free take exactly nothing.
        """
        mask = self.mask(distance_m)
        free = mask
        for one in windows:
            free = free.within(one)
        rms_x, rms_y = self.rms_mm(energy_ev, distance_m)
        x, y = clipped(free.left, free.right, rms_x), clipped(free.bottom, free.top, rms_y)
        whole = gaussian_share(mask.left, mask.right, rms_x) * gaussian_share(mask.bottom, mask.top, rms_y)
        return Spot(x[0] * y[0] / whole, x[1], y[1], x[2], y[2])
