"""How long an acquisition still lasts: real time, live time, counts in a range, net counts of regions.

Presets compare with what has been acquired since the last erasure; 0 is no preset. Whichever is reached first ends the
acquisition. Counts are foreseen from the mean rates, as a preset must be known before the noise is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol, cast

from beam.pulses import Floats
from ioc_sim.records.field_specs import Value
from ioc_sim.records.mca_fields import REGIONS
from ioc_sim.records.mca_regions import Region, sums


class Pulses(Protocol):
    """What is known of the source beforehand: `beam.pulses.PulseSource`."""

    @property
    def rates_hz(self) -> Floats:
        """Pulses per second of live time, by channel."""
        ...

    @property
    def live_share(self) -> float:
        """Live time per real time."""
        ...


def region(values: Mapping[str, Value], n: int) -> Region:
    """Return where region `n` is."""
    return Region(int(values[f"R{n}LO"]), int(values[f"R{n}HI"]), int(values[f"R{n}BG"]))


def remaining(values: Mapping[str, Value], pulses: Pulses) -> float:
    """Return the real time (s) until the first preset is reached; infinite if there is none.

    Parameters
    ----------
    values : Mapping[str, Value]
        The record's fields.
    pulses : Pulses
        What the detector sees.
    """
    numbers = cast("Mapping[str, float]", values)
    share = pulses.live_share
    rates = pulses.rates_hz[: int(numbers["NUSE"])]
    times = [math.inf]
    if numbers["PRTM"] > 0:
        times.append(numbers["PRTM"] - numbers["ERTM"])
    if numbers["PLTM"] > 0:
        times.append((numbers["PLTM"] - numbers["ELTM"]) / share)
    if numbers["PCT"] > 0:
        rate = float(rates[int(numbers["PCTL"]) : int(numbers["PCTH"]) + 1].sum())
        times.append(_until(numbers["PCT"] - numbers["ACT"], rate * share))
    for n in range(REGIONS):
        if numbers[f"R{n}IP"] and (mean := sums(rates, region(values, n))):
            times.append(_until(numbers[f"R{n}P"] - numbers[f"R{n}N"], mean.net * share))
    return max(min(times), 0.0)


def _until(counts: float, rate_hz: float) -> float:
    if counts <= 0:
        return 0.0
    return counts / rate_hz if rate_hz > 0 else math.inf
