"""The maps that a run holds: signal over I0 on a grid of the sample, one map for each energy and polarisation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from daq.errors import DataError
from daq.export.run_data import RunData
from daq.export.spectrum import COUNT_TIME, dark_rate, net

Floats = npt.NDArray[np.float64]
PLUS, MINUS = "circular+", "circular-"


class Light(NamedTuple):
    """What a map was taken with."""

    energy_ev: float
    polarisation: str

    @property
    def words(self) -> str:
        """Say it."""
        return f"{self.energy_ev:.1f} eV, {self.polarisation}"


@dataclass
class Maps:
    """The maps of a run.

    Attributes
    ----------
    columns, rows
        Where the points are, in `unit`.
    images
        Signal over I0 by light, shape (rows, columns); NaN where no point was taken.
    run
        The run itself.
    dark
        Dark counts per second that were subtracted, by detector.
    """

    columns: Floats
    rows: Floats
    unit: str
    images: dict[Light, Floats]
    run: RunData
    dark: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, run: RunData) -> Self:
        """Extract the maps; raise DataError if the run holds none."""
        primary, start = run.primary(), run.start
        about = start.get("maps")
        if not isinstance(about, dict) or len(start.get("shape") or ()) != 3:
            raise DataError(f"run {run.uid[:8]} holds no maps")
        up, across = start["motors"]
        energy, polarisation = f"{about['energy']}_setpoint", f"{about['polarisation']}_setpoint"
        wanted = [up, across, energy, polarisation, COUNT_TIME, about["signal"], about["normalise"]]
        if missing := [key for key in wanted if key not in primary.columns]:
            raise DataError(f"run {run.uid[:8]} holds no maps: it has no {', '.join(missing)}")
        time = np.asarray(primary.columns[COUNT_TIME], float)
        names = (about["signal"], about["normalise"])
        dark = {key: rate for key in names if (rate := dark_rate(run, key)) is not None}
        signal, i0 = (net(primary, key, time, dark) for key in names)
        (y_ends, x_ends), (number, height, width) = start["extents"], start["shape"]
        rows, columns = np.linspace(y_ends[0], y_ends[1], height), np.linspace(x_ends[0], x_ends[1], width)
        lights = [Light(float(one["energy_ev"]), str(one["polarisation"])) for one in about["light"]]
        images = {one: np.full((height, width), np.nan) for one in lights[:number]}
        places = zip(
            np.abs(np.subtract.outer(np.asarray(primary.columns[up], float), rows)).argmin(axis=1),
            np.abs(np.subtract.outer(np.asarray(primary.columns[across], float), columns)).argmin(axis=1),
            strict=True,
        )
        taken = zip(primary.columns[energy], primary.columns[polarisation], strict=True)
        for (row, column), (ev, light), above, below in zip(places, taken, signal, i0, strict=True):
            image = images.get(Light(float(ev), str(light)))
            if image is not None and below > 0:
                image[row, column] = above / below
        return cls(columns, rows, primary.unit(across), images, run, dark)

    def dichroism(self) -> dict[float, Floats]:
        """Return (µ₊ - µ₋)/(µ₊ + µ₋) by energy, for those that were taken with both helicities."""
        energies = dict.fromkeys(one.energy_ev for one in self.images)
        pairs = {ev: (self.images.get(Light(ev, PLUS)), self.images.get(Light(ev, MINUS))) for ev in energies}
        return {ev: _contrast(*both) for ev, both in pairs.items() if both[0] is not None and both[1] is not None}


def _contrast(plus: Any, minus: Any) -> Floats:
    return (plus - minus) / (plus + minus)
