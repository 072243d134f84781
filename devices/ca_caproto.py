"""Channel Access by caproto's client, the other of ophyd's control layers: all in Python, nothing to load.

Everything of one circuit is handled by one thread of the library, in the order in which it came.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, ClassVar

from ophyd import _caproto_shim as shim

EPICS_EPOCH = 631_152_000
"""1990-01-01 UTC, from which EPICS counts, in seconds of Unix."""

_library: Any = shim.PV.__mro__[1]  # what ophyd's queues callbacks for another thread, which takes their order away


class Lost(ConnectionError):
    """The connection was lost in the moment in which it was used."""


def silence() -> None:
    """Keep the library from saying that a server went away; our errors say more."""
    logging.getLogger("caproto").setLevel(logging.CRITICAL)


def watch(pv: Any, callback: Callable[..., None]) -> int:
    """Have `callback` called at each monitor, in the library's own thread."""
    if not pv.auto_monitor:
        pv.auto_monitor = True

    def arrived(raw_value: Any = None, value: Any = None, **rest: Any) -> None:
        callback(value=_scalar(value if raw_value is None else raw_value), **rest)

    return _library.add_callback(pv, arrived, with_ctrlvars=False)


def put(pv: Any, value: Any, done: Callable[[], None] | None) -> None:
    """Write; `done` is called at the completion, however long that takes."""
    if done is None:
        _library.put(pv, value)
    else:
        _library.put(pv, value, use_complete=True, callback=done, timeout=None)


def circuit(pv: Any) -> str:
    """Return host and port of the server."""
    host, port = pv._caproto_pv.circuit_manager.circuit.address  # noqa: SLF001
    return f"{host}:{port}"


class Question:
    """What a PV has now; sent when this is made.

    Raises
    ------
    Lost
        The connection was lost in this moment.
    """

    _open: ClassVar[weakref.WeakSet[Question]] = weakref.WeakSet()

    def __init__(self, pv: Any) -> None:
        self._pv = pv
        self._answered = threading.Event()
        self._response: Any = None
        self.sent = time.monotonic()
        try:
            pv._caproto_pv.read(wait=False, callback=self._taken, data_type="time", timeout=None)  # noqa: SLF001
        except Exception as error:  # the library has many, among them those of sockets
            raise Lost(str(error)) from error
        if _ended not in pv.connection_callbacks:
            pv.connection_callbacks.append(_ended)
        Question._open.add(self)

    def answer(self, timeout: float) -> dict[str, Any] | None:
        """Wait for value, timestamp and severity; None if there is no answer in time or the server was lost."""
        if not self._answered.wait(timeout) or self._response is None:
            return None
        metadata = self._response.metadata
        stamp = EPICS_EPOCH + metadata.secondsSinceEpoch + 1e-9 * metadata.nanoSeconds
        value = _scalar(self._response.data)
        return {"value": value, "timestamp": stamp, "severity": int(metadata.severity)}

    def _taken(self, response: Any) -> None:
        self._response = response
        self._answered.set()

    def lost(self, pv: Any) -> None:
        """Wake who waits, if this was asked of `pv`."""
        if pv is self._pv:
            self._answered.set()


def _ended(pv: Any = None, conn: bool = False, **_: Any) -> None:
    if not conn:
        for question in list(Question._open):  # noqa: SLF001
            question.lost(pv)


def _scalar(data: Any) -> Any:
    """Return what pyepics would: a number or text alone, arrays as they are."""
    if not isinstance(data, str | bytes) and hasattr(data, "__len__") and len(data) == 1:
        data = data[0]
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else data
