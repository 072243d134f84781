"""One rotating log a process, each line with the uid of the run it belongs to."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

current_run = "-"


class _RunFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.run = current_run
        return True


class _Quiet(logging.handlers.RotatingFileHandler):
    """Loses what the disk does not take; whoever else writes to it says so in one line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the name that logging calls  # noqa: N802
        """Say nothing."""


def note_run(name: str, doc: dict[str, object]) -> None:
    """Document callback: remember which run the following lines belong to."""
    global current_run
    if name == "start":
        current_run = str(doc["uid"])[:8]
    elif name == "stop":
        current_run = "-"


def log_to(directory: Path, process: str) -> Path:
    """Send this process's log to `directory`/`process`.log and return that path."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{process}.log"
    handler = _Quiet(path, maxBytes=5_000_000, backupCount=5)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(run)s %(name)s: %(message)s"))
    handler.addFilter(_RunFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return path
