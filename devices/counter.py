"""A counter: one trigger counts all its channels for the preset time.

What proves a reading is said in `devices.exposing`; the server publishes the channels before the number of exposures,
and one circuit keeps the order. A chamber whose amplifier was overloaded meanwhile fails the exposure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from beam import facts
from devices.chamber import CurrentDetector, IonChamber, PulseDetector
from devices.errors import NotConnected, Overloaded
from devices.exposing import Exposing, Exposure
from devices.quality import readings
from devices.signals import Attr, DeviceSignal, Quantity
from devices.state import Fact, State, Stated, alarm, first_that_holds

COUNTS = Quantity("float", "counts")
PHOTONS = "_photons_per_s"
"""What the keys of rates end with."""


class Counter(Exposing):
    """A scaler record; make one with `Counter.of`, which names the channels.

    `preset_time` is the time to count for, `elapsed` (``count_time`` in documents) the time counted.
    """

    kind_of_device = "scaler"
    channels: ClassVar[Mapping[str, int]] = {}

    elapsed = Attr(Quantity("float", "s"), kind="normal", name="count_time", doc="time counted")
    preset_time = Attr(Quantity("float", "s", writable=True), kind="config", doc="time to count for")
    counting = Attr(Quantity("enum", enum=("Done", "Count"), writable=True), doc="write 1 to count")
    exposures = Attr(Quantity("int"), optional=True, doc="how many exposures the counter has made")

    @classmethod
    def of(
        cls,
        scaler_facts: facts.Scaler,
        detectors: Mapping[str, CurrentDetector | PulseDetector],
        *,
        name: str,
        **kwargs: Any,
    ) -> Counter:
        """Make the counter at `scaler_facts`, with a channel for each of `detectors`, named as they are."""
        channels = {key: one.facts.channel for key, one in detectors.items()}
        rows: dict[str, Any] = {
            key: Attr(COUNTS, kind="hinted", name=key, doc=f"counts of {one.label}") for key, one in detectors.items()
        }
        chambers = {key: one for key, one in detectors.items() if isinstance(one, CurrentDetector)}
        made: type[Counter] = type(cls.__name__, (cls,), {**rows, "channels": channels, "__doc__": cls.__doc__})
        return made(scaler_facts, chambers, name=name, **kwargs)

    def __init__(
        self, scaler_facts: facts.Scaler, chambers: Mapping[str, CurrentDetector], *, name: str, **kwargs: Any
    ) -> None:
        self.facts = scaler_facts
        self.chambers = dict(chambers)
        self.energy: Callable[[], float] | None = None
        """Tells the photon energy in eV, by which counts of ion chambers are read as photons."""
        super().__init__(scaler_facts.address, name=name, label="counter", tango_name=scaler_facts.name, **kwargs)
        self._follows(self.elapsed, *(getattr(self, key) for key in self.channels))

    def channel_of(self, attribute: str) -> int | None:
        """Return the number of the channel called `attribute`."""
        return self.channels.get(attribute)

    # -- counting ----------------------------------------------------------------------------------------------

    @property
    def _start(self) -> tuple[Any, str]:
        return self.counting, "Count"

    @property
    def _halt(self) -> tuple[Any, str]:
        return self.counting, "Done"

    def _judged(self) -> list[DeviceSignal]:
        return [chamber.overload for chamber in self.chambers.values()]

    def _proven_rest(self) -> bool:
        # what comes by another circuit may be older than the counts
        return all(chamber.overload.circuit == self.counting.circuit for chamber in self.chambers.values())

    def _judge_rest(self, exposure: Exposure) -> None:
        for name, chamber in self.chambers.items():
            if chamber.overload.sample.value:
                gain = chamber.gain.sample.value
                raise Overloaded(f"{self.name}: {name} is overloaded at a gain of {gain:.3g} V/A; lower {name}.gain")

    # -- documents ---------------------------------------------------------------------------------------------

    def read(self) -> Any:
        """Return time and counts; of ion chambers, where the energy is known, the photons per second that entered."""
        found: Any = super().read()
        if (energy := self.energy) is not None:
            try:
                at = energy()
            except NotConnected:
                at = math.nan
            elapsed = float(self.elapsed.sample.value)
            for key, chamber in self._ion_chambers():
                raw = found[key]
                rate = chamber.photons_per_s(float(raw["value"]), elapsed, at)
                found[f"{key}{PHOTONS}"] = {"value": rate, "timestamp": raw["timestamp"]}
        return found

    def describe(self) -> Any:
        """Return the data keys."""
        keys: Any = super().describe()
        if self.energy is not None:
            for key, chamber in self._ion_chambers():
                keys[f"{key}{PHOTONS}"] = {
                    "source": f"computed: {chamber.name}'s current over its charge per photon at the energy",
                    "dtype": "number",
                    "dtype_numpy": "<f8",
                    "shape": [],
                    "units": "photons/s",
                    "precision": 0,
                }
        return keys

    def _ion_chambers(self) -> list[tuple[str, IonChamber]]:
        return [(key, one) for key, one in self.chambers.items() if isinstance(one, IonChamber)]

    def read_configuration(self) -> Any:
        """Return the preset, and the gains without which counts mean nothing."""
        gains = [chamber.gain for chamber in self.chambers.values()]
        return super().read_configuration() | readings(self.name, gains)

    def describe_configuration(self) -> Any:
        """Return the data keys of the configuration."""
        found: Any = super().describe_configuration()
        for chamber in self.chambers.values():
            found.update(chamber.gain.describe())
        return found

    def report_state(self) -> Stated:
        """Return the state from alarm, overload and counting."""
        overloaded = [name for name, chamber in self.chambers.items() if chamber.overload.sample.value]
        return first_that_holds(
            (
                alarm(max(signal.sample.severity for signal in self._acquired), "a channel"),
                Fact(bool(overloaded), State.ALARM, f"{', '.join(overloaded)} overloaded"),
                Fact(
                    bool(self.counting.sample.value),
                    State.RUNNING,
                    f"counts {self.preset_time.sample.value:g} s",
                ),
            ),
            Stated(State.ON, f"ready to count {self.preset_time.sample.value:g} s"),
        )
