"""What is really in the HDF5 files that detectors write: looked at, not believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from devices.errors import BadReading

FRAMES = "/entry/data/data"
"""Where frames are, by the layout of NDFileHDF5."""
ATTRIBUTES = "/entry/instrument/NDAttributes"
"""Where what is said of each of them is."""


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


def cut_frames(path: str, frames: int) -> None:
    """Keep so many frames of a file that its writer has closed, and what is said of them.

    Raises
    ------
    BadReading
        If it cannot be opened, or holds fewer.
    """
    import h5py

    try:
        with h5py.File(Path(path), "r+", libver="latest") as file:
            about: Any = file.get(ATTRIBUTES, {})
            datasets: list[Any] = [file[FRAMES], *about.values()]
            if len(datasets[0]) < frames:
                raise BadReading(f"{path}: holds {len(datasets[0])} frames, not {frames}")
            for one in datasets:
                one.resize(frames, axis=0)
    except (OSError, KeyError) as error:
        raise BadReading(f"{path}: frames of spoiled gates cannot be taken out of it: {error}") from error
