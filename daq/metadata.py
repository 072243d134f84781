"""What every run records about the conditions under which it was taken."""

from __future__ import annotations

import getpass
import importlib.metadata
import platform
import socket
from typing import Any

from beam import facts
from beam.bench import Bench

PACKAGES = ("terasu", "bluesky", "ophyd", "pyepics", "numpy", "xraydb", "tiled")


def versions() -> dict[str, str]:
    """Return the versions of the software that shapes the data."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def standing(
    facility: facts.Facility, beamline: facts.Beamline | Bench, proposal: str | None, operator: str | None
) -> dict[str, Any]:
    """Return the metadata that hold for a whole session at a beamline or bench."""
    record: dict[str, Any] = {
        "facility": facility.name,
        "beamline": beamline.name,
        "beamline_title": beamline.title,
        "config_hash": facts.config_hash(facility, beamline),
        "operator": operator or getpass.getuser(),
        "host": socket.gethostname(),
        "versions": versions(),
    }
    if proposal:
        record["proposal"] = proposal
    return record
