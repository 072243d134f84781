"""The Tango server of the export: in threads of its own, beside whatever else the process does.

One server for each process: Tango's library allows no second. Values, states and limits are read from the devices when
clients ask; what changes is pushed by one thread, so that whoever brings a value never waits for Tango.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from beamlines import DeviceTree
from daq.errors import Refused
from daq.tango_export.backlog import Backlog
from daq.tango_export.database import Embedded, Open, Where
from daq.tango_export.device_face import face_of
from daq.tango_export.engine_face import engine_face
from daq.tango_export.face import STATE, Face
from daq.tango_export.names import engine_class, engine_name, named
from daq.tango_export.rights import READ_ONLY, Rights

log = logging.getLogger(__name__)

SERVER = "TerasuExport"
START_S = 30.0
"""Wall time within which the server must be up; 149 devices were seen to take 0.6 to 11, by database and load."""
END_S = 5.0


class Session(Protocol):
    """What is exported: a `daq.session.Session`, or what `daq.tango_export.standing` makes without an engine."""

    @property
    def tree(self) -> DeviceTree:
        """The devices."""
        ...

    @property
    def engine(self) -> Any:
        """The run engine of this process; None where there is none."""
        ...

    @property
    def data_dir(self) -> Path:
        """Where the journal of others' runs is."""
        ...


class Server:
    """A running export.

    Attributes
    ----------
    devices : list[str]
        The names of its devices.
    host : str
        What clients give as ``TANGO_HOST``; of a server without a database, where it is.
    """

    def __init__(self, faces: list[Face], open_at: Open, instance: str) -> None:
        self.devices = [one.name for one in faces]
        self.host = open_at.host
        self._open = open_at
        self._faces = faces
        self._instance = instance
        self._backlog = Backlog()
        self._devices: dict[str, Any] = {}
        self._pusher = threading.Thread(target=self._push, name="tango-events", daemon=True)
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, name="tango", daemon=True)

    def address(self, device: str) -> str:
        """Return how clients find a device that need not know ``TANGO_HOST``."""
        return self._open.address(device)

    def start(self) -> None:
        """Return when clients can connect.

        Raises
        ------
        Refused
            With Tango's own first line: a port is in use, another server of this name runs.
        """
        held = [(one, signal.getsignal(one)) for one in (signal.SIGINT, signal.SIGTERM)]
        self._thread.start()
        is_up = self._ready.wait(START_S)
        if threading.current_thread() is threading.main_thread():
            for one, handler in held:
                if handler is not None:
                    signal.signal(one, handler)  # Tango's library takes signals for itself while it starts
        if not is_up:
            raise Refused(f"the Tango server {SERVER}/{self._instance} did not come up within {START_S:g} s")
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End it; the database is told."""
        self._backlog.end()
        if self._pusher.ident is not None:
            self._pusher.join()  # it must not speak of devices that are no more
        if not self._thread.is_alive() or self._error is not None:
            return
        import tango

        # as a client's Kill does: within this process it cannot be waited for
        with contextlib.suppress(tango.DevFailed):
            tango.Util.instance().get_dserver_device().kill()
        self._thread.join(END_S)

    def wait(self, ended: threading.Event) -> None:
        """Wait until `ended` is set, or a client has ended the server."""
        while not ended.wait(0.2) and self._thread.is_alive():
            pass

    # -- in Tango's own threads --------------------------------------------------------------------------------

    def _serve(self) -> None:
        import tango
        from tango.server import run

        from daq.tango_export.device import class_of
        from devices.tango_errors import first_line

        with tango.EnsureOmniThread():
            try:
                run(
                    tuple(class_of(one, self._devices) for one in self._faces),
                    args=[SERVER, self._instance, *self._open.arguments(self._faces)],
                    msg_stream=None,
                    post_init_callback=self._started,
                    raises=True,
                )
            except tango.DevFailed as error:
                self._error = Refused(f"Tango server {SERVER}/{self._instance}: {first_line(error)}")
            except Exception as error:
                self._error = error
            self._ready.set()

    def _started(self) -> None:
        self._pusher.start()
        self._ready.set()

    def _push(self) -> None:
        import tango

        with tango.EnsureOmniThread(), ExitStack() as ends:
            for one in self._faces:
                ends.callback(one.watch(lambda name, device=one.name: self._backlog.put(device, name)))
                self._backlog.put(one.name, STATE)
            while changes := self._backlog.take():
                # first the values, so that whoever hears of the end of a motion has been told where it ended
                for device, name in sorted(changes, key=lambda one: one[1] == STATE):
                    if self._backlog.ended:
                        break
                    try:
                        one = self._devices[device]
                        one.push_state() if name == STATE else one.push(name)
                    except Exception:
                        log.exception("%s/%s could not be told", device, name)


def _prepare(faces: list[Face]) -> None:
    """Ask once what each attribute says of itself; what is wrong with that, the server finds out by itself."""
    with contextlib.suppress(Exception):
        for one in faces:
            for shown in one.attributes():
                shown.form()


@contextmanager
def serve(session: Session, *, rights: Rights = READ_ONLY, where: Where | None = None) -> Iterator[Server]:
    """Export the devices of a session, and its engine, for as long as the context lasts.

    Parameters
    ----------
    session
        A `daq.session.Session`: a shell's, a run's, or one that only looks on.
    rights
        What clients may do.
    where
        Which database; by default one of its own, in memory.

    Raises
    ------
    TerasuError
        The database does not answer or does not know the devices, or the server cannot start.
    """
    tree = session.tree
    faces = [face_of(one, rights) for one in named(tree)]
    faces.append(engine_face(engine_name(tree), engine_class(tree), session.engine, session.data_dir, rights))
    # what limits are computed from takes seconds to load: meanwhile the database comes up
    threading.Thread(target=_prepare, args=(faces,), name="tango-prepare", daemon=True).start()
    with (where or Embedded()).opened(SERVER, tree.name, faces) as open_at:
        server = Server(faces, open_at, tree.name)
        try:
            server.start()
            yield server
        finally:
            server.stop()
