"""A four-channel electrometer, under the names of the EPICS quadEM driver.

===========  ============================  ========================================================================
Acquire      event                         what happens
===========  ============================  ========================================================================
Done         Acquire put to 1              Acquire; `NumAcquired` 0
Acquire      `AveragingTime` over          all currents under one timestamp, `ExposureCount`, `NumAcquired`; then, by
                                           `AcquireMode`, Single: Done; Multiple: Done after `NumAcquire` of them, else
                                           the next one; Continuous: the next one
Acquire      Acquire put to 0              Done without a result; the averaging is lost
Acquire      Acquire put to 1              nothing; the put waits for the end
any          `Range`, `AveragingTime` …    taken up by the next averaging
===========  ============================  ========================================================================

A put of 1 completes when `Acquire` is Done again: in continuous mode, when somebody stops it. A current beyond the
range is shown as the full scale, with severity MAJOR; `Saturated` counts such inputs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import caproto as ca

from beam.bench_kinds import Electrometers
from beam.picoammeter import CurrentReading, Picoammeter
from ioc_sim import settings
from ioc_sim.acquire_channel import Acquire
from ioc_sim.channels import Channels, Float, Int, Text
from ioc_sim.groups.settings import follow, menu
from ioc_sim.memory import Kept
from ioc_sim.records.motor_drive import RESOLVED_S
from ioc_sim.timing import Timeline

MODES = ("Continuous", "Multiple", "Single")
LONGEST_S = 1e5
LEAST_WALL_S = 0.05
"""Of an averaging in continuous mode, so that one of no time at all does not keep the server busy."""

Measure = Callable[[float, int], Sequence[CurrentReading]]


class ElectrometerGroup:
    """The channels of one electrometer.

    Parameters
    ----------
    prefix : str
        Its address.
    facts : Electrometers
        What it is like.
    seed : int
        Of its noise.
    timeline : Timeline
        The server's time.
    """

    def __init__(self, prefix: str, facts: Electrometers, seed: int, timeline: Timeline) -> None:
        self.name = prefix
        self._facts, self._time = facts, timeline
        self.source = meter = Picoammeter(
            seed, prefix, [one.current_a for one in facts.inputs], facts.sample_s, facts.noise_rel, facts.bits
        )
        self.measure: Measure = meter.read
        """Reads in a range, of so many samples; may be replaced by a simulated fault."""
        ranges = [shown(one) for one in facts.ranges_a]
        averaging = min(0.1, 1000 * facts.sample_s)
        self.acquire = Acquire(self._run)
        self.mode, mode_rbv = menu("Single", MODES)
        self.range, range_rbv = menu(ranges[0], ranges)
        self.averages = Int(1, low=1, high=2**31 - 1, on_put=follow(averages_rbv := Int(1)))
        self.averaging_rbv = Float(averaging, units="s", precision=4)
        self.averaging = Float(
            averaging, low=facts.sample_s, high=LONGEST_S, units="s", precision=4, on_put=self._put_averaging
        )
        self.samples = Int(round(averaging / facts.sample_s))
        self.acquired, self.saturated, self.exposure_count = Int(0), Int(0), Int(0)
        self.mean = [Float(0.0, units="A", precision=12) for _ in facts.inputs]
        self.sigma = [Float(0.0, units="A", precision=12) for _ in facts.inputs]
        self.total = Float(0.0, units="A", precision=12)
        named: Channels = {
            "Acquire": self.acquire,
            "AcquireMode": self.mode,
            "AcquireMode_RBV": mode_rbv,
            "Range": self.range,
            "Range_RBV": range_rbv,
            "AveragingTime": self.averaging,
            "AveragingTime_RBV": self.averaging_rbv,
            "SampleTime_RBV": Float(facts.sample_s, units="s", precision=6),
            "NumAverage_RBV": self.samples,
            "NumAcquire": self.averages,
            "NumAcquire_RBV": averages_rbv,
            "NumAcquired": self.acquired,
            "NumChannels_RBV": Int(len(facts.inputs)),
            "SumAll:MeanValue_RBV": self.total,
            "Saturated": self.saturated,
            "ExposureCount": self.exposure_count,
        }
        for n, (one, mean, sigma) in enumerate(zip(facts.inputs, self.mean, self.sigma, strict=True), 1):
            named |= {
                f"CurrentName{n}": Text(one.label),
                f"Current{n}:MeanValue_RBV": mean,
                f"Current{n}:Sigma_RBV": sigma,
            }
        self._settings = {
            "AcquireMode": self.mode,
            "Range": self.range,
            "AveragingTime": self.averaging,
            "NumAcquire": self.averages,
        }
        self.channels: Channels = {f"{prefix}{name}": channel for name, channel in named.items()}

    def saved(self) -> Kept:
        """Return what survives a reboot."""
        return settings.values_of(self._settings)

    def restore(self, kept: Kept | None) -> None:
        """Start after a reboot; None if nothing was saved."""
        settings.put_back(self._settings, kept)

    def lasting(self) -> int:
        """Return how many readings there were."""
        return self.source.readings

    def set_lasting(self, kept: int) -> None:
        """Go on from there."""
        self.source.readings = kept

    async def _put_averaging(self, seconds: float) -> None:
        self.samples.update(max(round(seconds / self._facts.sample_s), 1))
        self.averaging_rbv.update(self.samples.value * self._facts.sample_s)

    async def _run(self, stop: asyncio.Event) -> None:
        self.acquired.post(0)
        while await self._average(stop):
            pass

    async def _average(self, stop: asyncio.Event) -> bool:
        """Make one averaging; return whether another one is to follow."""
        mode, range_a = self.mode.value, self._facts.ranges_a[self.range.enum_strings.index(self.range.value)]
        samples, seconds = self.samples.value, self.averaging_rbv.value
        if seconds >= RESOLVED_S * self._time.scale:
            passed = await self._time.wait(seconds, stop)
            if stop.is_set():
                await self._time.advance(passed)
                return False
        readings = self.measure(range_a, samples)
        await self._time.advance(seconds)
        self._show(readings)
        if mode == "Single" or (mode == "Multiple" and self.acquired.value >= self.averages.value):
            return False
        if mode == "Continuous":
            rest = LEAST_WALL_S * self._time.scale - seconds
            await self._time.advance(await self._time.wait(max(rest, 0.0), stop))
        return not stop.is_set()

    def _show(self, readings: Sequence[CurrentReading]) -> None:
        """Publish one averaging."""
        now = time.time()
        for mean, sigma, one in zip(self.mean, self.sigma, readings, strict=True):
            status, severity = OVER if one.saturated else FINE
            mean.post(one.mean_a, timestamp=now, status=status, severity=severity)
            sigma.post(one.sigma_a, timestamp=now)
        self.total.post(sum(one.mean_a for one in readings), timestamp=now)
        self.saturated.update(sum(one.saturated for one in readings), timestamp=now)
        self.exposure_count.post(self.exposure_count.value + 1, timestamp=now)
        self.acquired.post(self.acquired.value + 1, timestamp=now)


OVER = ca.AlarmStatus.HIHI, ca.AlarmSeverity.MAJOR_ALARM
FINE = ca.AlarmStatus.NO_ALARM, ca.AlarmSeverity.NO_ALARM


def shown(range_a: float) -> str:
    """Return a range as the driver's menus write it: ``+- 2.5 uA``."""
    for factor, unit in ((1e3, "mA"), (1e6, "uA"), (1e9, "nA"), (1e12, "pA")):
        if range_a * factor >= 1:
            return f"+- {range_a * factor:g} {unit}"
    return f"+- {range_a:g} A"
