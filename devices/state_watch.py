"""Tells of each change of a device's state: computed anew whenever one of its signals changes, or its connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from devices.signals import DeviceSignal
from devices.state import Stated


class Stateful(Protocol):
    """What has a state that follows from signals."""

    def signals(self) -> Iterable[DeviceSignal]:
        """Return the signals."""
        ...

    def stated(self) -> Stated:
        """Return state and sentence."""
        ...


class StateWatch:
    """One watch; the callback comes in the thread of whichever signal changed, one at a time.

    Parameters
    ----------
    device
        Whose state.
    callback
        Called with the state now, and whenever state or sentence have changed.
    """

    def __init__(self, device: Stateful, callback: Callable[[Stated], None]) -> None:
        self._device, self._callback = device, callback
        self._signals = list(device.signals())
        self._last: Stated | None = None
        self._lock = threading.RLock()
        for signal in self._signals:
            signal.subscribe(self._changed, run=False)
            signal.subscribe(self._changed, event_type="meta", run=False)
        self._changed()

    def _changed(self, **_: Any) -> None:
        with self._lock:
            stated = self._device.stated()
            if stated != self._last:
                self._last = stated
                self._callback(stated)

    def end(self) -> None:
        """Tell of nothing more."""
        for signal in self._signals:
            signal.clear_sub(self._changed)
