"""What a client asked of a device, until it has ended: the device is MOVING, or RUNNING, meanwhile.

=========  ===========================  ==========================================================================
state      event                        what happens
=========  ===========================  ==========================================================================
at rest    asked, refused at once       the error goes to the client
at rest    asked, lasts                 acting: the client's write has returned
acting     ends well                    at rest, with the device's own state
acting     fails                        at rest; the sentence of the status says what went wrong, until it is asked
                                        for something else, or Init
=========  ===========================  ==========================================================================

A client that writes and then waits until the state is no longer MOVING has therefore waited for all of it: readback,
tolerance and all, as a plan does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from beam.errors import TerasuError
from devices.signals import fetch_all
from devices.state import State, Stated

OWN = frozenset({State.FAULT, State.ALARM, State.UNKNOWN})
"""States that say more than that something is under way."""


class Acting:
    """What clients have under way with one device; `changed` is called when that ends."""

    def __init__(self, device: Any) -> None:
        self._device = device
        self._status: Any = None
        self._state = State.MOVING
        self._failure = ""
        self._held: Stated | None = None
        self.changed: Callable[[], None] = lambda: None

    def begin(self, ask: Callable[[], Any], state: State) -> None:
        """Do what a client asked for, and be in `state` until the status that this returns has ended."""
        status = ask()
        self._failure = ""
        if status.done and (error := status.exception()) is not None:
            raise error
        self._state, self._status = state, status
        status.add_callback(self._ended)
        self.changed()

    def end(self, stop: Callable[[], None]) -> None:
        """End what is under way; the state stays what it was until the servers have been asked what it is now.

        Whoever waits is told at once that it was stopped, while the axis may only begin to slow down.
        """
        before = self.stated()
        self._held = before if before.state in (State.MOVING, State.RUNNING) else None
        try:
            stop()
            with contextlib.suppress(TerasuError):
                fetch_all([one for one in self._device.signals() if one.connected and not one.quantity.shape])
        finally:
            self._held = None
            self.changed()

    def forget(self) -> None:
        """Forget what failed."""
        self._failure = ""
        self.changed()

    def stated(self) -> Stated:
        """Return the device's state and sentence, and what is under way."""
        if (held := self._held) is not None:
            return held
        try:
            state, text = self._device.stated()
        except TerasuError as error:
            return Stated(State.UNKNOWN, str(error))
        if self._status is not None and not self._status.done and state not in OWN:
            return Stated(self._state, text)
        return Stated(state, f"{text}; the last command ended early: {self._failure}" if self._failure else text)

    def _ended(self, status: Any) -> None:
        if status is self._status and (error := status.exception()) is not None:
            self._failure = " ".join(str(error).split())
        self.changed()
