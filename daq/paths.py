"""Where data live, and whether they can be kept there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import platformdirs

from beam.errors import ConfigError
from daq.errors import Refused

MIN_FREE_MB = 200.0
MB = 1e6


def data_dir(explicit: str | os.PathLike[str] | None = None) -> Path:
    """Return the data directory: `explicit` > ``TERASU_DATA`` > the user's own; absolute, not yet created."""
    asked = explicit or os.environ.get("TERASU_DATA")
    return Path(asked or platformdirs.user_data_dir("terasu")).expanduser().absolute()


def journal_dir(data: Path) -> Path:
    """Return the directory of the journals."""
    return data / "journal"


def catalogue_dir(data: Path) -> Path:
    """Return the directory that belongs to the catalogue process."""
    return data / "catalogue"


def export_dir(data: Path) -> Path:
    """Return the directory in which exports are put unless a path is given."""
    return data / "exports"


def simulated_dir(data: Path) -> Path:
    """Return the directory that simulated detectors write below."""
    return data / "simulated"


def detector_dirs(data: Path) -> list[Path]:
    """Return the directories whose files the catalogue may read: detectors write there.

    The simulated ones' own, and those that ``TERASU_DETECTOR_FILES`` names, separated as in ``PATH``.
    """
    named = os.environ.get("TERASU_DETECTOR_FILES", "").split(os.pathsep)
    return [simulated_dir(data), *(Path(one).expanduser().absolute() for one in named if one)]


def log_dir(data: Path) -> Path:
    """Return the directory of the logs."""
    return data / "logs"


def min_free_mb() -> float:
    """Return how much space must be free before a run starts: ``TERASU_MIN_FREE_MB``, or 200 MB."""
    text = os.environ.get("TERASU_MIN_FREE_MB", "")
    try:
        wanted = float(text) if text else MIN_FREE_MB
    except ValueError:
        wanted = -1.0
    if not 0 <= wanted < 1e12:
        raise ConfigError(f"TERASU_MIN_FREE_MB = {text!r}: must be a number of megabytes, 0 or more")
    return wanted


def check_writable(directory: Path, what: str, wanted_mb: float | None = None) -> None:
    """Create `directory` if need be and prove that it can be written to and has space.

    Parameters
    ----------
    directory
        The directory to check.
    what
        What is kept there, for the message.
    wanted_mb
        Free space that must be there, in megabytes (default: `min_free_mb`).

    Raises
    ------
    Refused
        If it cannot be created or written to, or if less than `wanted_mb` is free.
    """
    wanted = min_free_mb() if wanted_mb is None else wanted_mb
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # access(2) lies for root, quotas and read-only mounts: only a write tells
        with tempfile.TemporaryFile(dir=directory) as probe:
            probe.write(b"terasu")
            probe.flush()
        free = os.statvfs(directory)
    except OSError as error:
        raise Refused(f"{what} {directory}: cannot be written: {error.strerror or error}") from error
    free_mb = free.f_bavail * free.f_frsize / MB
    if free_mb < wanted:
        raise Refused(f"{what} {directory}: {free_mb:.0f} MB free on its disk, {wanted:.0f} MB must be")
