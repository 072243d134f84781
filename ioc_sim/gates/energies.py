"""The energies that rows carry: from the angles of a monochromator's encoders, with what the client has put."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from beam import crystal, grating
from beam.gate_kinds import GateUnit

Floats: TypeAlias = npt.NDArray[np.float64]


def shown_and_demanded(
    facts: GateUnit,
    places: Mapping[str, tuple[Floats, Floats]],
    *,
    spacing_a: float,
    offset_deg: float,
    mirror_offset_deg: float,
) -> list[Floats]:
    """Return the energies in eV of each row where the encoders are, and where they were to be.

    Parameters
    ----------
    facts
        Of the unit.
    places
        By axis, what the encoder shows and how far it is from what is demanded, shape (n,) each.
    spacing_a, offset_deg, mirror_offset_deg
        Of planes or grooves in angstrom; what the angles are more than their encoders say.
    """
    if facts.energy_axis is None:
        return []
    angle, error = places[facts.energy_axis]
    if facts.energy_mirror is None:
        return [crystal.energies_ev(one + offset_deg, spacing_a) for one in (angle, angle + error)]
    mirror, off = places[facts.energy_mirror]
    return [
        grating.energies_ev(at + mirror_offset_deg, one + offset_deg, spacing_a)
        for at, one in ((mirror, angle), (mirror + off, angle + error))
    ]
