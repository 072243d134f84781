"""A face in its event loop, as threads outside see it: snapshots to read, writes and commands that wait their turn.

The channels live in the event loop of the process; Tango answers clients in threads of its own. What a client may read
is copied here whenever a channel is published, as one value that changes at once.

=========  ===========================  ================================================================================
state      event                        what happens
=========  ===========================  ================================================================================
at rest    write, refused at once       the error goes to the client
at rest    write, soon done             at rest (a setting, a move that takes no time); the client is answered then
at rest    write, lasts                 acting: the device is MOVING; the client is answered after `BRIEF_S`
acting     the action ends              at rest, with the state that the channels imply; an error is kept for the status
=========  ===========================  ================================================================================

So a device leaves MOVING exactly when the put would have completed over Channel Access.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

from beam.errors import TerasuError
from beam.latin import latin
from ioc_sim.tango_devices.face import Face, Shown, limits_of, plain

STATE = "State"
MOVING = "MOVING"
BRIEF_S = 0.005
"""Wall time in which an action may end before whoever asked for it is answered; clients hear of its changes then."""


class Snapshot(NamedTuple):
    """What is known of an attribute at one moment."""

    value: Any
    written: Any
    time: float
    severity: int
    changing: bool
    limits: tuple[float, float]

    def shows(self, other: Snapshot | Stated) -> bool:
        """Return whether it shows the same value, as valid, as `other`."""
        if not isinstance(other, Snapshot):
            return False
        scalar = isinstance(self.value, int | float | str)
        same = self.value == other.value if scalar else self.value is other.value
        return same and self.severity == other.severity


class Stated(NamedTuple):
    """State and sentence."""

    state: str
    status: str


Changed = Callable[[str, Snapshot | Stated], None]


class Presence:
    """One device of this process.

    Parameters
    ----------
    face : Face
        What it shows.
    loop : asyncio.AbstractEventLoop
        Where its channels live; this is made there.
    """

    def __init__(self, face: Face, loop: asyncio.AbstractEventLoop) -> None:
        self.face = face
        self.on_change: Changed | None = None
        self._loop = loop
        self._shown = {one.name: one for one in face.attributes}
        self._acting: set[asyncio.Future[None]] = set()
        self._failure = ""
        self._beginning = 0
        self._kept: list[tuple[str, Snapshot | Stated]] = []
        self._stale = False
        self.stated = self._state()
        self.snapshots = {one.name: self._snapshot(one) for one in face.attributes}
        self._told = dict(self.snapshots)
        for one in face.attributes:
            for channel in {id(each): each for each in (one.shows, one.takes) if each is not None}.values():
                channel.watch(lambda name=one.name: self._published(name))  # pyright: ignore
        for channel in face.watches:
            channel.watch(self._show_state_soon)  # pyright: ignore

    # -- from any thread ---------------------------------------------------------------------------------------

    def write(self, name: str, value: Any) -> None:
        """Put a value to what an attribute takes; return when that is under way or done, or raise its refusal."""
        channel: Any = self._shown[name].takes
        self._from_outside(self._begin(channel.write(value)))

    def command(self, name: str) -> None:
        """Carry a command out."""
        self._from_outside(self._begin(self.face.commands[name]()))

    def reset(self) -> None:
        """Forget the last failure: Tango's Init."""
        self._from_outside(self._forget())

    def _from_outside(self, coroutine: Any) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        future.result()

    # -- in the event loop -------------------------------------------------------------------------------------

    async def _begin(self, action: Awaitable[None]) -> None:
        self._failure = ""
        task: asyncio.Future[None] = asyncio.ensure_future(action)
        self._beginning += 1
        try:
            await asyncio.wait({task}, timeout=BRIEF_S)
        finally:
            self._beginning -= 1
            # a turn after the client's answer: pushing events would keep the interpreter from the thread that sends it
            self._loop.call_soon(self._loop.call_soon, self._tell_kept)
        if task.done():
            task.result()
        else:
            # not before: a setting would show the device as acting for a moment
            self._acting.add(task)
            task.add_done_callback(self._ended)
            self._show_state()

    def _ended(self, task: asyncio.Future[None]) -> None:
        self._acting.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = " ".join(str(error).split()) if isinstance(error, TerasuError) else repr(error)
        self._show_state()

    async def _forget(self) -> None:
        self._failure = ""
        self._show_state()

    def _published(self, name: str) -> None:
        new = self._snapshot(self._shown[name])
        self.snapshots[name] = new
        self._tell(name, new)
        self._show_state_soon()

    def _show_state_soon(self) -> None:
        """Show the state when all that this turn of the loop publishes is out: it is made of several channels."""
        if not self._stale:
            self._stale = True
            self._loop.call_soon(self._show_state)

    def _show_state(self) -> None:
        self._stale = False
        old, new = self.stated, self._state()
        if new == old:
            return
        self.stated = new
        if (old.state == MOVING) != (new.state == MOVING):
            for one in self.face.attributes:
                if one.moves:
                    # its quality changed, if nothing else
                    self.snapshots[one.name] = changed = self._snapshot(one)
                    self._tell(one.name, changed)
        self._tell(STATE, new)

    def _state(self) -> Stated:
        state, status = self.face.stated()
        status = latin(status)
        if self._acting and (self.face.past_alarms or state not in ("FAULT", "ALARM")):
            return Stated(self.face.acting, status)
        if self._failure:
            return Stated(state, f"{status}; the last command ended early: {latin(self._failure)}")
        return Stated(state, status)

    def _snapshot(self, one: Shown) -> Snapshot:
        written = None if one.takes is None else plain(one.takes)
        changing = one.moves and self.stated.state == MOVING
        severity = int(one.shows.severity)
        return Snapshot(plain(one.shows), written, float(one.shows.timestamp), severity, changing, limits_of(one))

    def _tell_kept(self) -> None:
        if self._beginning:
            return
        kept, self._kept = self._kept, []
        for at, (name, what) in enumerate(kept):
            later = next((one for other, one in kept[at + 1 :] if other == name), None)
            if isinstance(what, Snapshot) and later and (what.shows(later) or what.shows(self._told[name])):
                continue  # its quality was over before anybody could hear of it
            self._tell(name, what)

    def _tell(self, name: str, what: Snapshot | Stated) -> None:
        if self._beginning or self._kept:
            self._kept.append((name, what))
            return
        if isinstance(what, Snapshot):
            if what.changing and what.shows(self._told[name]):
                return  # that it moves, the state tells
            self._told[name] = what
        if self.on_change is not None:
            with contextlib.suppress(RuntimeError):  # whoever listened is gone
                self.on_change(name, what)
