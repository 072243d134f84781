"""The settings of a digital pulse processor (XIA's DXP, after dxpHighLevel.template), and what it says of its pulses.

`PresetMode` says which preset ends an acquisition of its mca record: ``Real time`` (the record's PRTM), ``Live time``
(PLTM), ``Events`` (pulses in the spectrum), ``Triggers`` (pulses seen) or ``No preset``. `MaxEnergy` is what the next
spectrum reaches to (the record's CALS is the user's to set). The filters' settings are kept and read back; what they do
to a pulse is not simulated, nor are traces and baseline histograms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import caproto as ca

from beam.pulses import PulseSource
from ioc_sim.channels import Channel, Channels, Enum, Float, Int
from ioc_sim.groups.settings import follow, menu
from ioc_sim.records.field_specs import Value

NUMBERS: dict[str, tuple[float, str, int]] = {
    "TriggerPeakingTime": (0.15, "us", 2),
    "TriggerThreshold": (0.15, "keV", 3),
    "TriggerGapTime": (0.0, "us", 2),
    "MaxWidth": (4.0, "us", 2),
    "PeakingTime": (1.0, "us", 3),
    "EnergyThreshold": (0.0, "keV", 3),
    "GapTime": (0.2, "us", 2),
    "BaselineCutPercent": (5.0, "%", 3),
    "BaselineThreshold": (2.0, "keV", 3),
    "PreampGain": (2.0, "mV/keV", 4),
    "ResetDelay": (10.0, "us", 2),
    "DecayTime": (10.0, "us", 2),
    "ADCPercentRule": (5.0, "%", 1),
    "TraceTime": (1.0, "us", 2),
}
"""Settings with a readback: start, unit, digits."""
MENUS: dict[str, tuple[str, ...]] = {
    "BaselineCutEnable": ("No", "Yes"),
    "DetectorPolarity": ("Neg", "Pos"),
    "LiveTimeOutput": ("Live time", "Real time"),
    "TriggerOutput": ("Off", "On"),
    "TraceMode": (
        "ADC",
        "Baseline hstry",
        "Trigger filter",
        "Baseline filter",
        "Energy filter",
        "Baseline smpls.",
        "Energy smpls.",
    ),
}
FILTER_LENGTHS = tuple(str(8 << n) for n in range(9))
PRESETS = ("No preset", "Real time", "Live time", "Events", "Triggers")
TRACE, HISTOGRAM = 4096, 1024


class Longs(Channel, ca.ChannelInteger):
    """An array of 32-bit integers."""


class Floats(Channel, ca.ChannelDouble):
    """An array of 64-bit numbers."""


class DxpGroup:
    """The channels of one pulse processor.

    Parameters
    ----------
    prefix : str
        Its address.
    pulses : PulseSource
        What it counts.
    range_kev : float
        Energy that its spectrum reaches to.
    """

    def __init__(self, prefix: str, pulses: PulseSource, range_kev: float) -> None:
        self._pulses = pulses
        self.channels: Channels = {}
        self._prefix = prefix
        self.preset_mode = self._menu("PresetMode", PRESETS, "Real time")
        self.preset_events = self._count("PresetEvents")
        self.preset_triggers = self._count("PresetTriggers")
        for name, (start, units, digits) in NUMBERS.items():
            self._number(name, start, units, digits)
        for name, strings in MENUS.items():
            self._menu(name, strings, strings[0])
        self._filter_length()
        self.ranges = {
            "MaxEnergy_RBV": Float(units="keV", precision=3),
            "DynamicRange_RBV": Float(units="keV", precision=3),
            "CalibrationEnergy_RBV": Float(units="keV", precision=3),
            "MCABinWidth_RBV": Float(units="eV/bin", precision=4),
        }
        self._show_range(range_kev)
        told = {
            **self.ranges,
            "MaxEnergy": Float(range_kev, low=1.0, high=1000.0, units="keV", precision=3, on_put=self._put_range),
            "CurrentPixel": Int(0),
            "TraceData": Longs(value=[0], max_length=TRACE),
            "TraceTimeArray": Floats(value=[0.0], max_length=TRACE),
            "BaselineHistogram": Longs(value=[0], max_length=HISTOGRAM),
            "BaselineEnergyArray": Floats(value=[0.0], max_length=HISTOGRAM),
        }
        self.results: dict[str, Any] = {
            **{name: Float(0.0, units="s", precision=3) for name in ELAPSED},
            **{name: Int(0) for name in ("Triggers", "Events", "Overflows", "Underflows")},
            **{name: Float(0.0, units="Hz", precision=1) for name in ("InputCountRate", "OutputCountRate")},
        }
        self.channels |= {f"{prefix}{name}": channel for name, channel in (told | self.results).items()}

    def remaining(self, values: Mapping[str, Value]) -> float:
        """Return the real time (s) that an acquisition still lasts, from the mca record's fields."""
        share, rate = self._pulses.live_share, self._pulses.input_hz
        real = float(values["ERTM"])
        match self.preset_mode.value:
            case "Real time":
                left = _preset(values, "PRTM") - real
            case "Live time":
                left = (_preset(values, "PLTM") - float(values["ELTM"])) / share
            case "Events":
                left = self.preset_events.value / (rate * share) - real if rate else math.inf
            case "Triggers":
                left = self.preset_triggers.value / rate - real if rate else math.inf
            case _:
                left = math.inf
        return max(left, 0.0)

    def show(self, values: Mapping[str, Value], events: float) -> None:
        """Publish what was counted: `values` are the mca record's fields, `events` the counts in its spectrum."""
        real, live = float(values["ERTM"]), float(values["ELTM"])
        found = {
            **dict(zip(ELAPSED, (real, live, live), strict=True)),
            "Triggers": round(self._pulses.input_hz * real),
            "Events": round(events),
            "InputCountRate": self._pulses.input_hz if real else 0.0,
            "OutputCountRate": events / real if real else 0.0,
        }
        for name, value in found.items():
            self.results[name].update(value)

    async def _put_range(self, kev: float) -> None:
        self._pulses.rescale(kev / len(self._pulses.rates_hz))
        self._show_range(kev)

    def _show_range(self, kev: float) -> None:
        ev = 1e3 * kev / len(self._pulses.rates_hz)
        for channel, value in zip(self.ranges.values(), (kev, kev, kev / 2, ev), strict=True):
            channel.update(value)

    # ---- settings with a readback

    def _number(self, name: str, start: float, units: str, digits: int) -> None:
        readback = Float(start, units=units, precision=digits)
        self._pair(name, Float(start, units=units, precision=digits, on_put=follow(readback)), readback)

    def _count(self, name: str) -> Int:
        readback = Int(0)
        setting = Int(0, low=0, high=2**31 - 1, on_put=follow(readback))
        self._pair(name, setting, readback)
        return setting

    def _menu(self, name: str, strings: Sequence[str], start: str) -> Enum:
        setting, readback = menu(start, strings)
        self._pair(name, setting, readback)
        return setting

    def _filter_length(self) -> None:
        readback = Int(int(FILTER_LENGTHS[4]))

        async def put(value: str) -> None:
            readback.update(int(value))

        self._pair("BaselineFilterLength", Enum(FILTER_LENGTHS[4], FILTER_LENGTHS, on_put=put), readback)

    def _pair(self, name: str, setting: Any, readback: Any) -> None:
        self.channels |= {f"{self._prefix}{name}": setting, f"{self._prefix}{name}_RBV": readback}


ELAPSED = ("ElapsedRealTime", "ElapsedLiveTime", "ElapsedTriggerLiveTime")


def _preset(values: Mapping[str, Value], field: str) -> float:
    return float(values[field]) or math.inf
