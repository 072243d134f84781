"""What cannot be resumed."""

from daq.errors import Refused


class NotResumable(Refused):
    """A run that cannot be gone on with; the message says why."""
