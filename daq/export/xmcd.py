"""The dichroism that an XMCD run holds: µ₊ and µ₋ from its points, and its moments by the sum rules.

Everything comes from the run itself: its points, its dark counts, and what it declares of sample and light.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from beam.xmcd_analysis import Analysis, Known, analyse
from daq.errors import DataError
from daq.export.run_data import RunData
from daq.export.spectrum import COUNT_TIME, ENERGY, dark_rate, net

Floats = npt.NDArray[np.float64]


@dataclass
class Dichroism:
    """Signal over I0 for helicity along (plus) and against (minus) the field, in order of energy.

    Attributes
    ----------
    energy_ev, plus, minus
        Shape (points,).
    run
        The run itself.
    dark
        Dark counts per second that were subtracted, by detector; empty if the run has no dark stream.
    """

    energy_ev: Floats
    plus: Floats
    minus: Floats
    run: RunData
    dark: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, run: RunData) -> Self:
        """Extract the spectra of a run.

        Raises
        ------
        DataError
            If it is no XMCD run, or has no energy with points of both signs, or a point without light.
        """
        primary, about = run.primary(), run.start.get("xmcd")
        if not isinstance(about, dict):
            raise DataError(f"run {run.uid[:8]} is no XMCD run: it declares no `xmcd`")
        if "flown" in about:
            return cls._of_flights(run, about)
        light = f"{about['polarisation']}_p3"
        wanted = [ENERGY, f"{ENERGY}_setpoint", COUNT_TIME, about["signal"], about["normalise"], light, about["field"]]
        if missing := [key for key in wanted if key not in primary.columns]:
            raise DataError(f"run {run.uid[:8]} is no XMCD run: it has no {', '.join(missing)}")
        column = {key: np.asarray(primary.columns[key], float) for key in wanted}
        names = (about["signal"], about["normalise"])
        dark = {key: rate for key in names if (rate := dark_rate(run, key)) is not None}
        signal, i0 = (net(primary, key, column[COUNT_TIME], dark) for key in names)
        if not (i0 > 0).all():
            raise DataError(f"run {run.uid[:8]}: {names[1]} has points without light: no spectrum; export it as .csv")
        sign = _sign(column[light], column[about["field"]])
        asked = column[f"{ENERGY}_setpoint"]
        rows: list[tuple[float, float, float]] = []
        for energy in np.unique(asked):
            here = asked == energy
            halves = [here & (sign == one) for one in (1.0, -1.0)]
            if all(half.any() for half in halves):
                plus, minus = (float(signal[half].sum() / i0[half].sum()) for half in halves)
                rows.append((float(column[ENERGY][here].mean()), plus, minus))
        if not rows:
            raise DataError(f"run {run.uid[:8]}: no energy was taken both ways: it is {run.exit_status}")
        energies, plus, minus = np.array(rows).T
        return cls(energies, plus, minus, run, dark)

    @classmethod
    def _of_flights(cls, run: RunData, about: dict[str, Any]) -> Self:
        """Extract the spectra of passes: each has energies of its own, read at its gates, and goes onto the first's."""
        primary, passes = run.primary(), run.streams.get("passes")
        light, number = f"{about['polarisation']}_p3", f"{about['flown']}_pass_number"
        names = (about["signal"], about["normalise"])
        wanted = [ENERGY, COUNT_TIME, f"{about['flown']}_pass", *names]
        missing = [key for key in wanted if key not in primary.columns]
        if passes is None or missing:
            raise DataError(f"run {run.uid[:8]} is no XMCD run: it has no {', '.join(missing) or 'stream of passes'}")
        energy, seconds, of_pass = (np.asarray(primary.columns[key], float) for key in wanted[:3])
        dark = {key: rate for key in names if (rate := dark_rate(run, key)) is not None}
        signal, i0 = (net(primary, key, seconds, dark) / seconds for key in names)
        if not (i0 > 0).all():
            raise DataError(f"run {run.uid[:8]}: {names[1]} has gates without light: no spectrum; export it as .csv")
        told = [np.asarray(passes.columns[key], float) for key in (number, light, about["field"])]
        signs = dict(zip(told[0].tolist(), _sign(told[1], told[2]).tolist(), strict=True))
        length = max(np.count_nonzero(of_pass == one) for one in signs)
        whole = {one: sign for one, sign in signs.items() if np.count_nonzero(of_pass == one) == length}
        if set(whole.values()) != {1.0, -1.0}:
            raise DataError(f"run {run.uid[:8]}: no spectrum was flown both ways: it is {run.exit_status}")
        grid = np.sort(energy[of_pass == next(iter(whole))])
        sums = {1.0: np.zeros((2, length)), -1.0: np.zeros((2, length))}
        for one, sign in whole.items():
            here = np.flatnonzero(of_pass == one)
            order = here[np.argsort(energy[here])]
            for row, values in enumerate((signal, i0)):
                sums[sign][row] += np.interp(grid, energy[order], values[order])
        plus, minus = (sums[sign][0] / sums[sign][1] for sign in (1.0, -1.0))
        return cls(grid, plus, minus, run, dark)

    @property
    def known(self) -> Known:
        """What the run declares: of its sample (or of the plan's own arguments), light and detectors."""
        about, sample = self.run.start["xmcd"], self.run.start.get("sample")
        record: dict[str, Any] = dict(sample) if isinstance(sample, dict) else {}
        record |= {key: about[key] for key in ("holes", "tz") if key in about}
        return Known.from_record(
            record,
            polarisation=float(about["circular_degree"]) * float(about["saturation"]),
            slope_power=float(about["slope_power"]),
            electron_yield=bool(about["electron_yield"]),
        )

    def analysed(self) -> Analysis:
        """Return the moments by the sum rules; raises BadSpectrum where they cannot be had."""
        return analyse(self.energy_ev, self.plus, self.minus, self.known)


def _sign(degree: Floats, field_t: Floats) -> Floats:
    """Return 1 for helicity along the field, -1 against it: to reverse the field is to reverse the helicity.

    Without field there is no direction but the beam's own.
    """
    found: Floats = np.sign(degree) * np.where(field_t < 0, -1.0, 1.0)
    return found
