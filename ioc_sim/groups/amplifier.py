"""A detector's current amplifier: its gain, and whether the last exposure overloaded it."""

from __future__ import annotations

from beam.facts import CurrentDetector
from beam.line_base import Exposure
from ioc_sim.channels import Channels, Enum, Float, under
from ioc_sim.station import Station

LOWEST_GAIN, HIGHEST_GAIN = 1e3, 1e12
"""V/A; the range of a common variable-gain current amplifier."""


class AmplifierGroup:
    """The channels of one amplifier."""

    def __init__(self, name: str, facts: CurrentDetector, station: Station) -> None:
        self._name = name
        self._line = station.line
        self.gain = Float(
            station.line.gain_v_per_a[name],
            low=LOWEST_GAIN,
            high=HIGHEST_GAIN,
            units="V/A",
            on_put=self._set_gain,
        )
        self.overload = Enum("OK", ("OK", "Overload"))
        self.channels: Channels = under(facts.prefix, {"Gain": self.gain, "Overload": self.overload})
        station.on_exposure.append(self._exposed)

    async def _set_gain(self, value: float) -> None:
        self._line.gain_v_per_a[self._name] = value

    def _exposed(self, exposure: Exposure) -> None:
        self.overload.update("Overload" if self._name in exposure.overloaded else "OK")
