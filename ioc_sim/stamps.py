"""Times as they go over Channel Access; made for each value that is published, so without a calendar."""

from __future__ import annotations

import caproto as ca

EPICS_EPOCH_S = 631_152_000
"""POSIX time of 1990-01-01, from which EPICS counts."""


def stamp_of(posix_s: float) -> ca.TimeStamp:
    """Return a POSIX time to the microsecond, as caproto's own, which takes the way through `datetime`."""
    seconds, microseconds = divmod(round(posix_s * 1e6), 1_000_000)
    return ca.TimeStamp(seconds - EPICS_EPOCH_S, 1000 * microseconds)
