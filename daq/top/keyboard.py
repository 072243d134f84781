"""Single keys of a terminal, without waiting for the end of a line."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def keyboard() -> Iterator[Callable[[float], str]]:
    """Give what waits for a key and returns it, or an empty text if none came in time; without a terminal none does."""
    if not sys.stdin.isatty():
        yield _no_keys
        return
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)

    def key(within_s: float) -> str:
        ready, _, _ = select.select([handle], [], [], within_s)
        return os.read(handle, 1).decode(errors="replace") if ready else ""

    try:
        tty.setcbreak(handle)
        yield key
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)


def _no_keys(within_s: float) -> str:
    select.select([], [], [], within_s)
    return ""
