"""What one exported device shows: attributes, a state, commands. No Tango in here, and no ophyd."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from devices.state import Stated


class Reading(NamedTuple):
    """What is known of an attribute at one moment."""

    value: Any
    time: float
    severity: int = 0
    """0 none, 1 minor, 2 major, 3 invalid."""
    written: Any = None
    """What was asked of it last; None where nothing can be asked."""
    changing: bool = False


class Form(NamedTuple):
    """What an attribute says of itself besides its value; some of it only a connected device knows."""

    unit: str = ""
    digits: int | None = None
    low: float = 0.0
    """Of what may be written; equal to `high` where there are no limits."""
    high: float = 0.0
    levels: Mapping[str, Mapping[str, float | None]] = {}
    """Of alarm and warning, as event-model's `limits` has them."""


@dataclass(frozen=True)
class Shown:
    """One attribute.

    Parameters
    ----------
    name : str
        Of the attribute.
    dtype : str
        Of its elements.
    read : Callable
        Returns what is known; raises a TerasuError where nothing is. Never asks a control system for a scalar.
    form : Callable
        Returns what it says of itself, as far as that is known now.
    take : Callable, optional
        Takes a value that a client writes, or raises the refusal; without it the attribute is read-only.
    shape : tuple of int
        Empty of a scalar; of an image, rows and columns.
    enum : tuple of str
        The labels of an enumeration.
    """

    name: str
    dtype: Literal["float", "int", "enum", "string"]
    read: Callable[[], Reading]
    form: Callable[[], Form] = Form
    take: Callable[[Any], None] | None = None
    shape: tuple[int, ...] = ()
    enum: tuple[str, ...] = ()
    label: str = ""
    doc: str = ""


class Act(NamedTuple):
    """One command."""

    doc: str
    do: Callable[[], None]


Touch = Callable[[str], None]
"""Called with the name of an attribute that changed, or with `STATE`; in any thread, and never held up."""
STATE = "State"


@dataclass(frozen=True)
class Face:
    """One device.

    Parameters
    ----------
    name, tango_class : str
        What Tango calls it.
    attributes : Callable
        Returns what it shows, as far as that is known now.
    stated : Callable
        Returns state and sentence.
    commands : Mapping
        By name, besides those that every device has.
    init : Callable
        What Tango's Init does.
    watch : Callable
        Has each change told from now on; returns what ends that.
    """

    name: str
    tango_class: str
    attributes: Callable[[], list[Shown]]
    stated: Callable[[], Stated]
    init: Callable[[], None]
    watch: Callable[[Touch], Callable[[], None]]
    commands: Mapping[str, Act] = field(default_factory=dict)
