"""The configuration under which runs were taken, kept beside them: one file each, named by its digest."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from beam import facts
from daq.errors import DataError
from daq.export.atomic import write_atomically


def keep(data_dir: Path, facility: facts.Facility, beamline: facts.Station) -> Path:
    """See that the configuration is on the disk; it is written once, the first time that it is used.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    path = _path(data_dir, facts.config_hash(facility, beamline))
    if path.exists():
        return path
    content = {"facility": facility.model_dump(mode="json"), "beamline": beamline.model_dump(mode="json")}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # another session wrote the same
            write_atomically(path, json.dumps(content, indent=1, sort_keys=True).encode(), overwrite=False)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path


def find(data_dir: Path, digest: object) -> dict[str, Any] | None:
    """Return the configuration with that digest (``config_hash`` of a run), None if it was not kept."""
    if not (isinstance(digest, str) and digest.isalnum()):
        return None
    try:
        return json.loads(_path(data_dir, digest).read_bytes())
    except (OSError, ValueError):
        return None


def _path(data_dir: Path, digest: str) -> Path:
    return data_dir / "configurations" / f"{digest}.json"
