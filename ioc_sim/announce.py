"""How running simulations are found: one JSON file each in the user's runtime directory, readable by the user only."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any

import platformdirs
import psutil

PATTERN = "sim-*.json"


def directory() -> Path:
    """Return the directory of the announcements."""
    with warnings.catch_warnings():
        # where no login session made a runtime directory, the fallback that this warns of is what we want
        warnings.simplefilter("ignore")
        return Path(platformdirs.user_runtime_dir("terasu"))


def made() -> Path:
    """Return the directory, made if need be; its parent too is the user's only, else it would not be taken again."""
    path = directory()
    for one in (path.parent, path):
        one.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write(content: dict[str, Any]) -> Path:
    """Announce a simulation of this process; `content` has at least its ``pid``."""
    path = made() / f"sim-{content['pid']}-{content['ports']['beamline']}.json"
    # Complete or not there: whoever looks never reads half a file.
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
    part.replace(path)
    return path


def running() -> list[dict[str, Any]]:
    """Return the announced simulations whose servers run; files of others are removed."""
    found: list[dict[str, Any]] = []
    for path in sorted(directory().glob(PATTERN)):
        try:
            content = json.loads(path.read_text())
        except (OSError, ValueError):
            continue
        if all(psutil.pid_exists(pid) for pid in content["pids"].values()):
            found.append(content)
        else:
            path.unlink(missing_ok=True)
    return found
