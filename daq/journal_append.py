"""Appending one line to a file wholly, or not at all."""

from __future__ import annotations

import os


def append(handle: int, line: bytes, size: int) -> None:
    """Write `line` at the end of a file of `size` bytes; take back what was written of it if the disk refuses.

    Raises
    ------
    OSError
        If the disk does not take it.
    """
    written = 0
    try:
        while written < len(line):
            written += os.write(handle, line[written:] if written else line)
    except OSError:
        if written:
            os.ftruncate(handle, size)
        raise
