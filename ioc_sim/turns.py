"""How long one of a server's threads keeps the interpreter while another one waits for it.

Python's own 5 ms are as long as it takes to write a large frame: a thread that writes frames asks for the interpreter
several times a frame, and would wait each time for the loop that serves clients.
"""

from __future__ import annotations

import sys

TURN_S = 0.0002


def take_short_turns() -> None:
    """Let threads of this process wait no longer than `TURN_S` for the one that runs."""
    sys.setswitchinterval(TURN_S)
