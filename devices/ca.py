"""Signals over Channel Access: ophyd's, always monitored, with value, time and severity kept together.

Three things differ from `ophyd.EpicsSignal`. A monitor is taken in the thread of the CA library itself, so that
whatever arrived before a put's completion is known when the completion is handled. Value, server time and severity
are one tuple that changes at once: in ophyd a timestamp may lag its value. And nothing that was written is shown as
a reading before the server has sent it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ophyd import EpicsSignal, EpicsSignalRO, Kind

from devices.ca_layer import layer
from devices.ca_names import pv_name, unit_of
from devices.deadlines import PATIENCE
from devices.errors import NotConnected, NotTaken, TimedOut
from devices.sampled import Sampled
from devices.signals import DeviceSignal, Quantity, Sample, to_wire


class ChannelAccess:
    """Makes Channel Access signals."""

    def signal(
        self,
        kind_of_device: str,
        attribute: str,
        address: str,
        quantity: Quantity,
        *,
        name: str,
        kind: Kind,
        optional: bool = False,
        channel: int | None = None,
        parent: object = None,
    ) -> CaSignal | CaSignalRO:
        """Make one signal; the connection is sought in the background."""
        layer().silence()
        make = CaSignal if quantity.writable else CaSignalRO
        pv = pv_name(kind_of_device, attribute, address, channel)
        return make(pv, quantity=quantity, optional=optional, name=name, kind=kind, attr_name=attribute, parent=parent)


class Monitored(Sampled):
    """What both read-only and writable signals do; mixed in before the ophyd class."""

    # of EpicsSignalBase
    _read_pv: Any
    _monitors: dict[str, int | None]
    _metadata_lock: threading.RLock

    def __init__(self, pv: str, **kwargs: Any) -> None:
        self._fetched_at = 0.0  # when the last question that was answered was sent; monotonic
        self._circuit = ""
        self._question: Any = None  # sent, and nobody waits for the answer yet
        super().__init__(pv, address=pv, auto_monitor=True, **kwargs)
        # in the CA library's own thread, before ophyd's handlers get their turn in theirs
        self._read_pv.connection_callbacks.append(self._on_connection)

    # -- what the server sends ---------------------------------------------------------------------------------

    def _on_connection(self, conn: bool = False, **_: Any) -> None:
        if not conn:
            self._latest = None
            self._circuit = ""

    def _add_callback(self, pvname: str, pv: Any, cb: Any) -> None:
        with self._metadata_lock:
            if self._monitors[pvname] is not None:
                return  # ophyd comes here on each change of the connection
            # not ophyd's add_callback, which would queue each event for another thread
            self._monitors[pvname] = layer().watch(pv, self._on_monitor)
        known = dict(pv._args)  # noqa: SLF001  a first event that came before the callback was there
        if self._latest is None and known.get("value") is not None and known.get("timestamp"):
            self._on_monitor(**known)

    def _on_monitor(self, value: Any = None, timestamp: float = 0.0, severity: int = 0, **_: Any) -> None:
        self.arrived(self._decode(value), timestamp, severity)

    def _first_arrived(self) -> None:
        self._set_event_if_ready()

    def _decode(self, value: Any) -> Any:
        dtype = self.quantity.dtype
        if self.quantity.shape:
            return np.asarray(value)
        if dtype == "float":
            return float(value)
        if dtype != "string":
            return int(value)
        if isinstance(value, str):
            return value
        return bytes(int(one) & 0xFF for one in value).split(b"\0")[0].decode("utf-8", "replace")

    def _set_event_if_ready(self) -> None:
        # a signal without a value is of no use to anybody
        if self._latest is not None:
            super()._set_event_if_ready()  # pyright: ignore[reportAttributeAccessIssue]

    # -- what devices ask --------------------------------------------------------------------------------------

    @property
    def unit(self) -> str:
        """The unit, as the server says, else as declared."""
        return unit_of(str(self._metadata["units"] or self.quantity.unit))

    @property
    def source(self) -> str:
        """The PV."""
        return f"ca://{self.address}"

    @property
    def limits(self) -> Any:
        """Control limits, low and high; equal where there are none."""
        low, high = self._metadata["lower_ctrl_limit"], self._metadata["upper_ctrl_limit"]
        return (low or 0.0, high or 0.0)

    @property
    def digits(self) -> int | None:
        """Digits after the point, where the server says so."""
        digits: Any = self._metadata["precision"]
        return digits

    @property
    def levels(self) -> dict[str, dict[str, float | None]]:
        """Alarm and warning levels, where the record has any: EPICS says 0 to 0, or NaN, for none."""
        known, found = self._read_pv._args, {}  # noqa: SLF001  as the library keeps them; asking would take a while
        for name in ("alarm", "warning"):
            low, high = (known.get(f"{end}_{name}_limit") for end in ("lower", "upper"))
            if isinstance(low, float) and isinstance(high, float) and low < high:
                found[name] = {"low": low, "high": high}
        return found

    def ask(self, moment: float) -> None:
        """Send the question that `fetch_since` will wait for."""
        if self.connected and self._fetched_at < moment:
            self._question = self._ask()

    def fetch_since(self, moment: float) -> Sample:
        """Return what the server answers to a question sent at `moment` or later; or ask now."""
        if self._fetched_at >= moment:
            return self.sample
        question, self._question = self._question, None
        return self._answer(question) if question and question.sent >= moment else self.fetch()

    def fetch(self) -> Sample:
        """Ask the server now."""
        return self._answer(self._ask())

    @property
    def circuit(self) -> str:
        """Host and port of the server: all channels there share one circuit."""
        if not self.connected:
            return ""
        if not self._circuit:
            self._circuit = layer().circuit(self._read_pv)
        return self._circuit

    def _ask(self) -> Any:
        if not self.connected:
            raise self.lost()
        try:
            return layer().Question(self._read_pv)
        except layer().Lost as error:
            raise self._lost_now() from error

    def _answer(self, question: Any) -> Sample:
        timeout = PATIENCE.margin_s
        answer = question.answer(timeout)
        if answer is None:
            if not self.connected:
                raise self._lost_now()
            raise TimedOut(f"{self.name}: waited {timeout:.1f} s for {self.address} to answer; {self.last_words}")
        value = self._decode(answer["value"])
        sample = self.asked(value, answer["timestamp"], answer["severity"], question.sent)
        self._fetched_at = question.sent
        return sample

    def _lost_now(self) -> NotConnected:
        return NotConnected(f"{self.name}: lost its server while {self.address} was asked; {self.last_words}")


class CaSignalRO(Monitored, EpicsSignalRO):  # pyright: ignore[reportIncompatibleMethodOverride]
    """A PV that is only read."""

    def start(self, value: Any, done: Callable[[], None] | None = None, along: Sequence[DeviceSignal] = ()) -> None:
        """Refuse."""
        raise NotTaken(f"{self.name}: {self.address} is read-only")


class CaSignal(Monitored, EpicsSignal):  # pyright: ignore[reportIncompatibleMethodOverride]
    """A PV that is read and written."""

    _write_pv: Any

    def start(self, value: Any, done: Callable[[], None] | None = None, along: Sequence[DeviceSignal] = ()) -> None:
        """Write `value`; `done` is called at the put's completion, also where the server refused or was lost."""
        if not self.connected:
            raise self.lost()
        wire = to_wire(self.quantity, value, self.name)
        layer().put(self._write_pv, wire, done)
