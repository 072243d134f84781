"""The kinds of detectors that a beamline may have: of currents, and those of a hard X-ray station."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from beam.address import Addressed
from beam.area_detectors import CameraFigures
from beam.axis_facts import NonNegative, Positive, Sourced
from beam.powder import Calibrant

Angle = Annotated[float, Field(gt=0, lt=90)]
Share = Annotated[float, Field(ge=0, le=1)]
RegionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=15)]


class CurrentDetector(Addressed, Sourced):
    """What gives a current: amplifier and voltage-to-frequency converter, read by a scaler channel."""

    label: str
    scaler: str
    channel: Annotated[int, Field(ge=2, le=32)]
    gain_v_per_a: Positive
    frequency_hz_per_v: Positive
    full_scale_v: Positive
    dark_v: NonNegative
    noise_v_per_rt_hz: NonNegative


class SpectrumMapping(Sourced):
    """How a spectrometer takes one spectrum a gate: a gate lasts at least `shortest_gate_s`.

    Spectra wait in a buffer of `buffer_rows` to be stored, `stored_rows_per_s` at most.
    """

    shortest_gate_s: Positive
    buffer_rows: Annotated[int, Field(ge=2, le=1_000_000)]
    stored_rows_per_s: Positive


class FluorescenceSpectrometer(Addressed, Sourced):
    """A silicon drift detector at an mca record that looks at the sample.

    `area_mm2` is what its collimator leaves free, `distance_mm` from the sample; `window_um` of beryllium, `air_mm` of
    air on the way, `silicon_um` thick. The sample stands at `incidence_deg` to the beam, the detector at
    `take_off_deg` to its surface, where it gets `scatter_share` of what isotropic scattering would send. After each
    pulse it is dead for `dead_time_us`, in which others are lost and do not prolong it. `regions` are named ranges of
    photon energy (keV). With `mapping`, a gate unit can trigger it.
    """

    kind: Literal["sdd"]
    label: Annotated[str, Field(min_length=1, max_length=39)]
    channels: Annotated[int, Field(ge=16, le=16384)]
    channel_kev: Positive
    offset_kev: float
    noise_ev: NonNegative
    dead_time_us: NonNegative
    background_rate_hz: NonNegative
    background_decay_kev: Positive
    area_mm2: Positive
    distance_mm: Positive
    silicon_um: Positive
    window_um: NonNegative
    air_mm: NonNegative
    incidence_deg: Angle
    take_off_deg: Angle
    scatter_share: Share
    regions: Annotated[dict[RegionName, tuple[float, float]], Field(max_length=32)]
    mapping: SpectrumMapping | None = None

    @property
    def range_kev(self) -> tuple[float, float]:
        """The energies at the centres of the first and the last channel."""
        return self.offset_kev, self.offset_kev + self.channel_kev * (self.channels - 1)

    def channels_of(self, low_kev: float, high_kev: float) -> tuple[int, int]:
        """Return the first and the last channel of a region between two energies."""
        first, last = (round((one - self.offset_kev) / self.channel_kev) for one in (low_kev, high_kev))
        return first, last

    @property
    def lines(self) -> tuple[()]:
        """The lines that it always sees: none, its light comes from the sample."""
        return ()

    @model_validator(mode="after")
    def _regions_in_the_spectrum(self) -> FluorescenceSpectrometer:
        first, last = self.range_kev
        for name, (low, high) in self.regions.items():
            if not first <= low < high <= last:
                raise ValueError(f"regions.{name} = {low:g} … {high:g} keV: the spectrum is {first:g} … {last:g} keV")
        return self


class DiffractionCamera(Addressed, CameraFigures):
    """A flat camera across the beam, `distance_mm` behind a calibrant that stands behind all other detectors.

    The beam would meet it at `centre_x_px`, `centre_y_px`, from the corner of the first pixel. Rings have the width
    `ring_fwhm_deg` in 2θ; the brightest pixel gets `peak_per_photon` counts. It exposes for `shortest_s` … `longest_s`,
    and takes `readout_s` after each exposure until a trigger can begin the next.
    """

    kind: Literal["diffraction_camera"]
    calibrant: Calibrant
    distance_mm: Positive
    pixel_um: Positive
    centre_x_px: float
    centre_y_px: float
    ring_fwhm_deg: Positive
    peak_per_photon: Positive
    shortest_s: Positive
    longest_s: Positive
    readout_s: NonNegative = 0.0

    @model_validator(mode="after")
    def _a_range_and_a_writer(self) -> DiffractionCamera:
        if not self.shortest_s < self.longest_s:
            raise ValueError(f"shortest_s < longest_s must hold, not {self.shortest_s} < {self.longest_s}")
        if "HDF1" not in self.plugins:
            raise ValueError("plugins must hold HDF1, which writes what a run keeps")
        return self
