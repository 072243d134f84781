"""What may be put into the beam: by name, file or formula."""

from __future__ import annotations

from pathlib import Path

from beam import overlay
from beam.errors import BadSample, UnknownName
from beam.sample_curve import Sample, empty
from beam.sample_formula import formula_sample, is_formula_spec
from beam.sample_measured import measured_sample
from beam.sample_model import model_sample

__all__ = ["Sample", "load_sample", "sample_names"]


def sample_names(directory: Path) -> list[str]:
    """Return the names of the samples in a configuration directory and in those that it extends."""
    return sorted({path.stem for one in overlay.layers(directory) for path in (one / "samples").glob("*.toml")})


def load_sample(spec: str, directory: Path) -> Sample:
    """Return the sample that a text means.

    Parameters
    ----------
    spec
        ``none`` (empty beam); a path ending in ``.xdi``; the name of a file in ``samples/`` of the configuration;
        or formula and thickness, such as ``Fe 7um`` or ``Fe2O3 5.24g/cm3 10um``.
    directory
        Configuration directory.

    Raises
    ------
    UnknownName
        If it is none of these; with the nearest names.
    BadSpectrum, BadSample, ConfigError
        If it is one of these but wrong.
    """
    spec = spec.strip()
    if spec.casefold() == "none":
        return empty()
    if spec.casefold().endswith(".xdi"):
        return measured_sample(Path(spec).expanduser())
    if spec in sample_names(directory):
        path = overlay.find(directory, f"samples/{spec}.toml")
        if overlay.parse(path).get("kind") == "magnetic":
            raise BadSample(f"sample {spec!r}: a magnetic film, which soft X-ray beamlines alone carry")
        return model_sample(path)
    if is_formula_spec(spec):
        return formula_sample(spec)
    raise UnknownName("sample", spec, [*sample_names(directory), "none", "FILE.xdi", "Fe 7um"])
