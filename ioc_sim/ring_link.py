"""The beamline server as a client of the ring server: it tells the time and hears of events.

One circuit straight to the ring's port (no search, so nothing but loopback is touched), four channels:
`SIM:Time` is put with completion, `SIM:Events` and `SIM:Pause` are monitored, `SIM:Fault` is put by scenarios. The ring
sends what an event changed before it answers a put of the time, so whoever awaited `tell` knows the events up to then.
A lost circuit is opened again; when it is, the experiment's time is the later one of both servers'.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from beam.clock import Clock, ExperimentClock
from ioc_sim.errors import RingLost
from ioc_sim.ring_session import RingSession
from ioc_sim.sockets import LOOPBACK

ANSWER_S = 5.0
"""Wall time within which the ring must answer, or be reachable again."""
RETRY_S = 0.05


class RingLink:
    """A Channel Access client of one ring server.

    Parameters
    ----------
    port : int
        The ring server's port on loopback.
    prefix : str
        Its PV prefix, such as ``SR:SIM:``.
    clock : Clock
        The beamline's; an experiment clock follows a ring that is ahead.
    """

    def __init__(self, port: int, prefix: str, clock: Clock) -> None:
        self.port = port
        self._prefix = prefix
        self._clock = clock
        self._events = "[]"
        self._on_events: Callable[[str], None] | None = None
        self._on_pause: Callable[[str], None] | None = None
        self._paused = "Running"
        self._ready = asyncio.Event()
        self._session: RingSession | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._log = logging.getLogger("terasu.ring_link")

    async def start(self, within_s: float = ANSWER_S) -> None:
        """Connect, and wait for the ring's time and its list of events.

        Raises
        ------
        RingLost
            If no ring server answers on the port within `within_s` seconds.
        """
        self._keeper = asyncio.create_task(self._keep_connected())
        await self._connected(within_s)

    async def stop(self) -> None:
        """Close the circuit."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    def pass_on(self, on_events: Callable[[str], None], on_pause: Callable[[str], None]) -> None:
        """Call with the JSON text of the event list, and the state of `SIM:Pause`; now and at each change."""
        self._on_events, self._on_pause = on_events, on_pause
        on_events(self._events)
        on_pause(self._paused)

    async def tell(self, time_s: float) -> None:
        """Put the experiment's time (s) to the ring; return when it has followed."""
        while True:
            session = await self._connected(ANSWER_S)
            try:
                return await self._answered(session.put(time_s), f"follow to {time_s:.3f} s")
            except RingLost:
                if session is self._session:
                    raise
                # the circuit was lost under way: the ring may be back soon, and a time can be told twice

    async def pause(self, state: str) -> None:
        """Let the ring's time stand still, or go on."""
        session = await self._connected(ANSWER_S)
        await self._answered(session.put_pause(state), f"become {state}")

    async def set_fault(self, command: str) -> None:
        """Pass a fault command on."""
        session = await self._connected(ANSWER_S)
        await self._answered(session.put_fault(command), f"set the fault {command}")

    async def _answered(self, answer: Awaitable[None], what: str) -> None:
        try:
            await asyncio.wait_for(answer, ANSWER_S)
        except TimeoutError:
            raise RingLost(f"the ring server on port {self.port} did not {what}") from None

    async def _connected(self, within_s: float) -> RingSession:
        if not self._ready.is_set():
            try:
                await asyncio.wait_for(self._ready.wait(), within_s)
            except TimeoutError:
                raise RingLost(
                    f"no ring server with {self._prefix}Time answers on {LOOPBACK}:{self.port} within {within_s:g} s"
                ) from None
        assert self._session is not None
        return self._session

    async def _keep_connected(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
                self._session = RingSession(self._prefix, self.port, writer)
                try:
                    await self._serve(reader, self._session)
                finally:
                    self._ready.clear()
                    self._session.give_up()
                    self._session = None
                    writer.close()
                self._log.warning("the ring server on port %d closed the connection", self.port)
            await asyncio.sleep(RETRY_S)

    async def _serve(self, reader: asyncio.StreamReader, session: RingSession) -> None:
        while data := await reader.read(1 << 16):
            session.received(data)
            while session.events:
                self._events = session.events.popleft()
                if self._on_events:
                    self._on_events(self._events)
            while session.pauses:
                self._paused = session.pauses.popleft()
                if self._on_pause:
                    self._on_pause(self._paused)
            if session.time_s is not None and not self._ready.is_set():
                self._agree(session, session.time_s)
                self._ready.set()

    def _agree(self, session: RingSession, ring_s: float) -> None:
        if not isinstance(self._clock, ExperimentClock):
            return
        self._clock.set(ring_s)
        if self._clock.now() > ring_s:
            session.put(self._clock.now())
