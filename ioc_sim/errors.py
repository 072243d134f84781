"""What the simulated servers refuse or find wrong; each message is one clear line."""

from __future__ import annotations

from beam.errors import TerasuError


class ServerError(TerasuError):
    """A simulated server cannot start or cannot go on."""


class PortInUse(ServerError):
    """Another process serves on the port that was asked for."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} on 127.0.0.1 is in use by another process; choose another --port, or 0 for a free one"
        )
        self.port = port


class AlreadyServed(ServerError):
    """Another simulation serves the same names."""

    def __init__(self, prefix: str, by: str) -> None:
        super().__init__(
            f"{prefix}… is served already, {by}: end that one first, serve --beside it, or --join another beamline to "
            "its ring"
        )
        self.prefix = prefix


class RingLost(ServerError):
    """The ring server does not answer, so the beamline cannot tell it the time."""


class ServerDied(ServerError):
    """A server process ended although nobody stopped it."""


class Refused(TerasuError):
    """A put that the hardware would refuse: nothing was stored and nothing moves."""


def said(error: Exception) -> str:
    """Return an error in one line: of the system's, what it is about and what it says."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return " ".join(str(error).split()) or type(error).__name__
