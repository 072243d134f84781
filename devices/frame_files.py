"""What is really in the HDF5 files that detectors write: looked at, not believed."""

from __future__ import annotations

from pathlib import Path

FRAMES = "/entry/data/data"
"""Where frames are, by the layout of NDFileHDF5."""


def frames_in(path: str, *, being_written: bool = False) -> int:
    """Return the number of frames in a file; 0 if it is not there or cannot be read.

    Parameters
    ----------
    path
        The file.
    being_written
        Whether it may still be open at its writer, in SWMR mode.
    """
    import h5py

    options = {"swmr": True, "libver": "latest"} if being_written else {}
    try:
        with h5py.File(Path(path), "r", **options) as file:
            return int(file[FRAMES].shape[0])  # pyright: ignore[reportAttributeAccessIssue]
    except (OSError, KeyError, AttributeError):
        return 0
