"""Writing a file so that nobody ever sees half of it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_atomically(path: Path, content: bytes, *, overwrite: bool) -> None:
    """Write `content` beside `path`, bring it to the disk, and give it its name.

    Raises
    ------
    FileExistsError
        If there is such a file and `overwrite` is false, however late it appeared.
    OSError
        If it cannot be written; nothing is left behind.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        partial.chmod(0o666 & ~mask)
        if overwrite:
            partial.replace(path)
        else:
            path.hardlink_to(partial)  # unlike a rename, a link refuses a name that is taken
    finally:
        partial.unlink(missing_ok=True)
