"""The guard process: waits for its engine's last sign of life; ``python -m daq.guardian.process``.

=============================  =======================================================================================
standard input                 what the guard does
=============================  =======================================================================================
first line                     reads its orders
a heartbeat                    nothing
a device was moved             remembers it
dismissed                      ends
closes, and was not dismissed  the engine has died: closes the shutter, stops what was moved, lets the station go, ends
says nothing for `SILENT_S`    the engine stands still: closes the shutter, stops what was moved, and goes on waiting
=============================  =======================================================================================

It acts only while the station is still its engine's. What it needs for that it imports only then: until then it is a
small process that waits.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Sequence

from daq.guardian.orders import DISMISSED, MOVED, Orders

SILENT_S = 20.0
"""An engine that gives no sign of life for so long stands still."""
ACTING_S = 15
"""Whatever happens, it does not hold the station longer than this after the engine's death."""


class Watch:
    """Reads what the engine says.

    Parameters
    ----------
    act
        Does what is to be done: takes the names of the devices that were moved, and whether the engine is dead.
    silent_s
        How long the engine may say nothing.
    """

    def __init__(self, act: Callable[[Sequence[str], bool], None], silent_s: float = SILENT_S) -> None:
        self._act, self._silent_s = act, silent_s
        self._rest = b""
        self._silent = False
        self._moved: list[str] = []

    def run(self, descriptor: int, already: bytes = b"") -> None:
        """Read from a pipe, of which something was read already, until the engine has ended."""
        if self._take(already):
            return
        while True:
            if not select.select([descriptor], [], [], None if self._silent else self._silent_s)[0]:
                self._silent = True
                self._act(self._moved, False)
                continue
            data = os.read(descriptor, 4096)
            if not data:
                self._act(self._moved, True)
                return
            if self._take(data):
                return

    def _take(self, data: bytes) -> bool:
        """Take what was said; return whether that is the dismissal."""
        self._silent = False
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line == DISMISSED:
                return True
            if line.startswith(MOVED):
                self._moved.append(line.removeprefix(MOVED).decode())
        return False


def main() -> None:
    """Guard the process at the other end of standard input."""
    for one in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)  # they are meant for the engine, whose end is waited for
    data = b""
    while b"\n" not in data:
        part = os.read(0, 1 << 16)
        if not part:
            sys.exit(0)  # the engine died before it could move anything
        data += part
    line, _, rest = data.partition(b"\n")
    orders = Orders.parse(line.decode())

    def do(moved: Sequence[str], dead: bool) -> None:
        from daq.guardian.act import act

        if dead:
            signal.alarm(ACTING_S)
        act(orders, moved, dead)

    Watch(do).run(0, rest)


if __name__ == "__main__":
    main()
