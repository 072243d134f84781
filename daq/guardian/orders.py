"""What a guard is told at its start: whom it guards, and by which addresses it closes and stops."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Self

BEAT, MOVED, DISMISSED = b".", b"+", b"q"
"""What its engine says, a line each: it lives; it has moved the device that follows; it has ended as it should."""


@dataclass(frozen=True)
class Address:
    """Where 1 is written to close or to stop something.

    Attributes
    ----------
    name
        Of the device.
    pv
        Of Channel Access; or, instead,
    tango, command
        a Tango device and its command.
    state
        The PV, or the Tango attribute, that tells what became of it, where there is one.
    """

    name: str
    pv: str = ""
    tango: str = ""
    command: str = ""
    state: str = ""


@dataclass(frozen=True)
class Orders:
    """What a guard is told.

    Attributes
    ----------
    station
        The name of the beamline or bench.
    holder
        The engine's entry in the lease.
    lock, request
        The lease's files; the guard inherits the first one, locked, as `descriptor`.
    remove
        Whether they are of no use afterwards.
    close
        What is closed whatever happened.
    stop
        What is stopped if the engine has moved it.
    token_pv, token
        Where simulated servers tell their token, and which it must be; empty at real hardware.
    logs
        The directory of the logs.
    """

    station: str
    holder: dict[str, Any]
    lock: str
    request: str
    descriptor: int
    remove: bool
    close: tuple[Address, ...]
    stop: tuple[Address, ...]
    token_pv: str
    token: str
    logs: str

    def text(self) -> str:
        """Return it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read what `text` made."""
        found = json.loads(line)
        for key in ("close", "stop"):
            found[key] = tuple(Address(**one) for one in found[key])
        return cls(**found)
