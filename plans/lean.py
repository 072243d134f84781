"""The inner loop of a step scan with as few steps as it can have.

Bluesky's own stubs record a stack trace at each call to warn of forgotten ``yield from``; that is half the time of a
point. These yield the same messages without it.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from itertools import count
from typing import Any

from bluesky.utils import Msg, MsgGenerator

_groups = count()


def move(target: Any, value: Any) -> MsgGenerator[None]:
    """Set one device and wait for it."""
    group = f"lean-{next(_groups)}"
    yield Msg("set", target, value, group=group)
    yield Msg("wait", None, group=group)


def read_once(devices: Sequence[Any], name: str = "primary") -> MsgGenerator[None]:
    """Trigger all devices that can be, wait, and record one event in the stream `name`."""
    group = f"lean-{next(_groups)}"
    triggered = False
    for device in devices:
        if getattr(device, "triggers", hasattr(device, "trigger")):
            yield Msg("trigger", device, group=group)
            triggered = True
    if triggered:
        yield Msg("wait", None, group=group)
    yield Msg("create", None, name=name)
    try:
        for device in devices:
            yield Msg("read", device)
    except Exception:
        yield Msg("drop")
        raise
    yield Msg("save")


def lean_step(
    detectors: Sequence[Any], step: Mapping[Any, Any], pos_cache: MutableMapping[Any, Any]
) -> MsgGenerator[None]:
    """Move and take one reading; for ``bp.scan(…, per_step=lean_step)`` and all other plans of that kind.

    Parameters
    ----------
    detectors
        Devices to trigger and read.
    step
        Where to move which device.
    pos_cache
        Where they were sent last; kept up to date here.
    """
    yield Msg("checkpoint")
    group = f"lean-{next(_groups)}"
    for motor, position in step.items():
        if pos_cache[motor] != position:
            yield Msg("set", motor, position, group=group)
            pos_cache[motor] = position
    yield Msg("wait", None, group=group)
    yield from read_once([*detectors, *(motor for motor in step if motor not in detectors)])
