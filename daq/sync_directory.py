"""Bringing a new file's name to the disk: without that, a power cut may lose the file, whatever was synced of it."""

from __future__ import annotations

import os
from pathlib import Path


def sync_directory(directory: Path) -> None:
    """Sync the names of the files in `directory`."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
