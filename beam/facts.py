"""The facts of a facility, read from `config/` and checked: the one truth for devices and simulated servers."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal, TypeVar, cast, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from beam import overlay
from beam.address import Addressed, Prefix, domain_family_member
from beam.axis_facts import AngleAxis as AngleAxis
from beam.axis_facts import AxisFacts as AxisFacts
from beam.axis_facts import AxisNumbers as AxisNumbers
from beam.axis_facts import Facts as Facts
from beam.axis_facts import FineAngleAxis as FineAngleAxis
from beam.axis_facts import LengthAxis as LengthAxis
from beam.axis_facts import NonNegative as NonNegative
from beam.axis_facts import Positive as Positive
from beam.axis_facts import Sourced as Sourced
from beam.axis_facts import UndulatorAxis as UndulatorAxis
from beam.axis_facts import with_unit as with_unit
from beam.condition import ConditionText
from beam.detector_kinds import CurrentDetector as CurrentDetector
from beam.detector_kinds import DiffractionCamera as DiffractionCamera
from beam.detector_kinds import FluorescenceSpectrometer as FluorescenceSpectrometer
from beam.environment_kinds import Potentiostat as Potentiostat
from beam.environment_kinds import SampleStage as SampleStage
from beam.environment_kinds import TemperatureStage as TemperatureStage
from beam.errors import ConfigError, UnknownName
from beam.gate_kinds import GateUnit as GateUnit
from beam.interlock import Interlock
from beam.optics_kinds import BeamStop as BeamStop
from beam.optics_kinds import Filters as Filters
from beam.optics_kinds import Mirror as Mirror
from beam.optics_kinds import PlaceName as PlaceName
from beam.optics_kinds import Slits as Slits
from beam.optics_kinds import StationInterlock as StationInterlock
from beam.optics_kinds import Table as Table
from beam.optics_kinds import Valve as Valve
from beam.run_rules import FluxCheck, HoldShutter, HoldSignal, Policy
from beam.soft_kinds import AppleUndulator as AppleUndulator
from beam.soft_kinds import DrainCurrent as DrainCurrent
from beam.soft_kinds import FluorescenceDetector as FluorescenceDetector
from beam.soft_kinds import Magnet as Magnet
from beam.soft_kinds import Mesh as Mesh
from beam.soft_kinds import Photodiode as Photodiode
from beam.soft_kinds import PlaneGratingMonochromator as PlaneGratingMonochromator
from beam.soft_kinds import RasterStage as RasterStage

DeviceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


PATH_FIELDS = {
    "proposal": "p",
    "beamline": "b",
    "sample": "s",
    "plan": "n",
    "scan_id": 1,
    "uid": "0123abcd",
    "date": "2026-01-01",
}
"""What the template of a path may hold, with examples."""


class Ring(Addressed, Sourced):
    """The storage ring as a source of electrons."""

    energy_gev: Positive
    circumference_m: Positive
    current_ma: Positive
    lifetime_h: Positive
    topup_band_rel: Annotated[float, Field(gt=0, lt=1)]
    topup_gate_before_s: NonNegative
    topup_gate_after_s: NonNegative
    refill_rate_ma_per_s: Positive
    emittance_nm_rad: Positive
    energy_spread_rel: Positive
    coupling_rel: Positive
    beta_x_m: Positive
    beta_y_m: Positive
    rf_frequency_mhz: Positive
    harmonic_number: Annotated[int, Field(gt=0)]
    orbit_rms_urad: NonNegative = Field(default=0.0, description="how much the beam's direction shakes, in x and in y")
    orbit_bandwidth_hz: Positive = Field(default=10.0, description="up to which frequency; longer exposures average it")

    @property
    def own_prefix(self) -> str:
        """Of the PVs by which a simulated ring speaks of itself, whatever else it speaks: ``SR:``."""
        return self.prefix or f"{self.tango_name.split('/')[0].upper()}:"


class Facility(Facts):
    """What all beamlines share: the ring, the lists of beamlines and benches (`config/facility.toml`)."""

    schema_version: Literal[1]
    name: str
    beamlines: list[str]
    benches: list[str] = Field(default_factory=list)
    data_path: str = Field(
        default="{proposal}/{beamline}/{scan_id:05d}_{sample}",
        description="where exports go that nobody names, below the exports' directory, without suffix",
    )
    ring: Ring

    @field_validator("data_path")
    @classmethod
    def _stays_below_and_apart(cls, template: str) -> str:
        try:
            used = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
            if strange := sorted(used - PATH_FIELDS.keys()):
                raise ValueError(f"{{{strange[0]}}} is no field; there are {', '.join(sorted(PATH_FIELDS))}")
            made = template.format(**PATH_FIELDS)
        except LookupError as error:
            raise ValueError(f"is no template of a path: {error}") from error
        if any(part in ("", ".", "..") for part in made.split("/")) or "\\" in made or not made.isprintable():
            raise ValueError("must be a path below the exports' directory, such as NAME/NAME/NAME")
        if "uid" not in used and not {"beamline", "scan_id"} <= used:
            raise ValueError("must hold {uid}, or both {beamline} and {scan_id}: two runs must not share a name")
        return template


class PlanarUndulator(Sourced):
    """A planar undulator: its magnets and its gap axis (whose `prefix` is the undulator's own)."""

    kind: Literal["planar_undulator"]
    period_mm: Positive
    periods: Annotated[int, Field(gt=0)]
    magnet: Literal["hybrid", "ppm"]
    harmonics: Annotated[list[Annotated[int, Field(ge=1, le=15)]], Field(min_length=1)]
    acceptance_urad: Positive
    gap: UndulatorAxis


class CrystalCut(Sourced):
    """One pair of crystals: its planes, and the translation that brings it into the beam."""

    miller: tuple[int, int, int]
    position_mm: float


PAIR_MM = 10.0  # either side of its position, a pair is wide enough for the beam


class HeatLoad(Sourced):
    """How the light's heat turns the second crystal against the first.

    `behind` names the shutter that must be open for the light to come; in equilibrium the pitch is off by
    `pitch_urad_per_kw` of the undulator's power, approached with `time_constant_s`.
    """

    behind: str
    pitch_urad_per_kw: float
    time_constant_s: Positive


class DoubleCrystalMonochromator(Sourced):
    """A fixed-exit double-crystal monochromator, `distance_m` from the source, and its motor axes.

    `exchange` brings one of the `pairs` into the beam; `miller` are the planes of the one that is there at the start.
    """

    kind: Literal["dcm"]
    distance_m: Positive
    crystal: Literal["Si"]
    miller: tuple[int, int, int]
    exit_offset_mm: Positive
    exit_aperture_mm: Positive
    divergence_urad: NonNegative
    harmonic_orders: list[Annotated[int, Field(ge=2, le=9)]]
    pairs: Annotated[dict[PlaceName, CrystalCut], Field(min_length=1)]
    heat_load: HeatLoad | None = None
    bragg: AngleAxis
    perp: LengthAxis
    pitch: FineAngleAxis
    exchange: LengthAxis

    @model_validator(mode="after")
    def _starts_with_one_of_its_pairs(self) -> DoubleCrystalMonochromator:
        first = self.pair_at(self.exchange.start)
        if first is None or self.pairs[first].miller != self.miller:
            raise ValueError(f"no pair of miller {list(self.miller)} is at exchange.start_mm {self.exchange.start:g}")
        for name, one in self.pairs.items():
            if not self.exchange.low <= one.position_mm <= self.exchange.high:
                raise ValueError(f"pair {name} at {one.position_mm:g} mm is out of the exchange's reach")
        return self

    def nearest_pair(self, exchange_mm: float) -> str:
        """Return the name of the pair that is nearest to the beam at a translation."""
        return min(self.pairs, key=lambda name: abs(self.pairs[name].position_mm - exchange_mm))

    def pair_at(self, exchange_mm: float) -> str | None:
        """Return the name of the pair in the beam at a translation; None between two of them."""
        nearest = self.nearest_pair(exchange_mm)
        return nearest if abs(self.pairs[nearest].position_mm - exchange_mm) <= PAIR_MM else None


class Shutter(Addressed, Sourced):
    """A two-state shutter. `needs` must hold for it to open; where they no longer do, it closes by itself."""

    kind: Literal["shutter"]
    label: str
    travel_s: NonNegative
    needs: list[ConditionText] = Field(default_factory=list)


class IonChamber(CurrentDetector):
    """An ion chamber."""

    kind: Literal["ion_chamber"]
    gas: dict[str, Positive]
    length_mm: Positive
    behind_sample: bool


class Scaler(Addressed, Sourced):
    """A counter: a scaler record whose channel 1 counts its own clock."""

    kind: Literal["scaler"]
    channels: Annotated[int, Field(ge=2, le=32)]
    clock_hz: Positive


Device = Annotated[
    PlanarUndulator
    | DoubleCrystalMonochromator
    | Shutter
    | IonChamber
    | Scaler
    | Slits
    | Mirror
    | Filters
    | Table
    | BeamStop
    | Valve
    | StationInterlock
    | FluorescenceSpectrometer
    | DiffractionCamera
    | SampleStage
    | TemperatureStage
    | Potentiostat
    | AppleUndulator
    | PlaneGratingMonochromator
    | Mesh
    | DrainCurrent
    | Photodiode
    | FluorescenceDetector
    | Magnet
    | RasterStage
    | GateUnit,
    Field(discriminator="kind"),
]

OnScaler = CurrentDetector | FluorescenceDetector
"""What counts on a channel of a scaler."""


class Simulation(Facts):
    """How the simulated line differs from the ideal one: all zero unless a test or `[sim]` perturbs it.

    Offsets are added to the true position of an axis: the encoder does not see them.
    """

    offsets: dict[str, float] = Field(default_factory=dict, description="axis, e.g. 'dcm.bragg' -> offset in its unit")


class EnergyRange(Sourced):
    """The photon energies that the beamline is built for."""

    min_ev: Positive
    max_ev: Positive
    tolerance_ev: Positive


class Station(Facts):
    """What has to hold where runs are made, at a beamline or a bench."""

    suspend: list[HoldSignal | HoldShutter] = Field(default_factory=list)
    flux: FluxCheck | None = None
    readings: dict[str, Policy] = Field(default_factory=dict)
    interlock: list[Interlock] = Field(default_factory=list)


class Beamline(Station):
    """One beamline (`config/<name>.toml`): its devices with addresses and numbers."""

    schema_version: Literal[1]
    beamline: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    prefix: Prefix
    tango_domain: Annotated[str, Field(pattern=r"^[a-z0-9_\-]+$")]
    energy: EnergyRange
    default_sample: str
    sim: Simulation = Simulation()
    devices: dict[DeviceName, Device]

    @property
    def name(self) -> str:
        """What it is called in commands and as a file."""
        return self.beamline

    @model_validator(mode="after")
    def _detectors_on_scalers(self) -> Beamline:
        check_channels(self.devices)
        return self

    @model_validator(mode="after")
    def _gate_units_are_wired(self) -> Beamline:
        for name, device in self.devices.items():
            if not isinstance(device, GateUnit):
                continue
            if not isinstance(self.devices.get(device.scaler), Scaler):
                raise ValueError(f"devices.{name}.scaler = {device.scaler!r} is no device of kind 'scaler'")
            for key in device.axes:
                owner, _, part = key.partition(".")
                if part not in (axes_of(self.devices[owner]) if owner in self.devices else {}):
                    raise ValueError(f"devices.{name}.axes: {key!r} is no axis of this beamline")
            for key in device.triggers:
                wired = self.devices.get(key)
                if not isinstance(wired, FluorescenceSpectrometer | DiffractionCamera):
                    raise ValueError(f"devices.{name}.triggers: {key!r} is no camera or spectrometer of this beamline")
                if isinstance(wired, FluorescenceSpectrometer) and wired.mapping is None:
                    raise ValueError(f"devices.{name}.triggers: {key!r} has no table `mapping`")
                if not wired.prefix:
                    raise ValueError(f"devices.{name}.triggers: {key!r} speaks no EPICS; give it a prefix")
        return self

    @model_validator(mode="after")
    def _tables_carry_detectors(self) -> Beamline:
        for name, device in self.devices.items():
            for carried in device.carries if isinstance(device, Table) else ():
                if not isinstance(self.devices.get(carried), IonChamber):
                    raise ValueError(f"devices.{name}.carries: {carried!r} is no device of kind 'ion_chamber'")
        return self


def check_channels(devices: Mapping[str, Any]) -> None:
    """Check that each detector `OnScaler` is alone on a channel that its scaler has.

    Raises
    ------
    ValueError
        If one is not; the message names key and value, as pydantic's validators want it.
    """
    taken: dict[tuple[str, int], str] = {}
    for name, device in devices.items():
        if not isinstance(device, OnScaler):
            continue
        on, channel = device.scaler, device.channel
        scaler = devices.get(on)
        if not isinstance(scaler, Scaler):
            raise ValueError(f"devices.{name}.scaler = {on!r} is no device of kind 'scaler'")
        if channel > scaler.channels:
            raise ValueError(f"devices.{name}.channel = {channel}: {on} has {scaler.channels}")
        other = taken.setdefault((on, channel), name)
        if other != name:
            raise ValueError(f"devices.{name}.channel = {channel} is already taken by devices.{other}")


def axes_of(device: Facts) -> dict[str, AxisFacts]:
    """Return the motorised axes of a device by the keys of its table; of a list ``phases``: ``phase1``, ``phase2``."""
    found: dict[str, AxisFacts] = {}
    for key in type(device).model_fields:
        part: Any = getattr(device, key)
        rows: list[Any] = cast(list[Any], part) if isinstance(part, list) else []
        found |= {f"{key.removesuffix('s')}{n}": one for n, one in enumerate(rows, 1) if isinstance(one, AxisFacts)}
        if isinstance(part, AxisFacts):
            found[key] = part
    return found


def config_dir(explicit: str | os.PathLike[str] | None = None) -> Path:
    """Return the configuration directory: `explicit` > ``TERASU_CONFIG`` > ``./config`` > the packaged one.

    Raises
    ------
    ConfigError
        If the directory that was asked for has no ``facility.toml``.
    """
    asked = explicit or os.environ.get("TERASU_CONFIG")
    if asked:
        path = Path(asked).expanduser().resolve()
        if not (path / "facility.toml").is_file():
            raise ConfigError(f"{path}: no facility.toml there; a configuration directory must hold one")
        return path
    for path in (Path.cwd() / "config", Path(__file__).resolve().parent.parent / "config"):
        if (path / "facility.toml").is_file():
            return path
    raise ConfigError("no configuration found: give --config DIR or set TERASU_CONFIG")


Model = TypeVar("Model", bound=Facts)


def validate(model: type[Model], data: dict[str, Any], path: Path) -> Model:
    """Check `data` against `model`; raise ConfigError with a line of file, key, value and what is allowed each."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError("\n".join(_line(path, dict(item), model) for item in error.errors())) from error


def _line(path: Path, item: dict[str, Any], model: type[Facts]) -> str:
    # pydantic puts the kind that it chose after a device's name
    location = [part for place, part in enumerate(item["loc"]) if place != 2 or item["loc"][0] != "devices"]
    key = ".".join(str(part) for part in location) or "(top level)"
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        siblings = _allowed_keys(model, item["loc"])
        near = difflib.get_close_matches(str(location[-1]), siblings, 3, 0.6)
        hint = f"; did you mean {', '.join(near)}?" if near else f"; allowed: {', '.join(siblings)}" if siblings else ""
        return f"{path}: {key}: unknown key{hint}"
    if item["type"] == "missing":
        return f"{path}: {key}: missing"
    value = item.get("input")
    shown = "" if isinstance(value, dict) else f" = {json.dumps(value, default=str)}"
    return f"{path}: {key}{shown}: {message}"


def _allowed_keys(top: type[Facts], location: tuple[Any, ...]) -> list[str]:
    by_kind = _models_by_kind(top)
    model: Any = top
    for part in location[:-1]:
        if isinstance(part, int):
            continue  # rows of a list are alike
        if part in by_kind:
            model = by_kind[part]
        elif model is not None and part in getattr(model, "model_fields", {}):
            annotation = model.model_fields[part].annotation
            # a table, or a list of tables
            tables = [one for one in (annotation, *get_args(annotation)) if _is_table(one)]
            model = tables[0] if tables else None
    if model is None:
        return []
    fields: dict[str, Any] = model.model_fields
    return sorted(str(field.validation_alias or name) for name, field in fields.items())


def _is_table(annotation: Any) -> bool:
    return isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel)


def _models_by_kind(top: type[Facts]) -> dict[str, type[Facts]]:
    found: dict[str, type[Facts]] = {}
    left: list[Any] = [field.annotation for name, field in top.model_fields.items() if name == "devices"]
    while left:
        one = left.pop()
        if isinstance(one, type) and issubclass(one, Facts) and "kind" in one.model_fields:
            found[get_args(one.model_fields["kind"].annotation)[0]] = one
        left.extend(get_args(one))
    return found


def load_facility(directory: str | os.PathLike[str] | None = None) -> Facility:
    """Load and check ``facility.toml``."""
    root = config_dir(directory)
    return validate(Facility, overlay.read(root, overlay.FACILITY), root / overlay.FACILITY)


def load(beamline: str, directory: str | os.PathLike[str] | None = None) -> tuple[Facility, Beamline]:
    """Load the facility and one of its beamlines.

    Raises
    ------
    UnknownName
        If the facility has no such beamline; the message lists those it has.
    ConfigError
        If a file is malformed; the message names file, key, value and what is allowed.
    """
    root = config_dir(directory)
    facility = load_facility(root)
    if beamline not in facility.beamlines:
        raise UnknownName("beamline", beamline, facility.beamlines)
    file = f"{beamline}.toml"
    path = overlay.find(root, file)
    facts = validate(Beamline, overlay.read(root, file), path)
    if facts.beamline != beamline:
        raise ConfigError(f"{path}: beamline = {facts.beamline!r}: must be {beamline!r}, as the file is called")
    return facility, facts


def tango_names(*tables: Facts) -> list[str]:
    """Return the Tango devices that these tables name, in their order."""
    return [domain_family_member(address) for address in tango_addresses(*tables)]


def tango_addresses(*tables: Facts) -> list[str]:
    """Return the Tango addresses in these tables, in their order."""
    found: list[str] = []
    for table in tables:
        if isinstance(table, Addressed) and table.tango:
            found.append(table.tango)
        for name in type(table).model_fields:
            value: Any = getattr(table, name)
            if name == "tango" and isinstance(value, list):  # a bench's
                found += cast(list[str], value)
            parts: list[Any] = list(cast(dict[str, Any], value).values()) if isinstance(value, dict) else [value]
            found += tango_addresses(*(one for one in parts if isinstance(one, Facts)))
    return found


def speaks_tango(*tables: Facts) -> bool:
    """Return whether a device in one of these tables has a Tango address."""
    return bool(tango_names(*tables))


def config_hash(*facts: Facts) -> str:
    """Return a short digest of the loaded configuration, for the record of each run."""
    content = json.dumps([one.model_dump(mode="json") for one in facts], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]
