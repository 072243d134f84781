"""The strength of an undulator's harmonics and the shape of their lines."""

from __future__ import annotations

import cmath
import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from beam.tables import bessel_j, faddeeva

Floats: TypeAlias = npt.NDArray[np.float64]

FAR = 20.0  # natural widths (times 1 + σ) from which the asymptotic series is within 1 % of the tail


def coupling(n: Floats, k: Floats) -> Floats:
    """Return Kim's F_n(K) of the odd harmonics on the axis of a planar undulator.

    F_n = n² K² / (1 + K²/2)² [J_(n-1)/2(u) - J_(n+1)/2(u)]², u = n K² / (4 + 2K²)
    (X-ray Data Booklet (2009) 2.1). Even harmonics have no light on axis: 0.

    Parameters
    ----------
    n, k
        Harmonics and deflection parameters, arrays that broadcast against each other.
    """
    u = n * k * k / (4 + 2 * k * k)
    bracket = bessel_j((n - 1) / 2, u) - bessel_j((n + 1) / 2, u)
    strength: Floats = (n * k / (1 + 0.5 * k * k) * bracket) ** 2 * (n % 2)
    return strength


def natural_line(x: float, sigma: float) -> float:
    """Return the natural line sinc²(πx) convolved with a Gaussian of rms `sigma` in the same units; integral 1.

    With sinc²(πx) = 2 ∫₀¹ (1-u) cos(2πxu) du the convolution multiplies the integrand by exp(-2π²σ²u²), and the
    integral is closed in the Faddeeva function w; far from the line its asymptotic series does.

    Parameters
    ----------
    x
        Distance from the line's centre in units of E_n/(nN).
    sigma
        Broadening in the same units, positive.
    """
    s = 2.0 * (math.pi * sigma) ** 2
    b = 2.0 * math.pi * abs(x)
    if abs(x) > FAR * (1.0 + sigma):
        # leading terms, from the two ends of the interval
        return 2.0 * (1.0 - math.exp(-s) * math.cos(b)) / (b * b)
    root = math.sqrt(s)
    z = b / (2.0 * root)
    end = cmath.exp(complex(-s, b))
    # ∫₀¹ exp(ibu - su²) du, and the same with a factor u by parts
    flat = (0.5 * math.sqrt(math.pi) / root) * (faddeeva(complex(z)) - end * faddeeva(complex(z, root)))
    first = (1j * b * flat - (end - 1.0)) / (2.0 * s)
    return 2.0 * (flat - first).real
