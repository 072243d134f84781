"""What a simulated Tango device shows: attributes that are channels of a group, a state, commands. No Tango in here.

A group serves its channels over Channel Access, or a face shows them over Tango: values, time stamps, severities,
refusals and motions are the channels' own in both cases, so both protocols give the same numbers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import caproto as ca
import numpy as np
import numpy.typing as npt

from beam.latin import latin

Act = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Shown:
    """One attribute.

    Parameters
    ----------
    name : str
        Of the attribute.
    shows : Channel
        Whose value it is.
    takes : Channel, optional
        What a client's write is put to; without it the attribute is read-only.
    memorised : bool
        The database keeps what was written, for the next start.
    moves : bool
        Writing it starts what lasts; the position of what moves is of quality CHANGING on the way.
    """

    name: str
    shows: ca.ChannelData
    takes: ca.ChannelData | None = None
    memorised: bool = False
    moves: bool = False


@dataclass(frozen=True)
class Drawn:
    """An image that is made when a client asks for it, in the thread that answers.

    Parameters
    ----------
    name : str
        Of the attribute.
    shape : tuple[int, int]
        Rows and columns.
    draw : Callable[[], ndarray]
        Makes it; called by one thread at a time.
    stamp : Channel
        Whose time it has.
    """

    name: str
    shape: tuple[int, int]
    draw: Callable[[], npt.NDArray[np.uint16]]
    stamp: ca.ChannelData


@dataclass(frozen=True)
class Face:
    """One device.

    Parameters
    ----------
    device : str
        Its Tango name.
    kind : str
        Its Tango class.
    attributes : tuple[Shown, ...]
        What it shows.
    stated : Callable[[], tuple[str, str]]
        Returns the name of its state, one of Tango's fourteen, and the sentence that says why.
    watches : tuple[Channel, ...]
        What `stated` looks at, besides the channels that are shown.
    commands : Mapping[str, Act]
        What its commands do, besides those that every device has.
    properties : Mapping[str, float | str]
        Facts that clients find in the database.
    images : tuple[Drawn, ...]
        What it draws on demand.
    acting : str
        The state in which it is while an action lasts, unless it is FAULT or ALARM.
    past_alarms : bool
        Its alarms are of the last action: while another one lasts, they do not count.
    """

    device: str
    kind: str
    attributes: tuple[Shown, ...]
    stated: Callable[[], tuple[str, str]]
    watches: tuple[ca.ChannelData, ...] = ()
    commands: Mapping[str, Act] = field(default_factory=dict)
    properties: Mapping[str, float | str] = field(default_factory=dict)
    images: tuple[Drawn, ...] = ()
    acting: str = "MOVING"
    past_alarms: bool = False


def plain(channel: ca.ChannelData) -> Any:
    """Return a channel's value as Tango carries it: the index of an enumeration's state."""
    value: Any = channel.value
    if isinstance(channel, ca.ChannelEnum):
        return tuple(channel.enum_strings).index(value) if isinstance(value, str) else int(value)
    if isinstance(channel, ca.ChannelNumeric) and not isinstance(value, str):
        return value
    return latin(str(value))


def limits_of(one: Shown) -> tuple[float, float]:
    """Return the lowest and highest value that may be written; equal where there are none."""
    low, high = (getattr(one.takes, f"{end}_ctrl_limit", 0) or 0 for end in ("lower", "upper"))
    return (low, high) if low < high else (0, 0)


def alarmed(channel: ca.ChannelData, name: str) -> tuple[str, str] | None:
    """Return the state that a channel in alarm puts its device into, with a sentence."""
    match int(channel.severity):
        case ca.AlarmSeverity.INVALID_ALARM:
            return "FAULT", f"{name} is invalid"
        case ca.AlarmSeverity.MAJOR_ALARM:
            return "ALARM", f"{name} is in major alarm"
        case _:
            return None
