"""One Tango device as its signals share it: the connection, events or polling, writes, and the end of what they start.

All that may block is done by one thread of the device's own. Values arrive by change events where the server offers
them; attributes that it offers none of are read every fifth of a second, as are those whose events have ceased. What
there is to know is found out at the connection: names, types, limits, and whether there are events.

=============  =======================================  =========================================================
state          event                                    what happens
=============  =======================================  =========================================================
seeking        the device answers                       connected: its signals are checked and subscribed
seeking        it does not                              the reason is kept for whoever asks; another try soon
connected      a question is not answered               seeking: signals are lost, waits for motions are over
connected      a write that starts a motion returns     its end is awaited: the state, asked now and at each event
=============  =======================================  =========================================================
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import tango

from beam.errors import UnknownName
from devices.tango_errors import NO_HOST, first_line, host_of, is_lost, why_unreachable
from devices.tango_names import START, STATE, STOP, Part, Row

log = logging.getLogger(__name__)

RETRY_S = 0.2
"""Between two attempts to connect."""
HEARTBEAT_S = 1.0
"""Between two questions whether the device is still there."""
POLL_S = 0.2
"""Between two readings of what has no events, and of the state while a motion is awaited."""
COMPARE_S = 5.0
"""Between two questions for what has events, too: one that got lost on its way must not stand for ever."""
RESUBSCRIBE_S = 1.0
"""After a subscription failed although events may be offered."""
NOT_OFFERED = frozenset({"API_AttributePollingNotStarted", "API_EventPropertiesNotSet"})
TIMEOUT_MS = 3000
BUSY = frozenset({tango.DevState.MOVING, tango.DevState.RUNNING})
CLOSE_S = 2.0


class Linked(Protocol):
    """What a link needs of a signal."""

    row: Row
    config: Any

    @property
    def connected(self) -> bool:
        """Whether it has a value of the present connection."""
        ...

    def attached(self, config: Any) -> str:
        """Take the configuration of an attribute, None of a command; return what is wrong with it, or nothing."""
        ...

    def detached(self) -> None:
        """Take note that the connection is lost."""
        ...

    def took(self, reading: Any) -> None:
        """Take a value that the server sent."""
        ...

    def compared(self, reading: Any) -> None:
        """Take what the server answered if its events have said something else."""
        ...

    def unreadable(self, why: str) -> None:
        """Take note that the server cannot read the attribute."""
        ...

    def answered(self, reading: Any, since: float) -> Any:
        """Take what the server answered to a question sent at `since` (monotonic)."""
        ...

    def ended(self, asked_at: float | None) -> None:
        """Take note that what a write began has ended, and when that was asked (monotonic); None if it was not."""
        ...

    def refused(self, why: str) -> None:
        """Take note of what the server said to a write; empty if it took it."""
        ...


class Awaited(NamedTuple):
    """A write that started what takes time."""

    signal: Linked
    done: Callable[[], None]
    along: Sequence[Linked]

    def end(self, asked_at: float | None) -> None:
        """Say that it has ended; that was asked at `asked_at`, or not at all."""
        self.signal.ended(asked_at)
        self.done()


class Link:
    """The connection to one Tango device.

    Parameters
    ----------
    address : str
        ``domain/family/member``, or with host, or without a database, as Tango takes it.

    Attributes
    ----------
    proxy : tango.DeviceProxy or None
        The device, while it is connected.
    trouble : str
        Why it is not.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.host = host_of(address)
        self.proxy: Any = None
        self.trouble = f"no answer from {self.host}" if self.host else NO_HOST
        self._signals: list[Linked] = []
        self._new: list[Linked] = []
        self._by_attribute: dict[str, list[Linked]] = {}
        self._subscriptions: dict[str, int] = {}
        self._polled: set[str] = set()
        self._unheard: dict[str, float] = {}
        self._generation = 0
        self._compare_due = 0.0
        self._awaited: list[Awaited] = []
        self._wanted: list[Linked] = []
        self._wanting = threading.Lock()
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    # -- from any thread ---------------------------------------------------------------------------------------

    def join(self, signal: Linked) -> None:
        """Have a signal connected from now on."""
        self._signals.append(signal)
        self._new.append(signal)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"tango {self.address}", daemon=True)
            self._thread.start()
        self._jobs.put(self._attach_new)

    def polls(self, attribute: str) -> bool:
        """Return whether an attribute is read again and again, because there are no events of it."""
        return attribute.lower() in self._polled

    def close(self) -> None:
        """End subscriptions and thread."""
        self._jobs.put(None)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(CLOSE_S)

    def write(self, signal: Linked, value: Any, done: Callable[[], None], along: Sequence[Linked]) -> None:
        """Write; call `done` when all that this starts has ended, however it ended; `along` is asked with the end."""
        self._jobs.put(lambda: self._write(value, Awaited(signal, done, along)))

    def want(self, signal: Linked) -> None:
        """Have a signal asked for with the next question, together with others."""
        with self._wanting:
            self._wanted.append(signal)

    def ask_wanted(self) -> None:
        """Ask for all that is wanted, in one question; what cannot be read is left to whoever asks for it alone."""
        with self._wanting:
            wanted, self._wanted = self._wanted, []
        names = list(dict.fromkeys(one.row.name for one in wanted))  # answered in this order
        proxy, since = self.proxy, time.monotonic()
        if proxy is None or not names:
            return
        with contextlib.suppress(tango.DevFailed):
            for name, reading in zip(names, proxy.read_attributes(names), strict=True):
                if not reading.has_failed:
                    self.share(name, reading, since)

    def share(self, attribute: str, reading: Any, since: float) -> None:
        """Tell an answer to all signals of its attribute: what is read of it and what was written came together."""
        for one in self._by_attribute.get(attribute.lower(), ()):
            if one.connected:
                one.answered(reading, since)

    def lost(self, error: tango.DevFailed) -> None:
        """Take note that a question was not answered."""
        generation = self._generation
        self._jobs.put(lambda: self._lose(error) if generation == self._generation else None)

    # -- in the device's own thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        with tango.EnsureOmniThread():
            due = time.monotonic()
            while True:
                try:
                    job = self._jobs.get(timeout=max(0.0, due - time.monotonic()))
                except queue.Empty:
                    self._guarded(self._look if self.proxy is not None else self._seek)
                    due = time.monotonic() + self._period()
                    continue
                if job is None:
                    break
                self._guarded(job)
                due = min(due, time.monotonic() + self._period())
            self._unsubscribe()
            self.proxy = None

    def _guarded(self, job: Callable[[], None]) -> None:
        try:
            job()
        except tango.DevFailed as error:
            self._lose(error)
        except Exception:
            log.exception("%s: what follows on an answer failed", self.address)

    def _period(self) -> float:
        if self.proxy is None:
            return RETRY_S
        return POLL_S if self._polled or self._awaited else HEARTBEAT_S

    # connection

    def _seek(self) -> None:
        self.host = host_of(self.address)
        if not self.host:
            self.trouble = NO_HOST  # the library would say so on standard error, each time
            return
        try:
            proxy = tango.DeviceProxy(self.address)
            proxy.set_timeout_millis(TIMEOUT_MS)
            proxy.ping()
        except tango.DevFailed as error:
            self.trouble = why_unreachable(error, self.address)
            return
        self.proxy = proxy
        self.trouble = ""
        self._compare_due = time.monotonic() + COMPARE_S
        self._generation += 1
        self._new = list(self._signals)
        self._by_attribute = {}
        self._attach_new()

    def _lose(self, error: tango.DevFailed) -> None:
        if self.proxy is None:
            return
        self._unsubscribe()
        self.proxy = None
        self.trouble = why_unreachable(error, self.address)
        self._polled.clear()
        for one in self._signals:
            one.detached()
        self._end_awaited(None)

    def _unsubscribe(self) -> None:
        self._generation += 1
        for number in self._subscriptions.values():
            with contextlib.suppress(tango.DevFailed, KeyError):
                self.proxy.unsubscribe_event(number)
        self._subscriptions.clear()
        self._unheard.clear()

    def _attach_new(self) -> None:
        if self.proxy is None or not self._new:
            return
        new, self._new = self._new, []
        attributes = {one.lower(): one for one in self.proxy.get_attribute_list()}
        commands = {one.lower(): one for one in self.proxy.get_command_list()}
        found: dict[str, list[Linked]] = {}
        for one in new:
            is_command = one.row.part is Part.COMMAND
            known = commands if is_command else attributes
            key = one.row.name.lower()
            lacking = [name for name in (START, STOP) if one.row.part is Part.ACTING and name.lower() not in commands]
            if key not in known:
                what = "command" if is_command else "attribute"
                one.unreadable(f"{self.address}: {UnknownName(what, one.row.name, known.values())}")
            elif lacking:
                one.unreadable(f"{self.address}: {UnknownName('command', lacking[0], commands.values())}")
            elif is_command:
                one.attached(None)
            else:
                found.setdefault(key, []).append(one)
        if not found:
            return
        for config in self.proxy.get_attribute_config_ex(sorted(found)):
            key = config.name.lower()
            if fine := [one for one in found[key] if not one.attached(config)]:
                self._attach(key, fine)

    def _attach(self, key: str, signals: list[Linked]) -> None:
        self._by_attribute.setdefault(key, []).extend(signals)
        followed = not all(one.row.on_demand for one in signals)
        if followed and key not in self._subscriptions and key not in self._polled:
            self._subscribe(key)
        # a signal that joins later, or is polled, has been told no value yet
        (reading,) = self.proxy.read_attributes([key])
        self._take(key, reading)

    def _subscribe(self, key: str) -> None:
        generation = self._generation

        def event(event: Any) -> None:
            if generation == self._generation:
                self._event(key, event)

        try:
            self._subscriptions[key] = self.proxy.subscribe_event(key, tango.EventType.CHANGE_EVENT, event)
        except tango.DevFailed as error:
            if is_lost(error):
                raise
            self._polled.add(key)
            if str(error.args[0].reason) not in NOT_OFFERED:
                # a server without a database accepts no subscriptions just after its start
                self._unheard[key] = time.monotonic() + RESUBSCRIBE_S

    # values

    def _event(self, key: str, event: Any) -> None:
        """Take an event, in a thread of Tango's library."""
        if event.err:
            # until they are back; whether the device is there at all, the next question shows
            self._jobs.put(lambda: self._poll(key))
            return
        if key in self._polled:
            self._jobs.put(lambda: self._polled.discard(key))
        self._take(key, event.attr_value)
        if key == STATE.lower() and self._awaited and event.attr_value.value not in BUSY:
            self._jobs.put(self._look_at_state)

    def _poll(self, key: str) -> None:
        self._polled.add(key)
        self._look()

    def _take(self, key: str, reading: Any) -> None:
        for one in self._by_attribute.get(key, ()):
            if reading.has_failed:
                one.unreadable(first_line(tango.DevFailed(*reading.get_err_stack())))
            else:
                one.took(reading)

    def _look(self) -> None:
        for key in [key for key, due in self._unheard.items() if due < time.monotonic()]:
            del self._unheard[key]
            self._polled.discard(key)
            self._subscribe(key)
        asked = {STATE.lower(), *self._polled}
        compared: set[str] = set()
        if (now := time.monotonic()) >= self._compare_due:
            self._compare_due = now + COMPARE_S
            compared = self._subscriptions.keys() - asked
        names = sorted(asked | compared)
        for name, reading in zip(names, self.proxy.read_attributes(names), strict=True):
            if name in compared and not reading.has_failed:
                for one in self._by_attribute.get(name, ()):
                    one.compared(reading)
                continue
            self._take(name, reading)
            if name == STATE.lower() and not reading.has_failed:
                self._judge(reading, None)

    def _look_at_state(self) -> None:
        if not self._awaited or self.proxy is None:
            return
        names = [*dict.fromkeys(each.row.name for one in self._awaited for each in one.along), STATE]
        since = time.monotonic()
        readings = self.proxy.read_attributes(names)
        state = readings[-1]
        if state.has_failed:
            raise tango.DevFailed(*state.get_err_stack())
        for name, reading in zip(names, readings, strict=True):
            if not reading.has_failed:
                self.share(name, reading, since)
        self._judge(state, since)

    def _judge(self, state: Any, asked_at: float | None) -> None:
        # An event may be of a motion before, and late: only the answer to a question ends a wait.
        if state.value not in BUSY:
            self._end_awaited(asked_at)

    def _end_awaited(self, asked_at: float | None) -> None:
        awaited, self._awaited = self._awaited, []
        for one in awaited:
            one.end(asked_at)

    # writing

    def _write(self, value: Any, write: Awaited) -> None:
        signal = write.signal
        row = signal.row
        try:
            if self.proxy is None:
                signal.refused(f"not connected: {self.trouble}")
                write.end(None)
                return
            signal.refused("")
            if row.part is Part.COMMAND:
                self.proxy.command_inout(row.name)
            elif row.part is Part.ACTING:
                self.proxy.command_inout(START if value else STOP)
            else:
                # by its name alone the library would first ask the server for the type
                self.proxy.write_attribute(signal.config, value)
        except tango.DevFailed as error:
            signal.refused(first_line(error))
            if is_lost(error):
                self._lose(error)
            write.end(None)
            return
        if not row.moves:
            write.end(None)
            return
        self._awaited.append(write)
        self._look_at_state()


_links: dict[str, tuple[Link, int]] = {}
_lock = threading.Lock()


def link_to(address: str) -> Link:
    """Return the link to a device, which its signals share; give it back with `release`."""
    with _lock:
        link, users = _links.get(address) or (Link(address), 0)
        _links[address] = link, users + 1
        return link


def release(link: Link) -> None:
    """Give back what `link_to` returned; the last one closes it."""
    with _lock:
        _, users = _links[link.address]
        if users > 1:
            _links[link.address] = link, users - 1
            return
        del _links[link.address]
    link.close()
