"""A new HDF5 file, with a short message where there can be none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import h5py


def new_hdf5(path: Path, **options: Any) -> h5py.File:
    """Create a file that must not exist.

    It is tried by hand first: h5py's own message on a directory that cannot be written is a page long. For HDF5 it must
    be a new file again: ext4 lets whoever closes a file that was once cut to nothing wait for the disk.

    Raises
    ------
    OSError
        There is such a file, or none can be made there.
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
    path.unlink()
    return h5py.File(path, "x", **options)
