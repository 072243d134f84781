"""A sample in the beam as what light sees of it: µ·t over the photon energy."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Sample:
    """What stands in the beam.

    Attributes
    ----------
    name, description, provenance
        What it is, in words; the description of a model says that it is one, provenance says where figures are from.
    energies_ev, values
        Ascending energies and µ·t there, shape (k,); linear in between, constant beyond.
    reference_ev, reference_name
        The energy against which an edge that is found may be held, and what it is; None without an edge.
    edge
        The absorption edge, e.g. ``"Fe K"``.
    edge_step
        Height of the edge in µ·t.
    formula, area_g_cm2
        What it is made of, and its mass per area of beam; without a formula it neither fluoresces nor scatters.
    """

    name: str
    description: str
    provenance: str
    energies_ev: Floats
    values: Floats
    reference_ev: float | None = None
    reference_name: str = "none"
    edge: str | None = None
    edge_step: float = 0.0
    formula: str | None = None
    area_g_cm2: float = 0.0

    def record(self) -> dict[str, str | float]:
        """Return what a run says of its sample; JSON values only."""
        about: dict[str, str | float] = {
            "name": self.name,
            "description": self.description,
            "provenance": self.provenance,
        }
        if self.edge is not None:
            about["edge"] = self.edge
        if self.reference_ev is not None:
            about |= {"reference_ev": self.reference_ev, "reference_name": self.reference_name}
        return about

    def mu_t(self, energies_ev: Floats) -> Floats:
        """Return µ·t (dimensionless) at photon energies in eV, any shape."""
        return np.interp(energies_ev, self.energies_ev, self.values)


def empty() -> Sample:
    """Return no sample: the beam passes freely."""
    return Sample(
        "none",
        "no sample in the beam",
        "none",
        np.array([1000.0, 160_000.0]),
        np.zeros(2),
    )
