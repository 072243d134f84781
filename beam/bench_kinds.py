"""The kinds of devices that a bench may have: one table for devices that are alike, at each of its `prefixes`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from beam.address import Prefix, TangoName
from beam.area_detectors import AreaDetectors
from beam.condition import ConditionText
from beam.facts import AxisNumbers, Facts, NonNegative, Positive, Sourced, with_unit

Prefixes = Annotated[list[Prefix], Field(min_length=1)]
Label = Annotated[str, Field(min_length=1, max_length=39)]


class Placed(Sourced):
    """Devices at prefixes; those that `tango` names are shown as these Tango devices instead, one for each prefix."""

    prefixes: Prefixes
    tango: list[TangoName] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_name_each(self) -> Placed:
        if self.tango and len(self.tango) != len(self.prefixes):
            raise ValueError(f"tango names {len(self.tango)} devices, there are {len(self.prefixes)} prefixes")
        return self


class LinearMotors(AxisNumbers):
    """Motors in millimetres, one at each prefix."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=with_unit("mm"))
    unit: ClassVar[str] = "mm"

    kind: Literal["linear_motors"]
    prefixes: Prefixes


class RotaryMotors(AxisNumbers):
    """Motors in degrees, one at each prefix."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=with_unit("deg"))
    unit: ClassVar[str] = "deg"

    kind: Literal["rotary_motors"]
    prefixes: Prefixes


class Input(Facts):
    """What is connected to a scaler's channel: pulses at a steady mean rate, at random."""

    channel: Annotated[int, Field(ge=2, le=32)]
    label: Annotated[str, Field(max_length=39)]
    rate_hz: NonNegative


class Scalers(Sourced):
    """Scalers whose channel 1 counts their own clock, one at each prefix."""

    kind: Literal["scalers"]
    prefixes: Prefixes
    channels: Annotated[int, Field(ge=2, le=32)]
    clock_hz: Positive
    inputs: list[Input] = Field(default_factory=list)

    @model_validator(mode="after")
    def _inputs_on_channels(self) -> Scalers:
        taken: set[int] = set()
        for number, one in enumerate(self.inputs):
            if one.channel > self.channels:
                raise ValueError(f"inputs.{number}.channel = {one.channel}: there are {self.channels}")
            if one.channel in taken:
                raise ValueError(f"inputs.{number}.channel = {one.channel} is already taken")
            taken.add(one.channel)
        return self


class EmissionLine(Facts):
    """A line of the spectrum that a detector sees: pulses of one energy, before dead time."""

    energy_kev: Positive
    rate_hz: NonNegative


class Mcas(Sourced):
    """Multi-channel analysers behind silicon drift detectors, one at each prefix.

    `processors` are the prefixes of their pulse processors' settings, one for each of `prefixes`; without them the
    analysers have none.
    """

    kind: Literal["mcas"]
    prefixes: Prefixes
    processors: list[Prefix] = Field(default_factory=list)
    channels: Annotated[int, Field(ge=16, le=16384)]
    channel_kev: Positive
    offset_kev: float
    noise_ev: NonNegative
    dead_time_us: NonNegative
    background_rate_hz: NonNegative
    background_decay_kev: Positive
    lines: list[EmissionLine] = Field(default_factory=list)

    @model_validator(mode="after")
    def _a_processor_each(self) -> Mcas:
        if self.processors and len(self.processors) != len(self.prefixes):
            raise ValueError(f"processors: there are {len(self.processors)} for {len(self.prefixes)} prefixes")
        return self


class Current(Facts):
    """What flows into one input of an electrometer: a steady current, with its shot noise."""

    label: Label
    current_a: float


class Electrometers(Placed):
    """Four-channel electrometers, one at each prefix. `noise_rel` is one sample's, as a share of the full scale."""

    kind: Literal["electrometers"]
    ranges_a: Annotated[list[Positive], Field(min_length=1, max_length=16)]
    sample_s: Annotated[float, Field(ge=1e-6, le=1.0)]
    bits: Annotated[int, Field(ge=8, le=32)]
    noise_rel: NonNegative
    inputs: Annotated[list[Current], Field(min_length=4, max_length=4)]


class Busies(Sourced):
    """Busy records, one at each prefix."""

    kind: Literal["busies"]
    prefixes: Prefixes


class TwoStates(Sourced):
    """What opens and closes. `needs` must hold for it to open; where they no longer do, it closes by itself."""

    prefixes: Prefixes
    label: Label
    travel_s: NonNegative
    needs: list[ConditionText] = Field(default_factory=list)


class Shutters(TwoStates):
    """Two-state shutters, one at each prefix."""

    kind: Literal["shutters"]


class Valves(TwoStates):
    """Vacuum valves, one at each prefix: as shutters, but a trip stays until it is reset."""

    kind: Literal["valves"]


class Waveforms(Sourced):
    """Time series of a voltage, one at each prefix: an oscillation with noise."""

    kind: Literal["waveforms"]
    prefixes: Prefixes
    label: Label
    elements: Annotated[int, Field(ge=2, le=1_000_000)]
    sample_s: Annotated[float, Field(ge=1e-7, le=3600.0)]
    mean_v: float
    amplitude_v: NonNegative
    frequency_hz: NonNegative
    noise_v: NonNegative


class FileDetectors(Placed):
    """Detectors that write each acquisition to one HDF5 file, one at each prefix.

    A frame takes `write_s` to be written; one that finds `queue_frames` others waiting is dropped.
    """

    kind: Literal["file_detectors"]
    label: Label
    width_px: Annotated[int, Field(ge=1, le=8192)]
    height_px: Annotated[int, Field(ge=1, le=8192)]
    peak_rate_hz: NonNegative
    background_rate_hz: NonNegative
    write_s: NonNegative
    queue_frames: Annotated[int, Field(ge=1, le=10_000)]


BenchDevice = Annotated[
    LinearMotors
    | RotaryMotors
    | Scalers
    | Mcas
    | Electrometers
    | Busies
    | Shutters
    | Valves
    | Waveforms
    | FileDetectors
    | AreaDetectors,
    Field(discriminator="kind"),
]
