"""Whether two files hold rows of the same gates: each row carries the number of its gate in the life of its unit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def agreeing(one: tuple[str, str], other: tuple[str, str], first: int, rows: int) -> int:
    """Return how many rows agree in their gates, one after the other.

    Parameters
    ----------
    one, other
        File and dataset of the numbers; the files may still be written to.
    first
        So many rows are known to agree.
    rows
        So many are to be looked at.
    """
    numbers = [_numbers(path, dataset, first, rows) for path, dataset in (one, other)]
    length = min(len(each) for each in numbers)
    differ = np.flatnonzero(numbers[0][:length] != numbers[1][:length])
    return first + (int(differ[0]) if len(differ) else length)


def rows_there(path: str, dataset: str, rows: int) -> int:
    """Return how many of these rows a file has."""
    return len(_numbers(path, dataset, 0, rows))


def _numbers(path: str, dataset: str, first: int, rows: int) -> npt.NDArray[np.int64]:
    """Return the numbers of rows; none if there is no such file."""
    import h5py

    try:
        with h5py.File(path, "r", swmr=True, libver="latest") as file:
            return np.asarray(file[dataset][first:rows]).astype(np.int64)  # pyright: ignore[reportIndexIssue]
    except (OSError, KeyError, ValueError):
        return np.empty(0, np.int64)
