"""The beamlines: one short page each, found by name here or by entry point elsewhere; one page for all benches."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec

from beam.bench import Bench, load_station
from beam.errors import ConfigError
from beamlines.bench import BenchTree
from beamlines.tree import DeviceTree, Tree, Unreachable
from devices.transport import Transport

ENTRY_POINTS = "terasu.beamlines"


def page_of(name: str) -> type[Tree]:
    """Return the page of a beamline: `beamlines/<name>.py`, or an entry point of the group ``terasu.beamlines``."""
    if find_spec(f"beamlines.{name}") is not None:
        return import_module(f"beamlines.{name}").PAGE
    for entry in entry_points(group=ENTRY_POINTS, name=name):
        return entry.load()
    raise ConfigError(f"{name} has a configuration but no page: neither beamlines/{name}.py nor an entry point")


def load(name: str, directory: str | os.PathLike[str] | None = None, transport: Transport | None = None) -> DeviceTree:
    """Return the device tree of a beamline or a bench, not yet connected.

    The Channel Access library reads ``EPICS_CA_ADDR_LIST`` when this package is imported.

    Parameters
    ----------
    name
        As in ``facility.toml``.
    directory
        Configuration directory; by default as `beam.facts.config_dir` finds it.
    transport
        Given by tests; otherwise each device's address decides.

    Raises
    ------
    UnknownName
        No such beamline or bench; lists those there are.
    ConfigError
        The configuration is malformed, or does not agree with the page.
    """
    facility, station = load_station(name, directory)
    if isinstance(station, Bench):
        return BenchTree(facility, station, transport)
    return page_of(name)(facility, station, transport)


__all__ = ["DeviceTree", "Tree", "Unreachable", "load", "page_of"]
