"""What clients of the export may do; asked at each write and command, so that it may change meanwhile.

=====================  ====================================  =========================================================
of a client            asks                                  who else may refuse
=====================  ====================================  =========================================================
write, action, Pause   `Rights.write`: option and lease      the device: limits, interlocks, its state
Stop, Abort            `Rights.stop`: the option alone       nobody: what brings to rest is never somebody else's right
Init, reading          nothing                               nobody
=====================  ====================================  =========================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from daq.errors import Refused


def refuse() -> None:
    """Refuse whatever it is."""
    raise Refused("the export is read-only: it was started without --allow-write")


def permit() -> None:
    """Let it be done."""


@dataclass(frozen=True)
class Rights:
    """Two questions, each answered by returning, or by raising a TerasuError.

    Parameters
    ----------
    write
        May something be moved, set or started now? Who holds the station is asked here.
    stop
        May something be brought to rest now?
    """

    write: Callable[[], None] = permit
    stop: Callable[[], None] = permit


READ_ONLY = Rights(refuse, refuse)


def rights_of(allow_write: bool, may_write: Callable[[], None] = permit) -> Rights:
    """Return what clients may do: nothing but read, or what `may_write` does not refuse at the moment."""
    return Rights(write=may_write) if allow_write else READ_ONLY
