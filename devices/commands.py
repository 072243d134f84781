"""What every device can be told and asked, whatever it is: Stop, Abort, Init, its state and each change of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping

from devices.signals import DeviceSignal, fetch_all
from devices.state import State, Stated, allowed
from devices.state_watch import StateWatch


class Commands:
    """Mixed into devices; `devices.state.COMMANDS` says what each command means and when it is allowed."""

    @property
    def parts(self) -> Mapping[str, Commands]:
        """The devices that this one consists of."""
        raise NotImplementedError

    def signals(self) -> Iterable[DeviceSignal]:
        """Yield the signals of this device and of its parts."""
        raise NotImplementedError

    def stated(self) -> Stated:
        """Return state and sentence, computed from what the device reports."""
        raise NotImplementedError

    def stop(self, *, success: bool = False) -> None:
        """End what is under way; with `success`, whoever waits for it is told that this was meant."""
        raise NotImplementedError

    @property
    def state(self) -> State:
        """The state, one of Tango's fourteen."""
        return self.stated().state

    @property
    def status_text(self) -> str:
        """One sentence that says why the device is in its state."""
        return self.stated().text

    def allow(self, command: str) -> None:
        """Raise NotAllowed where `command` may not be given now."""
        allowed(str(getattr(self, "name", "")), command, self.stated())

    def abort(self) -> None:
        """End what is under way, here and in all parts; never raises: what can be reached is stopped."""
        for part in self.parts.values():
            part.abort()
        with contextlib.suppress(Exception):
            self.stop(success=False)

    def init(self) -> Stated:
        """Forget what failed, ask the server for everything anew, and return the state.

        Raises
        ------
        NotAllowed
            While it moves or counts: stop it first.
        """
        self.allow("Init")
        fetch_all([one for one in self.signals() if one.connected])
        return self.stated()

    def watch_state(self, callback: Callable[[Stated], None]) -> Callable[[], None]:
        """Call `callback` with state and sentence now and at each change; return what ends that."""
        return StateWatch(self, callback).end
