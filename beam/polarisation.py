"""The polarisation of light: Stokes parameters, and what may be asked of an elliptical undulator.

Conventions: x horizontal, y vertical; S1 > 0 is horizontal, S2 > 0 is along +45°, S3 > 0 is what an APPLE-II gives
at positive row phase and is called ``circular+``.
"""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Literal, NamedTuple, TypeAlias

from beam.errors import OutOfReach

Mode: TypeAlias = Literal["horizontal", "vertical", "circular+", "circular-", "linear", "elliptic"]


class Stokes(NamedTuple):
    """Flux and polarisation of light: S0 in the unit of the flux, the others too."""

    s0: float
    s1: float
    s2: float
    s3: float

    @property
    def p1(self) -> float:
        """Degree of horizontal (+1) or vertical (-1) polarisation; 0 without light."""
        return self.s1 / self.s0 if self.s0 else 0.0

    @property
    def p2(self) -> float:
        """Degree of linear polarisation along +45° (+1) or -45° (-1); 0 without light."""
        return self.s2 / self.s0 if self.s0 else 0.0

    @property
    def p3(self) -> float:
        """Degree of circular polarisation, -1 … 1; 0 without light."""
        return self.s3 / self.s0 if self.s0 else 0.0

    @property
    def angle_deg(self) -> float:
        """Direction of the linear part against the horizontal, -90 … 90°."""
        return math.degrees(0.5 * math.atan2(self.s2, self.s1))


def stokes(x: complex, y: complex) -> Stokes:
    """Return the Stokes parameters of a field with complex amplitudes x and y."""
    a, b, cross = abs(x) ** 2, abs(y) ** 2, x.conjugate() * y
    return Stokes(a + b, a - b, 2 * cross.real, 2 * cross.imag)


@dataclasses.dataclass(frozen=True)
class Polarisation:
    """A polarisation that is asked for.

    Attributes
    ----------
    mode
        Which kind.
    value
        For ``linear`` the angle of the electric field against the horizontal, -90 … 90°; for ``elliptic`` the degree
        of circular polarisation 2KxKy/(Kx² + Ky²) of the field, -1 … 1, its long axis horizontal; else 0.
    """

    mode: Mode
    value: float = 0.0

    def __post_init__(self) -> None:
        """Refuse an angle or a degree beyond its range."""
        limit, unit = {"linear": (90.0, " deg"), "elliptic": (1.0, "")}.get(self.mode, (0.0, ""))
        if not -limit <= self.value <= limit:
            raise OutOfReach(f"polarisation {self.mode} {self.value:g}{unit}: -{limit:g} … {limit:g}{unit} is possible")

    def __str__(self) -> str:
        return f"{self.mode} {self.value:.12g}" if self.mode in {"linear", "elliptic"} else self.mode

    def reversed(self) -> Polarisation:
        """Return the same with the other helicity; light without helicity has none to reverse.

        Raises
        ------
        OutOfReach
            If the polarisation is linear.
        """
        match self.mode:
            case "circular+":
                return CIRCULAR_MINUS
            case "circular-":
                return CIRCULAR_PLUS
            case "elliptic" if self.value:
                return Polarisation("elliptic", -self.value)
            case _:
                raise OutOfReach(f"polarisation {self}: it has no helicity to reverse; circular and elliptic have")


HORIZONTAL = Polarisation("horizontal")
VERTICAL = Polarisation("vertical")
CIRCULAR_PLUS = Polarisation("circular+")
CIRCULAR_MINUS = Polarisation("circular-")
FIXED = (HORIZONTAL, VERTICAL, CIRCULAR_PLUS, CIRCULAR_MINUS)
WORDS = "horizontal, vertical, circular+, circular-, linear ANGLE (deg), elliptic DEGREE (-1 … 1)"
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_WITH_VALUE = re.compile(rf"(linear|elliptic)\s+({_NUMBER})\s*(?:deg|°)?")


def parse(text: str) -> Polarisation:
    """Read a polarisation such as ``circular+`` or ``linear 45``: the inverse of `str`.

    Raises
    ------
    OutOfReach
        If it is none, or its angle or degree is beyond its range; the message lists what may be asked for.
    """
    words = text.strip().casefold().replace("_plus", "+").replace("_minus", "-")  # for where signs are awkward
    for one in FIXED:
        if words == one.mode:
            return one
    found = _WITH_VALUE.fullmatch(words)
    if found is None:
        raise OutOfReach(f"polarisation {text!r}: possible are {WORDS}")
    mode: Mode = "linear" if found.group(1) == "linear" else "elliptic"
    return Polarisation(mode, float(found.group(2)))


SAME_ANGLE_DEG, SAME_DEGREE = 0.1, 0.002


def alike(one: Polarisation, other: Polarisation) -> bool:
    """Return whether two polarisations are the same, but for what the encoders of an undulator round."""
    one, other = _plain(one), _plain(other)
    if one.mode != other.mode:
        return False
    return abs(one.value - other.value) <= (SAME_ANGLE_DEG if one.mode == "linear" else SAME_DEGREE)


def _plain(one: Polarisation) -> Polarisation:
    """Return the polarisation without a value that an angle or a degree near its ends comes to."""
    size = abs(one.value)
    if one.mode == "linear" and min(size, 90.0 - size) <= SAME_ANGLE_DEG:
        return HORIZONTAL if size <= SAME_ANGLE_DEG else VERTICAL
    if one.mode == "elliptic" and min(size, 1.0 - size) <= SAME_DEGREE:
        return HORIZONTAL if size <= SAME_DEGREE else CIRCULAR_PLUS if one.value > 0 else CIRCULAR_MINUS
    return one
