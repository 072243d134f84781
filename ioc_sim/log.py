"""What the servers write on standard error: warnings, one line each; a refused put is no traceback."""

from __future__ import annotations

import logging

from beam.errors import TerasuError


class OneLineRefusals(logging.Filter):
    """Turns caproto's traceback of a put that was refused on purpose into one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; keep all records."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, TerasuError):
            record.msg, record.args, record.exc_info = f"put refused: {error}", (), None
            record.levelno, record.levelname = logging.INFO, "INFO"
        return record.levelno >= logging.WARNING


def configure() -> None:
    """Send warnings and errors to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(OneLineRefusals())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("caproto").propagate = True
