"""What a lease can refuse."""

from __future__ import annotations

from beam.errors import TerasuError
from daq.errors import Refused


class Held(Refused):
    """Another engine holds the station; names it."""


class Lost(TerasuError):
    """The station that this engine held is another's now: nothing is moved from here."""
