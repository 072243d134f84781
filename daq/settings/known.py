"""Which settings a beamline has: they follow from the kinds of its devices, and are attributes of these."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from beam import facts
from beam.constants import SILICON_LATTICE
from beam.errors import OutOfReach, UnknownName
from daq.errors import UsageError

BRAGG_OFFSET_DEG = 0.05
GAP_OFFSET_MM = 0.5
PGM_OFFSET_DEG = 0.05
SPACING_REL = 0.005
_VALUE = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S*)\s*")


@dataclass(frozen=True)
class Setting:
    """One number that can be set.

    Attributes
    ----------
    name
        Device and attribute, with the unit at its end: ``dcm.bragg_offset_deg``.
    unit
        Of the number.
    low, high
        What is allowed.
    default
        Where nothing was set.
    meaning
        One sentence.
    """

    name: str
    unit: str
    low: float
    high: float
    default: float
    meaning: str

    def checked(self, value: float) -> float:
        """Return `value`; raise OutOfReach if it is not allowed."""
        if not (math.isfinite(value) and self.low <= value <= self.high):
            raise OutOfReach(
                f"setting {self.name} = {value:.9g} {self.unit}: {self.low:.9g} … {self.high:.9g} is allowed"
            )
        return value

    def parsed(self, text: str) -> float:
        """Return the number in `text`, which may name the unit behind it; check it."""
        match = _VALUE.fullmatch(text)
        if match is None:
            raise UsageError(f"setting {self.name} = {text!r}: must be a number in {self.unit}")
        if match[2] not in ("", self.unit):
            raise UsageError(f"setting {self.name} = {text!r}: is in {self.unit}, not in {match[2]}")
        return self.checked(float(match[1]))


def known_settings(beamline: facts.Station) -> dict[str, Setting]:
    """Return the settings of a beamline by name."""
    found: list[Setting] = []
    devices = beamline.devices if isinstance(beamline, facts.Beamline) else {}  # a bench has none
    for key, device in devices.items():
        match device:
            case facts.DoubleCrystalMonochromator():
                spacing = float(SILICON_LATTICE) / math.hypot(*device.miller)
                found += [
                    Setting(
                        f"{key}.bragg_offset_deg",
                        "deg",
                        -BRAGG_OFFSET_DEG,
                        BRAGG_OFFSET_DEG,
                        0.0,
                        "what the Bragg angle is more than its encoder says",
                    ),
                    Setting(
                        f"{key}.d_angstrom",
                        "Å",
                        spacing * (1 - SPACING_REL),
                        spacing * (1 + SPACING_REL),
                        spacing,
                        "spacing of the reflecting planes",
                    ),
                ]
            case facts.PlaneGratingMonochromator():
                found += [
                    Setting(
                        f"{key}.{part}_offset_deg",
                        "deg",
                        -PGM_OFFSET_DEG,
                        PGM_OFFSET_DEG,
                        0.0,
                        f"what the angle of the {part} is more than its encoder says",
                    )
                    for part in ("mirror", "grating")
                ]
            case facts.PlanarUndulator() | facts.AppleUndulator():
                found.append(
                    Setting(
                        f"{key}.gap_offset_mm",
                        "mm",
                        -GAP_OFFSET_MM,
                        GAP_OFFSET_MM,
                        0.0,
                        "what the gap is more than its encoder says",
                    )
                )
            case _:
                pass
    return {one.name: one for one in found}


def find_setting(known: Mapping[str, Setting], name: str) -> Setting:
    """Return the setting of that name; raise UnknownName with the nearest if there is none."""
    if name not in known:
        raise UnknownName("setting", name, known)
    return known[name]
