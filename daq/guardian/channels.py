"""How a guard reaches servers: plain Channel Access, and Tango where it has to; without devices, for a quick start."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import epicscorelibs.path.pyepics  # noqa: F401  # isort: skip  chooses the libca that ophyd chooses, before
import epics  # isort: skip

from daq.guardian.orders import Address

CONNECT_S = 5.0
DONE_S = 5.0
"""Wall time within which a shutter has closed."""
LOOK_S = 0.05


class Channels:
    """Writes and reads PVs, sought together."""

    def __init__(self) -> None:
        self._pvs: dict[str, Any] = {}

    def text(self, name: str) -> str:
        """Return what a PV says; empty if it does not answer."""
        pv = self._find(name)
        if not pv.wait_for_connection(CONNECT_S):
            return ""
        return str(pv.get(as_string=True, timeout=CONNECT_S) or "")

    def write_one(self, close: Sequence[Address], stop: Sequence[Address]) -> Iterator[str]:
        """Write 1 to close and to stop, all at once; yield a sentence for each of what became of it."""
        for one in (*close, *stop):
            for name in (one.pv, one.state):
                if name and not one.tango:
                    self._find(name)
        closing = [(one, self._begin(one)) for one in close if not one.tango]
        # at the same time: a Tango server that does not answer holds up nothing else
        with ThreadPoolExecutor() as pool:
            others = [(one, pool.submit(_close, one)) for one in close if one.tango]
            yield from self._end(stop, closing)
            for one, closed in others:
                yield f"{one.name}: {closed.result()}"

    def _end(self, stop: Sequence[Address], closing: Sequence[tuple[Address, threading.Event | None]]) -> Iterator[str]:
        for one in stop:
            yield f"{one.name}: {self._stop(one)}"
        for one, ended in closing:
            yield f"{one.name}: {self._closed(one, ended)}"

    def _find(self, name: str) -> Any:
        if name not in self._pvs:
            self._pvs[name] = epics.PV(name, auto_monitor=False)
        return self._pvs[name]

    def _begin(self, one: Address) -> threading.Event | None:
        pv = self._find(one.pv)
        if not pv.wait_for_connection(CONNECT_S):
            return None
        ended = threading.Event()
        pv.put(1, use_complete=True, callback=lambda **_: ended.set())
        return ended

    def _closed(self, one: Address, ended: threading.Event | None) -> str:
        if ended is None:
            return f"{one.pv} does not answer: it was not closed"
        came = "" if ended.wait(DONE_S) else f" (no completion within {DONE_S:g} s)"
        state = self.text(one.state) if one.state else ""
        return f"asked to close by {one.pv}{came}; it is {state or 'in no known state'}"

    def _stop(self, one: Address) -> str:
        if one.tango:
            return _command(one)
        pv = self._find(one.pv)
        if not pv.wait_for_connection(CONNECT_S):
            return f"{one.pv} does not answer: it was not stopped"
        pv.put(1)
        return f"stopped by {one.pv}"


def _command(one: Address) -> str:
    import tango  # takes a moment, and only who has Tango devices needs it

    try:
        _asked(one)
    except tango.DevFailed as error:
        return f"{one.tango} was not stopped: {_cause(error)}"
    return f"stopped by {one.command} of {one.tango}"


def _close(one: Address) -> str:
    import tango

    asked = f"asked to close by {one.command} of {one.tango}"
    pause, deadline = threading.Event(), time.monotonic() + DONE_S
    try:
        proxy = _asked(one)
        while (state := proxy.state()) == tango.DevState.MOVING and time.monotonic() < deadline:
            pause.wait(LOOK_S)
    except tango.DevFailed as error:
        return f"{one.tango} was not closed, or does not say so: {_cause(error)}"
    return f"{asked}; it is {state}"


def _asked(one: Address) -> Any:
    import tango

    proxy = tango.DeviceProxy(one.tango)
    proxy.set_timeout_millis(int(CONNECT_S * 1000))
    proxy.command_inout(one.command)
    return proxy


def _cause(error: Any) -> str:
    return str(error.args[0].desc).strip()
