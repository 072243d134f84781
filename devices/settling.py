"""Writing several settings at once, and waiting for what a server makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from devices.deadlines import PATIENCE
from devices.signals import DeviceSignal, enum_text, fetch_all
from devices.waiting import Waiting

Setting = tuple[DeviceSignal, Any]


def apply(settings: Iterable[Setting]) -> list[Setting]:
    """Write what is not so already, wait until all is taken, and return what the changed ones were before."""
    wanted = list(settings)
    samples = fetch_all([signal for signal, _ in wanted])
    before = [
        (signal, enum_text(signal.quantity, sample.value), value)
        for (signal, value), sample in zip(wanted, samples, strict=True)
    ]
    changed = [(signal, had, value) for signal, had, value in before if had != value]
    for status in [signal.set(value) for signal, _, value in changed]:
        status.wait()
    return [(signal, had) for signal, had, _ in changed]


def wait_until(
    device: str, signal: DeviceSignal, holds: Callable[[Any], bool], what: str, wall_s: float | None = None
) -> None:
    """Wait until the value of a signal, enumerations as text, is as wanted.

    Raises
    ------
    TimedOut
        If it does not become so within `wall_s` seconds, by default the margin that all waits have.
    """
    status = Waiting(device, what, PATIENCE.margin_s if wall_s is None else wall_s, lambda: str(signal.last_words))

    def seen(value: Any = None, **_: Any) -> None:
        if holds(value):
            status.finish()

    token = signal.subscribe(seen)
    try:
        seen(enum_text(signal.quantity, signal.fetch().value))
        status.wait()
    finally:
        signal.unsubscribe(token)
