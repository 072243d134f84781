"""Keeps a queue up: simulated servers where asked for, Redis, the manager with its worker; ends all of them together.

=====================  =================================================================================================
process                when it dies
=====================  =================================================================================================
Redis                  started again at once, on the same port; what it had answered is on the disk. An external one
                       (``TERASU_REDIS``) is waited for
the manager            started again by its watchdog within 5 s; a plan goes on meanwhile
the worker             started again by the manager; see `daq.queue.manager` for what becomes of the plan
the manager's watchdog started again here with a manager and a worker of its own; the old ones end by themselves
a simulated server     said; what it served does not answer any more
the HTTP server        started again here, on the same port
the catalogue          started again with the next run, or by whoever reads; it catches up from the journal
this process           all others end within seconds, a run in progress as aborted
=====================  =================================================================================================
"""

from __future__ import annotations

import getpass
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from beam import access
from daq import logs, paths
from daq.errors import Refused
from daq.options import SimOptions
from daq.queue.client import Client
from daq.queue.errors import NotAnswering
from daq.queue.external_store import ExternalStore, asked
from daq.queue.permissions import write_permissions
from daq.queue.place import VARIABLE, Place, write_private
from daq.queue.store import Store
from daq.queue.web.process import Web

LOOK_S = 0.1
READY_S = 60.0
END_S = 35.0
LONGEST_PAUSE_S = 30.0
MOST_LOG_BYTES = 5_000_000


@dataclass(frozen=True)
class Wanted:
    """What a queue is to be: as the options of `terasu queue up` say."""

    config: Path | None = None
    proposal: str | None = None
    operator: str | None = None
    allow_simulated: bool = False
    simulate: SimOptions | None = None
    http: int | None = None
    """The port on loopback to serve HTTP on, 0 for a free one; None for no HTTP."""


