"""The absorption spectrum that a run holds: counts less the dark, and µ from them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from beam.constants import HC, SILICON_LATTICE
from beam.inflection import first_inflection
from beam.tables import edges_ev, is_element
from daq.errors import DataError
from daq.export.run_data import RunData, Stream

Floats = npt.NDArray[np.float64]

ENERGY, I0, COUNT_TIME, BRAGG = "energy", "i0", "count_time", "energy_bragg"


class Mode(NamedTuple):
    """How absorption is measured with a detector.

    `name` is NXxas's, `words` ours; `column` is XDI's for the signal, that of µ ends alike.
    """

    name: str
    words: str
    formula: str
    column: str
    instrument: str
    logarithm: bool = False


MODES = {
    "it": Mode("Transmission", "transmission", "ln(I0/It)", "trans", "ion chamber", logarithm=True),
    "iff": Mode("Fluorescence Yield", "fluorescence", "If/I0", "fluor", "fluorescence detector"),
    "tey": Mode("Total Electron Yield", "electron yield", "Ie/I0", "ey", "drain current"),
}
"""By detector, in the order in which they are looked for."""
_EDGE = re.compile(r"\s*([A-Z][a-z]?)\s+(K|[LMN][1-7]?)\s*")
_REFLECTIONS = ((1, 1, 1), (2, 2, 0), (3, 1, 1), (3, 3, 3), (5, 1, 1))


@dataclass
class Spectrum:
    """An absorption spectrum in order of energy.

    Attributes
    ----------
    energy_ev
        Photon energies in eV, strictly increasing.
    i0
        Counts before the sample, less the dark counts.
    signal
        Counts behind the sample (transmission), of its fluorescence or of its electrons, less the dark counts.
    mu
        ln(i0/it) in transmission, else signal/i0; without dimension.
    detector
        What gave the signal: one of `MODES`.
    count_time_s
        Counting time of each point, in s.
    dark
        Dark counts per second that were subtracted, by detector; empty if the run has no dark stream.
    run
        The run itself.
    """

    energy_ev: Floats
    i0: Floats
    signal: Floats
    mu: Floats
    detector: str
    count_time_s: Floats
    run: RunData
    dark: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, run: RunData) -> Self:
        """Extract the spectrum of a run.

        Raises
        ------
        DataError
            If the run holds no spectrum, an energy twice, or a point without light.
        """
        primary = run.primary()
        detector = next((key for key in MODES if key in primary.columns), None)
        missing = [key for key in (ENERGY, I0) if key not in primary.columns]
        if missing or detector is None:
            have = ", ".join(sorted(primary.columns)) or "nothing"
            wanted = ", ".join([*missing, *([] if detector else [" or ".join(MODES)])])
            raise DataError(f"run {run.uid[:8]} is no absorption spectrum: it has {have}, but no {wanted}")
        energy = np.asarray(primary.columns[ENERGY], float)
        count_time = np.asarray(primary.columns.get(COUNT_TIME, np.ones(len(primary))), float)
        dark = {key: rate for key in (I0, detector) if (rate := dark_rate(run, key)) is not None}
        i0 = net(primary, I0, count_time, dark)
        signal = net(primary, detector, count_time, dark)
        order = np.argsort(energy, kind="stable")
        energy, i0, signal, count_time = energy[order], i0[order], signal[order], count_time[order]
        _check(run, energy, i0, signal, detector)
        mu = np.log(i0 / signal) if MODES[detector].logarithm else signal / i0
        return cls(energy, i0, signal, mu, detector, count_time, run, dark)

    @property
    def mode(self) -> Mode:
        """How it was measured."""
        return MODES[self.detector]

    @property
    def element_and_edge(self) -> tuple[str, str] | None:
        """The element and edge that the run was about, as its metadata say; None if they do not."""
        for text in _edges_named(self.run.start):
            if match := _EDGE.fullmatch(text):
                return match[1], match[2]
        return None

    @property
    def edge_found_ev(self) -> float | None:
        """The first inflection of the spectrum in eV (`beam.inflection`); None if no edge rises in it."""
        element, edge = self.element_and_edge or ("", "")
        around = edges_ev(element).get(edge) if is_element(element) else None
        return first_inflection(self.energy_ev, self.mu, around)

    @property
    def d_spacing_angstrom(self) -> float | None:
        """Spacing of the monochromator's planes: as it was set, else from the run's own energies and Bragg angles.

        What is set is that of one pair of crystals; the run may have been made with another pair of the same lattice.
        """
        measured, settings = self._measured_spacing(), self.run.start.get("settings")
        for device in (settings.get("values", {}) if isinstance(settings, dict) else {}).values():
            if "d_angstrom" in device:
                spacing = float(device["d_angstrom"])
                if measured is None:
                    return spacing
                # their ratio is that of two reflections, but for an offset of the Bragg angle
                return spacing * _nominal(measured) / _nominal(spacing)
        return measured

    def _measured_spacing(self) -> float | None:
        primary = self.run.primary()
        if BRAGG not in primary.columns:
            return None
        sine = np.sin(np.radians(np.asarray(primary.columns[BRAGG], float)))
        return float(np.median(HC / (2.0 * np.asarray(primary.columns[ENERGY], float) * sine)))

    @property
    def mono_name(self) -> str | None:
        """The silicon reflection of that spacing; None if there is none within 0.1 %."""
        spacing = self.d_spacing_angstrom
        for indices in _REFLECTIONS if spacing else ():
            expected = float(SILICON_LATTICE) / float(np.linalg.norm(indices))
            if spacing and abs(spacing / expected - 1.0) < 1e-3:
                return f"Si({''.join(map(str, indices))})"
        return None


def _nominal(spacing: float) -> float:
    """Return the spacing of the silicon reflection that is nearest."""
    every = (float(SILICON_LATTICE) / float(np.linalg.norm(indices)) for indices in _REFLECTIONS)
    return min(every, key=lambda one: abs(one - spacing))


def dark_rate(run: RunData, key: str) -> float | None:
    """Return the dark counts per second, over all of the run's dark exposures."""
    dark = run.streams.get("dark")
    if dark is None or not len(dark) or key not in dark.columns or COUNT_TIME not in dark.columns:
        return None
    seconds = float(np.sum(np.asarray(dark.columns[COUNT_TIME], float)))
    return float(np.sum(np.asarray(dark.columns[key], float))) / seconds if seconds > 0 else None


