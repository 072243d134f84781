"""The Tiled profile by which any Python process reads the catalogue, with no Terasu process running.

It opens the databases in the reader's own process, the one of runs in SQLite's read-only mode; nothing in it can
write a run. `databroker.from_profile("terasu")[uid]` is then the run.
"""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path
from typing import Any

from daq import paths
from daq.catalogue import postgresql, store
from daq.errors import DataError

NAME = "terasu"


def content(data: Path, name: str = NAME) -> dict[str, Any]:
    """Return the profile of a data directory."""
    directory = paths.catalogue_dir(data)
    nodes = urllib.parse.quote(str(directory / store.NODES))
    arguments = {
        "uri": f"sqlite+aiosqlite:///file:{nodes}?mode=ro&uri=true",
        "specs": store.SPECS,
        "readable_storage": [
            *(str(one) for one in (directory / store.FILES, *paths.detector_dirs(data))),
            store.tables_uri(directory),
        ],
    }
    return {name: {"direct": {"trees": [{"path": "/", "tree": "catalog", "args": arguments}]}}}


def folder() -> Path:
    """Return where Tiled looks for the user's profiles: ``TILED_PROFILES``, or its configuration directory."""
    from tiled.profiles import paths as searched

    return searched[-1]


def write(data: Path, name: str = NAME, *, overwrite: bool = False) -> Path:
    """Write the profile to where Tiled looks for it, and return the file.

    Raises
    ------
    DataError
        If there is a profile of that name for something else, unless `overwrite`; if it cannot be written.
    """
    if (external := postgresql.asked()) is not None:
        # the profile would hold the database's password, and nothing would keep its reader from writing
        raise DataError(f"the catalogue is in PostgreSQL, {postgresql.where(external)}: serve it to others with Tiled")
    path = folder() / f"{name}.yml"
    # JSON is YAML, and needs no thought about quoting
    text = json.dumps(content(data, name), indent=2) + "\n"
    try:
        if path.exists() and path.read_text() != text and not overwrite:
            raise DataError(f"{path}: there is another profile of that name; give another --name, or --force")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path
