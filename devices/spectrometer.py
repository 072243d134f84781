"""A fluorescence spectrometer: one trigger makes one spectrum, with its regions' sums.

What proves a reading is said in `devices.exposing`. Besides, a spectrum has to be whole and consistent:

=============================  =========================================================================================
after the put of ``ERST``      the trigger
=============================  =========================================================================================
it counts again                fails: somebody else started it
live time not in 0 … real      fails: nobody could correct for the dead time
a sum is not of its channels   fails
=============================  =========================================================================================

Where counts are lost to dead time, they are recorded as they are, and beside them corrected: ``<region>_corrected`` is
the counts times real over live time, what a detector that is never dead would have counted. That holds for a dead time
in which nothing is counted and which the live time leaves out, whatever its law.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from beam.detector_kinds import FluorescenceSpectrometer
from beam.errors import ConfigError
from devices.base import Part
from devices.errors import BadReading, Busy, DeviceError
from devices.exposing import Exposing, Exposure
from devices.mapping import Mapping
from devices.quality import check
from devices.region import Region
from devices.settling import apply
from devices.signals import Attr, DeviceSignal, Quantity
from devices.state import Fact, State, Stated, alarm, first_that_holds

SECONDS = Quantity("float", "s")
MAPPING = "mapping"
START = Quantity("enum", enum=("Done", "Acquire"), writable=True)


class Spectrometer(Exposing):
    """An mca record; make one with `Spectrometer.of`, which names its regions."""

    kind_of_device = "mca"
    result = "spectrum"

    spectrum: Any  # as long as the facts say
    real_time = Attr(SECONDS, kind="normal", doc="time counted")
    live_time = Attr(SECONDS, kind="normal", doc="of that, time in which pulses were counted")
    dead_time = Attr(Quantity("float", "%"), kind="normal", doc="the rest")
    preset_time = Attr(Quantity("float", "s", writable=True), kind="config", doc="real time to count for")
    preset_live_time = Attr(Quantity("float", "s", writable=True), doc="live time to count for; 0: no such preset")
    channels_used = Attr(Quantity("int", writable=True), doc="channels in use")
    mode = Attr(Quantity("enum", enum=("PHA", "MCS", "List"), writable=True), doc="what it does with pulses")
    energy_offset = Attr(Quantity("float", "keV", writable=True), kind="config", doc="energy of channel 0")
    energy_slope = Attr(Quantity("float", "keV", writable=True), kind="config", doc="from one channel to the next")
    erase_start = Attr(START, doc="write 1 to erase and count")
    counting = Attr(Quantity("enum", enum=("Done", "Acquire")), doc="whether it counts")
    halt = Attr(START, doc="write 1 to stop")
    exposures = Attr(Quantity("int"), doc="how many exposures it has made")

    @classmethod
    def of(cls, facts: FluorescenceSpectrometer, *, name: str, **kwargs: Any) -> Spectrometer:
        """Make the spectrometer at the facts' address, with a part for each of their regions."""
        if taken := [region for region in facts.regions if hasattr(cls, region) or region == MAPPING]:
            raise ConfigError(
                f"{name}: regions.{taken[0]}: a spectrometer has something else of that name; take another"
            )
        spectrum = Attr(Quantity("int", "counts", shape=(facts.channels,)), kind="normal", doc="counts by channel")
        regions: dict[str, Any] = {region: Part(Region, kind="normal") for region in facts.regions}
        if facts.mapping is not None:
            regions[MAPPING] = Part(Mapping, kind="omitted")
        made: type[Spectrometer] = type(cls.__name__, (cls,), {"spectrum": spectrum, **regions, "__doc__": cls.__doc__})
        return made(facts, name=name, **kwargs)

    def __init__(self, facts: FluorescenceSpectrometer, *, name: str, **kwargs: Any) -> None:
        self.facts = facts
        self._numbers = {region: n for n, region in enumerate(facts.regions)}
        super().__init__(facts.address, name=name, label=facts.label, tango_name=facts.name, **kwargs)
        self._follows(self.real_time, self.live_time, self.dead_time, self.spectrum)

    def facts_of(self, part: str) -> Any:
        """Return address, name and spectrum of a region; all facts for the mapping mode."""
        if part == MAPPING:
            return self.facts
        return f"{self.address}.R{self._numbers[part]}", part, self.facts

    @property
    def regions(self) -> dict[str, Region]:
        """The regions by name."""
        return {name: getattr(self, name) for name in self._numbers}

    @property
    def mapping_mode(self) -> Mapping:
        """Its mapping mode; raises DeviceError where it has none."""
        found = self.parts.get(MAPPING)
        if not isinstance(found, Mapping):
            raise DeviceError(f"{self.name}: it has no mapping mode")
        return found

    # -- counting ----------------------------------------------------------------------------------------------

    def stage(self) -> list[object]:
        """Let it count pulse heights for a real time, in all channels; refuse a region that is not in the spectrum.

        Raises
        ------
        Busy
            It counts already, for somebody else.
        OutOfReach
            Somebody has put a region beyond the spectrum.
        """
        if self.counting.fetch().value:
            raise Busy(f"{self.name}: it counts already; stop it first ({self.halt.address} 1)")
        apply([(self.mode, "PHA"), (self.preset_live_time, 0.0), (self.channels_used, self.facts.channels)])
        for region in self.regions.values():
            region.check_place()
        return super().stage()

    @property
    def _start(self) -> tuple[Any, str]:
        return self.erase_start, "Acquire"

    @property
    def _halt(self) -> tuple[Any, str]:
        return self.halt, "Acquire"

    def _check_start(self, preset_s: float) -> None:
        if not preset_s > 0:
            raise BadReading(f"{self.name}: preset_time {preset_s:g} s: more than 0 s is allowed, it would not end")

    def _proven_rest(self) -> bool:
        return not self.counting.sample.value and self._wrong_sum() is None

    def _judged(self) -> list[DeviceSignal]:
        return [*(region.counts for region in self.regions.values()), self.counting]

    def _judge(self, exposure: Exposure) -> None:
        if self.counting.sample.value:
            raise BadReading(f"{self.name}: reported the end of a spectrum, but counts: somebody else started it")
        super()._judge(exposure)

    def _judge_rest(self, exposure: Exposure) -> None:
        for region in self.regions.values():
            check(self.name, region.counts, region.counts.sample)
        counted, live = self.real_time.sample.value, self.live_time.sample.value
        if not 0 < live <= counted:
            raise BadReading(f"{self.name}: live time {live:g} s of {counted:g} s: no dead time can be corrected for")
        if (length := len(self.spectrum.sample.value)) != self.facts.channels:
            raise BadReading(f"{self.name}: a spectrum of {length} channels, not {self.facts.channels}")
        if wrong := self._wrong_sum():
            raise BadReading(f"{self.name}: {wrong}")

    def _wrong_sum(self) -> str | None:
        """Return which region's sum is not that of its channels."""
        spectrum = np.asarray(self.spectrum.sample.value)
        for name, region in self.regions.items():
            low, high = region.place
            counts, total = region.counts.sample.value, int(spectrum[low : high + 1].sum())
            if counts != total:
                return f"{name} has {counts:g} counts, its channels {low} … {high} have {total}"
        return None

    # -- documents ---------------------------------------------------------------------------------------------

    def read(self) -> Any:
        """Return the readings, and the regions' counts corrected for dead time."""
        found: Any = super().read()
        live = self.live_time.sample.value
        factor = self.real_time.sample.value / live if live > 0 else float("nan")
        for region in self.regions.values():
            raw = found[region.counts.name]
            found[f"{region.counts.name}_corrected"] = {**raw, "value": raw["value"] * factor}
        return found

    def describe(self) -> Any:
        """Return the data keys."""
        keys: Any = super().describe()
        for region in self.regions.values():
            keys[f"{region.counts.name}_corrected"] = {
                "source": f"{region.counts.address} times real over live time",
                "dtype": "number",
                "dtype_numpy": "<f8",
                "shape": [],
                "units": "counts",
                "precision": 0,
            }
        return keys

    def report_state(self) -> Stated:
        """Return the state from alarm and counting."""
        dead = self.dead_time.sample
        return first_that_holds(
            (
                alarm(self.spectrum.sample.severity, f"dead time {dead.value:.0f} %"),
                Fact(bool(self.counting.sample.value), State.RUNNING, f"counts {self.preset_time.sample.value:g} s"),
            ),
            Stated(State.ON, f"ready to count {self.preset_time.sample.value:g} s"),
        )
