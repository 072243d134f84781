"""Which model carries a beamline's light: its source decides; and which samples that model knows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from beam import facts
from beam.clock import Clock
from beam.errors import ConfigError
from beam.line import Line
from beam.line_base import LineBase
from beam.sample import load_sample
from beam.sample_film import load_film
from beam.soft_line import SoftLine


class AnySample(Protocol):
    """What every sample says of itself."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def description(self) -> str:
        """What it is, in words."""
        ...

    def record(self) -> dict[str, str | float]:
        """Return what a run says of it."""
        ...


class Model(NamedTuple):
    """A model of a beam: its line, and what loads a sample for it by text, configuration directory and seed."""

    line: type[Line] | type[SoftLine]
    sample: Callable[[str, Path, int], Any]


def _load_sample(spec: str, directory: Path, seed: int) -> Any:
    del seed  # nothing of these samples is drawn
    return load_sample(spec, directory)


MODELS: dict[type[facts.Facts], Model] = {
    facts.PlanarUndulator: Model(Line, _load_sample),
    facts.AppleUndulator: Model(SoftLine, load_film),
}
"""By the kind of the source."""


def model_of(beamline: facts.Beamline) -> Model:
    """Return the model of a beamline.

    Raises
    ------
    ConfigError
        If it has no source that a model knows, or several.
    """
    found = [MODELS[type(device)] for device in beamline.devices.values() if type(device) in MODELS]
    if len(found) != 1:
        raise ConfigError(f"{beamline.beamline}: {len(found)} sources of light; a simulated beam has one")
    return found[0]


def sample_for(beamline: facts.Beamline, spec: str, directory: Path, seed: int = 0) -> AnySample:
    """Return the sample that a text means at a beamline; its domains, if it has any, are drawn from the seed.

    Raises
    ------
    UnknownName
        If there is none of that name; with the nearest.
    TerasuError
        If it is malformed, or none that the beamline's model carries.
    """
    return model_of(beamline).sample(spec, directory, seed)


def line_for(
    facility: facts.Facility, beamline: facts.Beamline, spec: str, directory: Path, *, seed: int, clock: Clock
) -> LineBase:
    """Return the line of a beamline with a sample in it, given by text; raises as `sample_for`."""
    model = model_of(beamline)
    sample = model.sample(spec, directory, seed)
    return model.line(facility, beamline, sample, seed=seed, clock=clock)
