"""Runs as NeXus files (HDF5)."""

from daq.export.nexus.file import to_nexus

__all__ = ["to_nexus"]
