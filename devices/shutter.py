"""A two-state shutter: ``set("open")``, ``set("close")``."""

from __future__ import annotations

import threading
from typing import Any

from beam import facts
from beam.errors import OutOfReach
from devices.base import Instrument
from devices.deadlines import PATIENCE
from devices.errors import BadReading, Busy, MoveFailed, NotConnected, NotPermitted
from devices.interlock import Whereabouts
from devices.signals import INVALID, Attr, Quantity, enum_text
from devices.state import Fact, State, Stated, alarm, first_that_holds
from devices.undulator import PERMIT
from devices.waiting import Waiting, in_background

ENDS = {"open": "Open", "close": "Closed"}
PLACES = {"Open": ("open",), "Closed": ("closed",), "Opening": ("opening", "open"), "Closing": ("closing", "closed")}
COMMAND = Quantity("int", writable=True)


class Shutter(Instrument):
    """A shutter that reports its state by itself.

    It is closed while a plan is paused if `closes_on_pause`, and opened again when the plan goes on.
    """

    kind_of_device = "shutter"

    indicator = Attr(Quantity("enum", enum=("Closed", "Opening", "Open", "Closing", "Fault")), kind="normal", name="{}")
    permit = Attr(PERMIT, doc="whether it may open")
    open_command = Attr(COMMAND, doc="write 1 to open")
    close_command = Attr(COMMAND, doc="write 1 to close")

    def __init__(self, shutter_facts: facts.Shutter, *, name: str, **kwargs: Any) -> None:
        self.facts = shutter_facts
        self.closes_on_pause = False
        self.wanted: str | None = None
        """What was last asked of it in this session, ``open`` or ``close``."""
        self._left_open = False
        self._reopen = False
        self._under_way: Waiting | None = None
        self._lock = threading.Lock()
        super().__init__(
            shutter_facts.address,
            name=name,
            label=shutter_facts.label,
            tango_name=shutter_facts.name,
            **kwargs,
        )
        self.indicator.subscribe(self._reported, run=False)
        self.open_command.guard = lambda value: self.check_interlocks("open") if value else None

    def _reported(self, value: str = "", **_: Any) -> None:
        if value not in ("Open", "Opening"):
            self._left_open = True

    def closed_meanwhile(self) -> bool:
        """Return whether it was reported as anything but open since the last time this was asked."""
        left, self._left_open = self._left_open, False
        return left

    @property
    def is_open(self) -> bool:
        """Whether it reports to be fully open."""
        return self.reported == "Open"

    @property
    def reported(self) -> str:
        """What it reports: Closed, Opening, Open, Closing or Fault."""
        return str(self.indicator.get())

    def locate(self) -> dict[str, str]:
        """Return where it was asked to be, which nobody keeps, and where it is."""
        return {"setpoint": self.reported, "readback": self.reported}

    def whereabouts(self) -> Whereabouts:
        """Ask what it is and, on its way, what it will be; for interlocks, which take no older news.

        Raises
        ------
        BadReading, NotConnected, TimedOut
            It is not known.
        """
        sample = self.indicator.fetch()
        text = enum_text(self.indicator.quantity, sample.value)
        if sample.severity >= INVALID or text not in PLACES:
            raise BadReading(f"{self.name}: its state is invalid; {self._last_words()}")
        return Whereabouts(PLACES[text], len(PLACES[text]) > 1)

    def check_value(self, value: str, **_: Any) -> None:
        """Refuse what is neither open nor close, and opening without permission."""
        if value not in ENDS:
            raise OutOfReach(f"{self.name} {value!r}: allowed are 'open' and 'close'")
        if missing := self.missing:
            raise NotConnected(f"{self.name}: {missing[0]} does not answer; {self.indicator.last_words}")
        if value == "open" and not self.permit.sample.value:
            raise NotPermitted(f"{self.name}: opening is not permitted")

    def set(self, value: str) -> Waiting:
        """Open or close; the returned status ends on arrival."""
        self.check_value(value)
        self.check_interlocks(value)
        with self._lock:
            if self._under_way is not None and not self._under_way.done and value == "open":
                raise Busy(f"{self.name}: asked to open while it is {self.reported.lower()}")
            wanted = ENDS[value]
            what = f"it to be {wanted.lower()}"
            deadline = PATIENCE.wall_seconds(self.facts.travel_s)
            status = self._under_way = Waiting(self.name, what, deadline, self._last_words)
        self.wanted = value
        command = self.open_command if value == "open" else self.close_command

        def arrived() -> None:
            # A state is not a reading that changes with each command: only asking proves it newer.
            reported = self.indicator.fetch()
            text = enum_text(self.indicator.quantity, reported.value)
            if text != wanted:
                why = f": {command.refusal}" if command.refusal else ""
                raise MoveFailed(f"{self.name}: asked to {value}, it is {text}{why}")
            self._left_open = False
            status.finish()

        status.guard(lambda: command.start(1, lambda: in_background(lambda: status.guard(arrived))))
        return status

    def pause(self) -> None:
        """Close while the plan is paused."""
        if self.closes_on_pause and self.wanted == "open" and self.indicator.connected:
            self._reopen = True
            self.set("close").wait()

    def resume(self) -> None:
        """Open again if the pause closed it."""
        if self._reopen:
            self._reopen = False
            self.set("open").wait()

    def stop(self, *, success: bool = False) -> None:
        """Do nothing: a shutter half way is in no state that anybody wants."""

    def _last_words(self) -> str:
        return str(self.indicator.last_words)

    def report_state(self) -> Stated:
        """Return the state from alarm, position and permission."""
        sample = self.indicator.sample
        text = enum_text(self.indicator.quantity, sample.value)
        known = {
            "Closed": State.CLOSE,
            "Open": State.OPEN,
            "Opening": State.MOVING,
            "Closing": State.MOVING,
        }
        permitted = "" if self.permit.sample.value else "; opening is not permitted"
        return first_that_holds(
            (
                alarm(sample.severity, "state"),
                Fact(text not in known, State.FAULT, f"reports {text}"),
            ),
            Stated(known.get(text, State.FAULT), f"{text.lower()}{permitted}"),
        )
