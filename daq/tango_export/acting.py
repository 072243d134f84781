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

from collections.abc import Callable
from typing import Any

from beam.errors import TerasuError
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

    def forget(self) -> None:
        """Forget what failed."""
        self._failure = ""
        self.changed()

    def stated(self) -> Stated:
        """Return the device's state and sentence, and what is under way."""
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
