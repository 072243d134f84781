"""A Redis server that somebody else keeps up, at an address of the configuration."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass

from daq.errors import UsageError
from daq.queue.errors import NoRedis

VARIABLE = "TERASU_REDIS"
_ADDRESS = re.compile(r"(?:(?P<login>[^@/\s]*)@)?(?P<host>[\w.-]+):(?P<port>\d{1,5})(?:/(?P<database>\d{1,2}))?")
CONNECT_S = 2.0


@dataclass(frozen=True)
class ExternalStore:
    """One Redis server; its queues are told apart by the station's name.

    Attributes
    ----------
    address
        ``[[USER]:PASSWORD@]HOST:PORT[/DATABASE]``.
    host, port
        Of it.
    """

    address: str
    host: str
    port: int

    def start(self) -> None:
        """See that it answers; raise NoRedis if not."""
        try:
            socket.create_connection((self.host, self.port), timeout=CONNECT_S).close()
        except OSError as error:
            raise NoRedis(f"{VARIABLE}: no Redis server answers at {self.host}:{self.port}: {error}") from error

    def stop(self) -> None:
        """Leave it as it is."""

    @property
    def is_away(self) -> bool:
        """Whether it is for us to start it again: never."""
        return False


def asked() -> ExternalStore | None:
    """Return the server that ``TERASU_REDIS`` names; None if it names none.

    Raises
    ------
    UsageError
        It is no address.
    """
    text = os.environ.get(VARIABLE, "")
    return external_store(text) if text else None


def external_store(text: str) -> ExternalStore:
    """Return the server at an address; raise UsageError if it is none."""
    found = _ADDRESS.fullmatch(text)
    if found is None or not 1 <= int(found["port"]) <= 65535:
        raise UsageError(f"{VARIABLE}: [:PASSWORD@]HOST:PORT[/DATABASE] is expected")  # it may hold a password
    login = f"{found['login']}@" if found["login"] else ""
    address = f"{login}{found['host']}:{found['port']}/{found['database'] or 0}"
    return ExternalStore(address, found["host"], int(found["port"]))
