"""The catalogue of runs: Tiled over SQLite, fed from the journals by one process, read by all.

Importing this is cheap; Tiled is imported by whoever opens the catalogue.
"""

from daq.catalogue.address import Address, running
from daq.catalogue.client import find_run, open_catalogue, wait_until_readable
from daq.catalogue.start import ensure_catalogue, stop_catalogue

__all__ = [
    "Address",
    "ensure_catalogue",
    "find_run",
    "open_catalogue",
    "running",
    "stop_catalogue",
    "wait_until_readable",
]
