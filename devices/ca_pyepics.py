"""Channel Access by pyepics and EPICS' own library, the default of ophyd's control layers.

The answer to a question is taken in the library's own thread, and whoever waits for it sleeps. pyepics' `get` polls
instead: it sends the question only when it begins to wait, and takes half of a core until the answer is there.
"""

from __future__ import annotations

import ctypes
import functools
import threading
import time
import warnings
from collections.abc import Callable
from copy import copy, deepcopy
from typing import Any

import epics
from epics import dbr

Lost: type[Exception] = epics.ca.ChannelAccessException
"""Raised where a connection was lost in the moment in which it was used."""


@functools.cache
def silence() -> None:
    """Keep the library from writing on standard error, e.g. that a server went away; our errors say more."""
    epics.ca.disable_ca_messages()
    library: Any = epics.ca.libca
    library.eltc(0)  # the other way out that it has: the error log of libCom, to the console
    warnings.filterwarnings("ignore", r"ca\.get", UserWarning)  # that a question of ophyd's was answered late


def watch(pv: Any, callback: Callable[..., None]) -> int | None:
    """Have `callback` called at each monitor, in the library's own thread."""
    return epics.PV.add_callback(pv, callback, with_ctrlvars=False)


def put(pv: Any, value: Any, done: Callable[[], None] | None) -> None:
    """Write; `done` is called at the completion."""
    if done is None:
        pv.put(value)
    else:
        pv.put(value, use_complete=True, callback=lambda **_: done())


def circuit(pv: Any) -> str:
    """Return host and port of the server."""
    return str(epics.ca.host_name(pv.chid))


_open: dict[int, Question] = {}  # the library has only the address of each


class Question:
    """What a PV has now; sent when this is made.

    Parameters
    ----------
    pv
        A connected PV of pyepics.

    Raises
    ------
    epics.ca.ChannelAccessException
        The connection was lost in this moment.
    """

    __slots__ = ("_answered", "_chid", "_full", "_reference", "_type", "sent")

    def __init__(self, pv: Any) -> None:
        self._answered = threading.Event()
        self._chid = pv.chid
        self._full: list[Any] | None = None
        self._type = pv.ftype if pv.form == "time" else epics.ca.promote_type(pv.chid, use_time=True)
        self._reference = ctypes.py_object(self)
        self.sent = time.monotonic()
        _open[id(self)] = self
        library: Any = epics.ca.libca
        try:
            status = library.ca_array_get_callback(self._type, 0, self._chid, _ANSWERED, self._reference)
            epics.ca.PySEVCHK("ask", status)
        except epics.ca.ChannelAccessException:
            del _open[id(self)]
            raise
        _attach(pv.context)
        library.ca_flush_io()

    def answer(self, timeout: float) -> dict[str, Any] | None:
        """Wait for value, timestamp and severity; None if there is no answer in time or the server was lost."""
        if not self._answered.wait(timeout) or self._full is None:
            return None
        metadata = epics.ca._unpack_metadata(ftype=self._type, dbr_value=self._full[0])  # noqa: SLF001
        value = self._full[1]
        if not isinstance(value, int | float):
            value = epics.ca._unpack(self._chid, self._full, ftype=self._type)  # noqa: SLF001
        return {"value": value, "timestamp": metadata["timestamp"], "severity": metadata["severity"]}


def _taken(arguments: Any) -> None:
    question: Question = arguments.usr
    if arguments.status == dbr.ECA_NORMAL:
        full = dbr.cast_args(arguments)
        if full[1] is not None and arguments.count == 1 and isinstance(full[1][0], int | float):
            question._full = [copy(full[0]), full[1][0]]  # noqa: SLF001
        elif full[1] is not None:
            question._full = deepcopy(full)  # noqa: SLF001
    _open.pop(id(question), None)
    question._answered.set()  # noqa: SLF001


_ANSWERED = dbr.make_callback(_taken, dbr.event_handler_args)


def _attach(context: Any) -> None:
    """Let this thread flush the context that the PV belongs to."""
    current = epics.ca.current_context()
    if current != context:
        if current is not None:
            epics.ca.detach_context()
        epics.ca.attach_context(context)
