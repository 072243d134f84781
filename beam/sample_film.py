"""What may be put into the beam of a soft X-ray beamline: a magnetic film by its name, or nothing."""

from __future__ import annotations

from pathlib import Path

from beam import overlay
from beam.errors import BadSample, UnknownName
from beam.sample import sample_names
from beam.xmcd import MagneticFilm, NoFilm, magnetic_film

KIND = "magnetic"


def film_names(directory: Path) -> list[str]:
    """Return the names of the magnetic films in a configuration directory."""
    return [name for name in sample_names(directory) if _kind(name, directory) == KIND]


def load_film(spec: str, directory: Path, seed: int = 0) -> MagneticFilm | NoFilm:
    """Return the film that a text means.

    Parameters
    ----------
    spec
        ``none`` (empty beam) or the name of a file in ``samples/`` of the configuration.
    directory
        Configuration directory.
    seed
        Seed of the film's domains.

    Raises
    ------
    UnknownName
        If there is no such film; with the nearest names.
    BadSample
        If the sample is none that a soft X-ray beamline's model carries.
    ConfigError
        If the file is malformed.
    """
    spec = spec.strip()
    if spec.casefold() == "none":
        return NoFilm()
    names = film_names(directory)
    if spec in names:
        return magnetic_film(overlay.find(directory, f"samples/{spec}.toml"), seed)
    if spec in sample_names(directory):
        raise BadSample(f"sample {spec!r}: no magnetic film; this beamline carries {', '.join([*names, 'none'])}")
    raise UnknownName("film", spec, [*names, "none"])


def _kind(name: str, directory: Path) -> object:
    return overlay.parse(overlay.find(directory, f"samples/{name}.toml")).get("kind")
