"""A region of interest of a spectrum: its counts, and from which energy to which it reaches.

As a movable it takes two energies in keV: ``mv sdd.fe_ka [6.2,6.6]``. Written past that, its channels are looked at
when the detector is staged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from beam.detector_kinds import FluorescenceSpectrometer
from beam.errors import OutOfReach
from devices.base import Instrument
from devices.deadlines import PATIENCE
from devices.signals import Attr, Quantity
from devices.state import State, Stated
from devices.waiting import Waiting, in_background

CHANNEL = Quantity("int", writable=True)


class Region(Instrument):
    """One region of a spectrometer."""

    kind_of_device = "mca_region"

    counts = Attr(Quantity("float", "counts"), kind="hinted", name="{}", doc="counts in the region")
    low = Attr(CHANNEL, kind="config", doc="first channel")
    high = Attr(CHANNEL, kind="config", doc="last channel")

    def __init__(self, place: tuple[str, str, FluorescenceSpectrometer], *, name: str, **kwargs: Any) -> None:
        address, label, self.spectrum = place
        super().__init__(address, name=name, label=label, **kwargs)
        self.low.guard = self.high.guard = self._check_channel

    @property
    def place(self) -> tuple[int, int]:
        """The first and the last channel."""
        return int(self.low.sample.value), int(self.high.sample.value)

    def check_place(self) -> None:
        """Refuse to count with a region that is not in the spectrum.

        Raises
        ------
        OutOfReach
            Names what is allowed.
        """
        low, high = int(self.low.fetch().value), int(self.high.fetch().value)
        if not 0 <= low <= high < self.spectrum.channels:
            raise OutOfReach(f"{self.name} channels {low} … {high}: {self._allowed()}")

    def check_value(self, value: Sequence[float], **_: Any) -> None:
        """Refuse energies between which there is no spectrum.

        Raises
        ------
        OutOfReach
            Not two energies, the lower first, within the spectrum.
        """
        energies = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
        if len(energies) != 2 or not all(isinstance(one, int | float) and math.isfinite(one) for one in energies):
            raise OutOfReach(f"{self.name} {value!r}: give two energies in keV, [low,high]; {self._allowed()}")
        low, high = energies
        first, last = self.spectrum.range_kev
        if not first <= low < high <= last:
            raise OutOfReach(f"{self.name} {low:g} … {high:g} keV: {self._allowed()}")

    def set(self, value: Sequence[float]) -> Waiting:
        """Let the region reach from one energy (keV) to another."""
        self.check_value(value)
        self.allow("Move")
        first, last = self.spectrum.channels_of(*value)
        what = f"channels {first} … {last}"
        status = Waiting(
            self.name, what, PATIENCE.wall_seconds(0.0), lambda: f"{self.low.last_words}, {self.high.last_words}"
        )

        def write() -> None:
            for signal, channel in ((self.low, first), (self.high, last)):
                signal.set(channel).wait()
            status.finish()

        in_background(lambda: status.guard(write))
        return status

    def _check_channel(self, channel: Any) -> None:
        if not 0 <= int(channel) < self.spectrum.channels:
            raise OutOfReach(f"{self.name} channel {channel}: {self._allowed()}")

    def _allowed(self) -> str:
        first, last = self.spectrum.range_kev
        return f"allowed {first:g} … {last:g} keV, channels 0 … {self.spectrum.channels - 1}"

    def report_state(self) -> Stated:
        """Return where it is."""
        low, high = self.place
        offset, slope = self.spectrum.offset_kev, self.spectrum.channel_kev
        return Stated(State.ON, f"{offset + slope * low:.3g} … {offset + slope * high:.3g} keV")
