"""Spectra of a spectrometer that a gate unit triggers, into one HDF5 file; like `RowsFile`, in a worker thread.

Beside the columns, `/entry/data/spectrum` holds the counts by channel of each gate, shape (rows, channels).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ioc_sim.gates.rows_file import Floats, RowsFile

SPECTRUM = "spectrum"
CHUNK_SPECTRA = 16


class SpectraFile(RowsFile):
    """Writes the spectra of one spectrometer.

    Parameters
    ----------
    unit, columns
        As of `RowsFile`.
    channels
        Of each spectrum.
    """

    def __init__(self, unit: str, columns: Mapping[str, str], channels: int) -> None:
        super().__init__(unit, columns)
        self._channels, self._numbers = channels, len(columns)
        self._spectra: Any = None

    def write(self, block: Floats) -> None:
        """Append gates, shape (columns + channels, n)."""
        begin, end = self._rows, self._rows + block.shape[1]
        # the columns last: as many rows as they have are there
        self._spectra.resize(end, axis=0)
        self._spectra[begin:end] = np.minimum(block[self._numbers :].T, np.iinfo(np.uint32).max).astype(np.uint32)
        self._spectra.flush()
        super().write(block[: self._numbers])

    def close(self) -> None:
        """Close the file, if one is open."""
        self._spectra = None
        super().close()

    def _also(self, data: Any) -> None:
        self._spectra = data.create_dataset(
            SPECTRUM, (0, self._channels), np.uint32, maxshape=(None, self._channels), chunks=self.chunk
        )
        self._spectra.attrs["units"] = "counts"
        data.attrs["signal"] = SPECTRUM

    @property
    def chunk(self) -> tuple[int, int]:
        """Gates and channels of a chunk."""
        return CHUNK_SPECTRA, self._channels
