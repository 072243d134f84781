"""Where the export is found: a database of its own, the one that ``TANGO_HOST`` names, or none.

==========  =========================================  =============================================================
where       the database                               its devices
==========  =========================================  =============================================================
Embedded    pytango-db in memory, a child process on   registered at once: nobody else uses it
            loopback that ends with us
Existing    whichever ``TANGO_HOST`` names             must be registered (`daq.tango_export.registration`), but for
                                                       a simulation's database
NoDatabase  none: clients give host and port           named on the server's command line
==========  =========================================  =============================================================

ORB and event sockets bind `bind`, loopback unless told otherwise.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from daq.errors import Refused
from daq.tango_export.face import Face
from daq.tango_export.registration import changes, register
from ioc_sim.child import Child
from ioc_sim.sockets import LOOPBACK, hold_port

HOST = "TANGO_HOST"
DATABASE_S = 20.0
"""Wall time within which a database of our own must answer."""
RETRY_S = 0.02


@dataclass(frozen=True)
class Open:
    """A place that is ready for the server."""

    host: str
    bind: str
    port: int = 0
    nodb: bool = False

    def arguments(self, faces: Sequence[Face]) -> list[str]:
        """Return the arguments of the server."""
        endpoint = ["-ORBendPoint", f"giop:tcp:{self.bind}:{self.port or ''}"]
        if not self.nodb:
            return endpoint
        listed = ",".join(f"{one.tango_class}::{one.name}" for one in faces)
        return ["-nodb", "-dlist", listed, *endpoint]

    def address(self, device: str) -> str:
        """Return the whole address of a device."""
        return f"tango://{self.host}/{device}{'#dbase=no' if self.nodb else ''}"


class Where(Protocol):
    """One of the three places."""

    def opened(self, server: str, instance: str, faces: Sequence[Face]) -> Any:
        """Return a context that makes an `Open` of it."""
        ...


@dataclass(frozen=True)
class NoDatabase:
    """No database."""

    port: int = 0
    bind: str = LOOPBACK

    @contextmanager
    def opened(self, server: str, instance: str, faces: Sequence[Face]) -> Iterator[Open]:
        """Find a port."""
        with hold_port() as held:
            port = self.port or held.getsockname()[1]
            yield Open(f"{self.bind}:{port}", self.bind, port, nodb=True)


@dataclass(frozen=True)
class Existing:
    """The database that ``TANGO_HOST`` names.

    Parameters
    ----------
    register
        Register the devices: only in a database that lasts no longer than we do.
    """

    register: bool = False
    bind: str = LOOPBACK

    @contextmanager
    def opened(self, server: str, instance: str, faces: Sequence[Face]) -> Iterator[Open]:
        """See that it answers and knows the devices.

        Raises
        ------
        Refused
            It does not; names the host.
        """
        database = connect()
        wanted = {one.name: one.tango_class for one in faces}
        missing = changes(database, f"{server}/{instance}", wanted)
        if missing and not self.register:
            raise Refused(
                f"the Tango database {os.environ[HOST]} does not know the devices of {server}/{instance} as they are "
                f"({len(missing)} differ, {missing[0].device} for one): run `terasu tango register {instance}` first"
            )
        register(database, f"{server}/{instance}", missing)
        yield Open(os.environ[HOST], self.bind)


@dataclass(frozen=True)
class Embedded:
    """A database of our own."""

    port: int = 0
    bind: str = LOOPBACK

    @contextmanager
    def opened(self, server: str, instance: str, faces: Sequence[Face]) -> Iterator[Open]:
        """Start it, and register the devices."""
        with hold_port() as held:
            port = self.port or held.getsockname()[1]
            child = Child(
                "tango", [sys.executable, "-m", "ioc_sim.tango_database", str(port)], {**os.environ}, descriptors=()
            )
            before = os.environ.get(HOST)
            try:
                os.environ[HOST] = f"{LOOPBACK}:{port}"
                database = _connect_to(child)
                wanted = {one.name: one.tango_class for one in faces}
                register(database, f"{server}/{instance}", changes(database, f"{server}/{instance}", wanted))
                yield Open(os.environ[HOST], self.bind)
            finally:
                child.end()
                child.reap()
                if before is None:
                    os.environ.pop(HOST, None)
                else:
                    os.environ[HOST] = before


def connect() -> Any:
    """Return the database that ``TANGO_HOST`` names.

    Raises
    ------
    Refused
        It is not set, or nothing answers there.
    """
    import tango

    from devices.tango_errors import NO_HOST, host_of

    where = os.environ.get(HOST) or host_of("")
    if not where:
        raise Refused(NO_HOST)
    host, _, port = where.split(",")[0].rpartition(":")
    try:
        return tango.Database(host, int(port))
    except ValueError as error:
        raise Refused(f"{HOST} = {where!r}: must be host:port, as 127.0.0.1:10000") from error
    except tango.DevFailed as error:
        raise Refused(f"no Tango database answers at {HOST}={where}") from error


def _connect_to(child: Child) -> Any:
    """Wait for a database that has just been started."""
    deadline, pause = time.monotonic() + DATABASE_S, threading.Event()
    while True:
        try:
            return connect()
        except Refused:
            if child.status() is not None:
                raise Refused(f"the Tango database did not start: {child.last_words()}") from None
            if time.monotonic() > deadline:
                raise
        pause.wait(RETRY_S)