def net(primary: Stream, key: str, count_time: Floats, dark: dict[str, float]) -> Floats:
    """Return the counts of each point less the dark counts of its counting time."""
    return np.asarray(primary.columns[key], float) - dark.get(key, 0.0) * count_time


def _check(run: RunData, energy: Floats, i0: Floats, signal: Floats, detector: str) -> None:
    who = f"run {run.uid[:8]}"
    if not np.isfinite(energy).all():
        raise DataError(f"{who}: an energy is not a number; export it as .csv")
    repeated = np.flatnonzero(np.diff(energy) == 0)
    if repeated.size:
        raise DataError(f"{who}: two points at {energy[repeated[0]]:.3f} eV make no spectrum; export it as .csv")
    for name, counts in ((I0, i0), (detector, signal)):
        bad = np.flatnonzero(~(counts > 0))
        if bad.size:
            raise DataError(
                f"{who}: {name} is {counts[bad[0]]:g} counts at {energy[bad[0]]:.3f} eV after the dark is subtracted"
                f" ({bad.size} such points): no light, no spectrum; export it as .csv"
            )


def _edges_named(start: dict[str, Any]) -> Iterator[str]:
    sample = start.get("sample")
    arguments = start.get("plan_args")
    for where in (start, arguments, sample):
        if isinstance(where, dict) and isinstance(where.get("edge"), str):
            yield where["edge"]