class Supervisor:
    """The processes of one queue.

    Parameters
    ----------
    place
        Where it lives.
    wanted
        What it is to be.
    say
        Tells the user in a line what happens.
    """

    def __init__(self, place: Place, wanted: Wanted, say: Callable[[str], None]) -> None:
        self.place, self._wanted, self._say = place, wanted, say
        self._told = threading.Event()
        self._environment = dict(os.environ)
        self._serving: subprocess.Popen[bytes] | None = None
        self._store: Store | ExternalStore | None = None
        self._simulation: Any = None
        self._access = access.OPEN
        self._web: Web | None = None
        self._pause_s = 0.0
        self._not_before = 0.0
        self._began_s = 0.0

    def end(self) -> None:
        """End the queue; may be called by a signal handler."""
        self._told.set()

    @contextmanager
    def up(self) -> Iterator[Supervisor]:
        """Start all processes; end all of them.

        Raises
        ------
        Refused
            The queue of this station runs already, or its directories cannot be written.
        NoRedis
            There is no Redis server.
        """
        place = self.place
        self._access = access.load(self._wanted.config)
        paths.check_writable(place.data, "data directory")
        place.make()
        with ExitStack() as stack:
            stack.enter_context(place.held())
            paths.log_dir(place.data).mkdir(parents=True, exist_ok=True)
            self._store = asked() or Store(place.kept, self._log("redis"))
            stack.callback(self._store.stop)
            if self._wanted.simulate is not None:
                self._begin_simulation(stack, self._wanted.simulate)
            self._store.start()
            write_permissions(place.kept / "permissions.yaml", self._access)
            write_private(place.setup, self._setup(self._store.address))
            for path in (place.refusal, place.served):
                path.unlink(missing_ok=True)
            stack.callback(place.withdraw)
            self._serve()
            stack.callback(self._end_serving)
            if self._wanted.http is not None:
                self._web = Web(place, self._wanted.http, self._environment, self._log("http"))
                stack.callback(self._web.stop)
                self._web.start()
            if self._simulation is not None:
                self._simulation.wait_until_ready()
                self._simulation.announce()
            place.served.touch()  # the worker has imported meanwhile what takes long
            place.announce()
            yield self

    @property
    def url(self) -> str | None:
        """Where it is served over HTTP; None if it is not."""
        return None if self._web is None else self._web.url

    def wait_until_ready(self) -> bool:
        """Return when plans can be submitted, or False when told to end before; keeps the processes up meanwhile.

        Raises
        ------
        Refused
            The worker cannot begin, in its own words; or it does not come up, and a log says why.
        """
        client = Client(self.place, timeout_s=1.0)
        deadline = time.monotonic() + READY_S
        while not self._told.is_set():
            try:
                served = self._web is None or self._web.answers()
                if served and client.ask("status")["worker_environment_state"] == "idle":
                    return True
            except NotAnswering:
                pass
            if why := self.place.refused():
                raise Refused(why)
            if time.monotonic() > deadline:
                raise Refused(f"the queue's worker is not ready within {READY_S:.0f} s: {self._log('queue')} says why")
            self._look_after()
            self._told.wait(LOOK_S)
        return False

    def watch(self) -> None:
        """Keep the processes up until told to end."""
        while not self._told.wait(LOOK_S):
            self._look_after()

    # -- its parts ---------------------------------------------------------------------------------------------------

    def _begin_simulation(self, stack: ExitStack, options: SimOptions) -> None:
        from ioc_sim.launch import Simulation

        simulation = self._simulation = Simulation(**asdict(options), files=paths.simulated_dir(self.place.data))
        stack.callback(simulation.stop)
        simulation.begin()
        self._environment.update(simulation.environment)

    def _setup(self, redis: str) -> dict[str, Any]:
        place, wanted = self.place, self._wanted
        return {
            "station": place.station,
            "data": str(place.data),
            "config": str(wanted.config.absolute()) if wanted.config else "",
            "proposal": wanted.proposal,
            "operator": wanted.operator,
            "allow_simulated": wanted.allow_simulated,
            "control": place.control,
            "info": place.info,
            "redis": redis,
            "owner": wanted.operator or getpass.getuser(),
            "access": self._access.model_dump(),
            "plans": str(place.kept / "plans_and_devices.yaml"),
            "permissions": str(place.kept / "permissions.yaml"),
        }

    def _serve(self) -> None:
        """Start manager and worker."""
        self._began_s = time.monotonic()
        with self._log("queue").open("ab") as log:
            self._serving = subprocess.Popen(
                [sys.executable, "-m", "daq.queue.serve"],
                env={**self._environment, VARIABLE: str(self.place.setup), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in our terminal is ours to deal with
            )

    def _look_after(self) -> None:
        assert self._store is not None
        assert self._serving is not None
        if self._store.is_away:
            self._say("Redis died: starting it again")
            self._store.start()
        if self._serving.poll() is not None and time.monotonic() >= self._not_before:
            lived_s = time.monotonic() - self._began_s
            self._pause_s = 0.0 if lived_s > LONGEST_PAUSE_S else min(max(1.0, 2 * self._pause_s), LONGEST_PAUSE_S)
            self._not_before = time.monotonic() + self._pause_s
            self._say("the manager died: starting it again")
            self._serve()
        if self._web is not None and self._web.look_after():
            self._say("the HTTP server died: starting it again")
        if self._simulation is not None and (died := self._simulation.death()):
            self._say(died)
            self._simulation = None

    def _end_serving(self) -> None:
        assert self._serving is not None
        self._serving.terminate()
        try:
            self._serving.wait(END_S)
        except subprocess.TimeoutExpired:
            self._serving.kill()
            self._serving.wait()

    def _log(self, name: str) -> Path:
        path = paths.log_dir(self.place.data) / f"{name}-{self.place.station}.out"
        if path.exists() and path.stat().st_size > MOST_LOG_BYTES:
            path.replace(path.with_suffix(".out.1"))
        return path


def serve(place: Place, wanted: Wanted, say: Callable[[str], None], ready: Callable[[str | None], None]) -> None:
    """Keep a queue up until Ctrl-C, SIGTERM or `terasu queue down`."""
    supervisor = Supervisor(place, wanted, say)
    before = {one: signal.signal(one, lambda *_: supervisor.end()) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        logs.log_to(paths.log_dir(place.data), f"queue-{place.station}")
        with supervisor.up():
            if supervisor.wait_until_ready():
                ready(supervisor.url)
            supervisor.watch()
            say("ending")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
