"""What a file plugin needs of a file format, and which arrays fit in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ioc_sim.area_detector.array import NDArray


class Writer(Protocol):
    """Writes one file; used by one thread at a time. All of it may raise OSError."""

    def open(self, path: Path, array: NDArray, many: bool) -> None:
        """Create the file for arrays like this one: for `many`, or for one."""
        ...

    def write(self, array: NDArray) -> None:
        """Append an array."""
        ...

    def close(self) -> None:
        """Close the file with what is in it; nothing if none is open."""
        ...


def alike(one: NDArray, other: NDArray) -> bool:
    """Say whether two arrays fit in one file."""
    return one.data.shape == other.data.shape and one.data.dtype == other.data.dtype
