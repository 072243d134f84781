"""Whether a reading may be recorded: valid, finite, connected; or what its policy says instead.

==========  ===========================================================================================
policy      a reading that is INVALID, not a number, or not there
==========  ===========================================================================================
``fail``    fails the run (the default)
``mark``    is recorded, with its severity beside it in a column ``<name>_severity`` of its own
``allow``   is recorded as it is
==========  ===========================================================================================

What is not there is recorded as NaN, with severity 3; text and whole numbers have no such value, so their absence
fails the run whatever the policy.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from typing import Any

from devices.errors import BadReading, NotConnected
from devices.signals import INVALID, DeviceSignal, Sample, enum_text


def unfit(sample: Sample) -> str | None:
    """Return what is wrong with a sample, in one word or two; None if it may be recorded."""
    if sample.severity >= INVALID:
        return "invalid"
    if isinstance(sample.value, float) and not math.isfinite(sample.value):
        return "not a number"
    return None


def check(device: str, signal: DeviceSignal, sample: Sample) -> None:
    """Raise BadReading if the signal's policy is to fail on such a sample."""
    if signal.policy == "fail" and (wrong := unfit(sample)):
        raise BadReading(f"{device}: {signal.name} ({signal.address}) is {wrong}; {signal.last_words}")


def fit_sample(device: str, signal: DeviceSignal) -> Sample:
    """Return what is to be recorded of a signal now.

    Raises
    ------
    NotConnected, BadReading
        As the signal's policy says.
    """
    try:
        sample = signal.sample
    except NotConnected:
        if signal.policy == "fail" or signal.quantity.dtype != "float":
            raise
        now = time.time()
        return Sample(math.nan, now, INVALID, time.monotonic())
    check(device, signal, sample)
    return sample


def readings(device: str, signals: Iterable[DeviceSignal]) -> dict[str, Any]:
    """Return the readings of signals as documents carry them, each checked."""
    found: dict[str, Any] = {}
    for signal in signals:
        sample = fit_sample(device, signal)
        found[signal.name] = {"value": enum_text(signal.quantity, sample.value), "timestamp": sample.time}
        if signal.policy == "mark":
            severity = INVALID if unfit(sample) else sample.severity
            found[f"{signal.name}_severity"] = {"value": severity, "timestamp": sample.time}
    return found


def mark_keys(signals: Iterable[DeviceSignal]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the data keys of the severities that `readings` adds."""
    for signal in signals:
        if signal.policy == "mark":
            yield (
                f"{signal.name}_severity",
                {
                    "source": f"severity of {signal.address}",
                    "dtype": "integer",
                    "dtype_numpy": "<i8",
                    "shape": [],
                },
            )
