"""Total electron yield and how it saturates where light is absorbed within the electrons' escape depth.

With u = µ λe / cos θ (λe the escape depth, θ the angle of incidence from the normal) electrons escape in proportion
to u / (1 + u): in proportion to µ only while µ λe is small (R. Nakajima, J. Stöhr, Y. U. Idzerda, Phys. Rev. B 59
(1999) 6421; sample much thicker than λe).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", float, npt.NDArray[np.float64])


def saturated(u: Number) -> Number:
    """Return the yield u / (1 + u), between 0 and 1."""
    return u / (1 + u)


def desaturated(y: Number) -> Number:
    """Return u of a yield below 1: the inverse of `saturated`."""
    return y / (1 - y)
