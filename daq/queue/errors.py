"""What can go wrong between a user and a queue."""

from beam.errors import TerasuError
from daq.errors import DataError, Refused


class NoQueue(Refused):
    """No queue runs, or not the one that was asked for."""


class NotAnswering(DataError):
    """The queue's manager does not answer."""


class BadSubmission(Refused):
    """What was submitted cannot run; nothing of it was queued."""


class NoRedis(TerasuError):
    """There is no Redis server to keep the queue in."""
