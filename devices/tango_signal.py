"""Signals over Tango: what a `Link` brings, with value, time and quality kept together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import tango
from ophyd import Kind

from devices.errors import BadReading, NotTaken, TimedOut
from devices.sampled import Sampled
from devices.signals import INVALID, DeviceSignal, Quantity, Sample, to_wire
from devices.tango_errors import first_line, is_lost
from devices.tango_link import POLL_S, Link, link_to, release
from devices.tango_names import Part, Row, row_of
from devices.tango_values import digits, levels, limits, mismatch, nothing, sample_of, unit


class Tango:
    """Makes Tango signals."""

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
    ) -> TangoSignal:
        """Make one signal; the connection is sought in the background."""
        row = row_of(kind_of_device, attribute, address, channel)
        return TangoSignal(
            address,
            row,
            quantity=quantity,
            optional=optional,
            name=name,
            kind=kind,
            attr_name=attribute,
            parent=parent,
        )


class TangoSignal(Sampled):
    """One attribute or command of a Tango device.

    Parameters
    ----------
    device : str
        The device's address.
    row : Row
        What of it.
    """

    def __init__(self, device: str, row: Row, **kwargs: Any) -> None:
        self.row = row
        self.config: Any = None
        """What the server said of an attribute at the connection: type, unit, limits."""
        self._trouble = ""
        self._refusal = ""
        self._asked_at = -1.0
        self._ended_at: float | None = None
        self._ready = threading.Event()
        super().__init__(address=f"{device}/{row.name}", **kwargs)
        self._metadata["connected"] = False
        self._link = link_to(device)
        self._link.join(self)

    # -- what the link brings ----------------------------------------------------------------------------------

    def attached(self, config: Any) -> str:
        """Take the configuration of an attribute, None of a command; return what is wrong with it, or nothing."""
        self.config = config
        wrong = "" if config is None else mismatch(config, self.quantity, self.row)
        self._trouble = wrong and f"{self.address}: {wrong}"
        if config is None:
            self.arrived(0, time.time(), 0)
        return self._trouble

    def detached(self) -> None:
        """Take note that the connection is lost."""
        self._latest = None
        self._ready.clear()
        self._say_connected(False)

    def took(self, reading: Any) -> None:
        """Take a value that the server sent."""
        last = None if self._last_seen is None else self._last_seen.value
        self.arrived(*sample_of(reading, self.quantity, self.row, last))

    def compared(self, reading: Any) -> None:
        """Take what the server answered if its events have said something else."""
        latest = self._latest
        value, timestamp, severity = sample_of(reading, self.quantity, self.row, latest and latest.value)
        if latest is None or self.quantity.shape or (value, severity) == (latest.value, latest.severity):
            return
        if not (severity == latest.severity == INVALID):  # no value differs from none
            self.arrived(value, timestamp, severity)

    def unreadable(self, why: str) -> None:
        """Take note that the server cannot read the attribute, or does not have it."""
        self._trouble = why
        if self._latest is not None:
            last = self._latest
            self.arrived(nothing(self.quantity, last.value), last.time, INVALID)

    def refused(self, why: str) -> None:
        """Take note of what the server said to a write; empty if it took it."""
        self._refusal = why

    def ended(self, asked_at: float | None) -> None:
        """Take note that what a write began has ended, and when that was asked."""
        self._ended_at = asked_at

    def _first_arrived(self) -> None:
        self._trouble = ""
        self._ready.set()
        self._say_connected(True)

    def _say_connected(self, connected: bool) -> None:
        self._metadata["connected"] = connected
        self._metadata_thread_ctx.run(self._run_metadata_callbacks)

    # -- what devices ask --------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether it has a value of the present connection."""
        return self._latest is not None and not self._destroyed

    @property
    def tango(self) -> tuple[str, str]:
        """Device and attribute or command."""
        return self.link.address, self.row.name

    @property
    def trouble(self) -> str:
        """Why there is no connection."""
        if self._latest is not None:
            return ""
        return self._trouble or f"{self._link.address}: {self._link.trouble or 'it is being asked what it has'}"

    @property
    def link(self) -> Link:
        """The connection that it shares with the other signals of its device."""
        return self._link

    @property
    def refusal(self) -> str:
        """What the server said to the last write, if it refused it."""
        return self._refusal

    @property
    def ended_at(self) -> float | None:
        """When the question was sent whose answer was that what `start` began has ended; None if there was none."""
        return self._ended_at

    @property
    def polled_s(self) -> float:
        """Seconds between two readings, where the server offers no events; otherwise 0."""
        return POLL_S if self._link.polls(self.row.name) else 0.0

    @property
    def unit(self) -> str:
        """The unit, as the server says, else as declared."""
        return (unit(self.config) if self.config is not None else "") or self.quantity.unit

    @property
    def source(self) -> str:
        """Database, device and attribute."""
        return f"tango://{self._link.host}/{self.address.removeprefix(f'tango://{self._link.host}/')}"

    @property
    def limits(self) -> Any:
        """The lowest and highest value that may be written; equal where there are none."""
        return limits(self.config) if self.config is not None else (0.0, 0.0)

    @property
    def digits(self) -> int | None:
        """Digits after the point, where the server says so."""
        return digits(self.config) if self.config is not None else None

    @property
    def levels(self) -> dict[str, dict[str, float | None]]:
        """Alarm and warning levels, where the attribute has any."""
        return levels(self.config) if self.config is not None and self.row.part is Part.VALUE else {}

    def describe(self) -> dict[str, Any]:
        """Return the data key, with alarm and warning levels where the attribute has any."""
        keys = super().describe()
        if found := self.levels:
            keys[self.name]["limits"] = found
        return keys

    def wait_for_connection(self, timeout: float = POLL_S) -> None:
        """Wait for the first value.

        Raises
        ------
        TimeoutError
            If none arrives in time; with the reason.
        """
        if not self._ready.wait(timeout):
            raise TimeoutError(f"{self.name}: {self.trouble}")

    def fetch(self) -> Sample:
        """Ask the server now."""
        proxy = self._link.proxy
        if not self.connected or proxy is None:
            raise self.lost()
        if self.row.part is Part.COMMAND:
            return self.sample
        sample, answered_at = self._question(proxy)
        # Servers stamp the event of a state when they push it: one that came meanwhile may be of what was before.
        return sample if sample.time <= answered_at else self._question(proxy)[0]

    def _question(self, proxy: Any) -> tuple[Sample, float]:
        """Return what is known after an answer of the server, and the time stamp of that answer."""
        asked = time.monotonic()
        try:
            reading = proxy.read_attribute(self.row.name)
        except tango.DevFailed as error:
            words = self.last_words
            if is_lost(error):
                self._link.lost(error)
                raise TimedOut(f"{self.name}: {self.address} does not answer: {first_line(error)}; {words}") from error
            raise BadReading(f"{self.name}: {self.address} cannot be read: {first_line(error)}; {words}") from error
        self._link.share(self.row.name, reading, asked)
        sample = self.answered(reading, asked) if self._asked_at != asked else self.sample
        return sample, float(reading.time.totime())

    def ask(self, moment: float) -> None:
        """Have it asked for together with others of its device."""
        if self.connected and self.row.part is not Part.COMMAND and self._asked_at < moment:
            self._link.want(self)

    def fetch_since(self, moment: float) -> Sample:
        """Return what the server answers to a question sent at `moment` or later; or ask now."""
        if self._asked_at < moment:
            self._link.ask_wanted()
        return self.sample if self._asked_at >= moment and self.connected else self.fetch()

    def answered(self, reading: Any, since: float) -> Sample:
        """Take what the server answered to a question sent at `since` (monotonic)."""
        before = self._last_seen
        sample = self.asked(*sample_of(reading, self.quantity, self.row, before and before.value), since)
        self._asked_at = since
        # Servers stamp an answer with the time of the question: the event of the change is older then, and ignored.
        if not self.quantity.shape and (before and before[:3:2]) != sample[:3:2]:
            self.tell(sample)
        return sample

    def start(self, value: Any, done: Callable[[], None] | None = None, along: Sequence[DeviceSignal] = ()) -> None:
        """Write `value`; `done` is called when what this started has ended, also where the server refused."""
        if not self.quantity.writable:
            raise NotTaken(f"{self.name}: {self.address} is read-only")
        if not self.connected:
            raise self.lost()
        self._ended_at = None
        beside: Any = [one for one in along if isinstance(one, TangoSignal) and one.link is self.link]
        self._link.write(self, to_wire(self.quantity, value, self.name), done or (lambda: None), beside)

    def destroy(self) -> None:
        """Close the connection, if no other signal uses it."""
        if not self._destroyed:
            release(self._link)
        super().destroy()
