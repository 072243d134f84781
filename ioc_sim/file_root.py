"""The directory below which a server's detectors write."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ioc_sim.errors import ServerError
from ioc_sim.memory import Memory


@contextlib.contextmanager
def file_root(asked: Path | None, memory: Memory | None) -> Iterator[tuple[Path, bool]]:
    """Make the directory that detectors write below; with it, whether it goes when the last server has gone."""
    if asked is None:
        directory = memory.files if memory and memory.files else tempfile.mkdtemp(prefix="terasu-files-")
        try:
            yield Path(directory), True
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        return
    try:
        asked.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServerError(f"--files {asked}: {error.strerror}") from error
    yield asked, False
