"""How much room there is where files are written; a simulated fault may say that there is none."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

SPARE_BYTES = 1 << 20
"""Left free on the disk: an HDF5 file that meets a full one cannot even be closed."""


class Disk:
    """The disk behind a file plugin."""

    def free(self, directory: Path) -> int:
        """Return how many bytes are free."""
        return shutil.disk_usage(directory).free

    def need(self, directory: Path, size: int) -> None:
        """Raise OSError if there is no room for so many bytes."""
        if self.free(directory) < size + SPARE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(directory))
