"""Runs as files: any as NeXus, Parquet or CSV, a spectrum as XDI, a picture of µ(E), of a dichroism, of maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from beam.errors import UnknownName
from daq.errors import DataError, UsageError

NEXUS = (".nxs", ".h5")
FORMATS = (*NEXUS, ".parquet", ".xdi", ".csv", ".png")


def check_target(path: Path, *, overwrite: bool = False) -> str:
    """Return the format that `path` asks for; refuse, before anything is done, what could not be written.

    Raises
    ------
    UnknownName
        If the suffix names no format; lists those there are.
    UsageError
        If the file exists and is not to be overwritten, or its directory does not exist.
    """
    suffix = check_format(path.suffix, path.name)
    if path.is_dir():
        raise UsageError(f"{path}: is a directory")
    if path.exists() and not overwrite:
        raise UsageError(f"{path}: exists already; ask for overwriting explicitly, or give another name")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no directory {path.parent}")
    return suffix


def check_format(suffix: str, otherwise: str = "") -> str:
    """Return `suffix` in small letters; raise UnknownName if it names no format."""
    if suffix.lower() not in FORMATS:
        raise UnknownName("export format", suffix or otherwise, FORMATS)
    return suffix.lower()


def export(run: Any, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write a run to a file, in the format of its suffix; the file appears whole or not at all.

    Parameters
    ----------
    run
        A run of the catalogue, or `daq.export.run_data.RunData`.
    path
        Where to; ``.nxs`` or ``.h5`` (NeXus, NXxas for a spectrum), ``.parquet`` and ``.csv`` (the primary stream as
        it was recorded), ``.xdi`` (X-ray Absorption Data Interchange 1.0), ``.png`` (µ(E) and its derivative;
        of an XMCD run its spectra, of maps the maps, also of those on the fly).
    overwrite
        Whether a file that is there may be replaced.

    Raises
    ------
    UnknownName
        If the suffix names no format.
    UsageError
        If the file exists (without `overwrite`) or has no directory to go to.
    DataError
        If the run does not hold what the format needs, or the file cannot be written.
    """
    path = Path(path).expanduser()
    suffix = check_target(path, overwrite=overwrite)
    from daq.export.atomic import write_atomically
    from daq.export.run_data import RunData

    data = run if isinstance(run, RunData) else RunData.from_catalogue(run)
    if suffix == ".csv":
        from daq.export.csv import to_csv

        content = to_csv(data).encode()
    elif suffix == ".parquet":
        from daq.export.parquet import to_parquet

        content = to_parquet(data)
    elif suffix in NEXUS:
        from daq.export.nexus import to_nexus

        content = to_nexus(data)
    elif suffix == ".xdi":
        from daq.export.spectrum import Spectrum
        from daq.export.xdi import to_xdi

        content = to_xdi(Spectrum.of(data)).encode()
    else:
        from daq.export.picture import to_picture

        content = to_picture(data)
    try:
        write_atomically(path, content, overwrite=overwrite)
    except FileExistsError as error:
        raise UsageError(f"{path}: appeared meanwhile; it was not overwritten") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path
