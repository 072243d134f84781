"""What holds the place of a server that is gone: ``python -m ioc_sim.absence SECONDS COMMAND…``.

It answers nothing. After SECONDS of wall time (0: never), or when it is told to continue (SIGCONT), it gives way to the
server: `COMMAND` are the interpreter's arguments. Like the server, it ends with the end of its standard input.
"""

from __future__ import annotations

import os
import sys

from ioc_sim import watch


def main(seconds: float, command: list[str]) -> None:
    """Wait, then give way."""
    watch.hold_continue()
    watch.ParentWatch().start()
    watch.stand_still(seconds or None)
    os.execv(sys.executable, [sys.executable, *command])


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
