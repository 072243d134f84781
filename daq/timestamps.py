"""Times as people and files read them."""

from __future__ import annotations

from datetime import datetime


def iso(seconds: float) -> str:
    """Return a POSIX time as local time with its zone, ISO 8601, to the second."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")
