"""The terminal while a plan runs: lines that stay scroll by above an area that is drawn anew.

==========  =============================================  ===================================================
state       a line is written                              the area is given
==========  =============================================  ===================================================
no area     it is written                                  drawn below the last line
area drawn  area erased, line written, area drawn again    drawn over the old one
no terminal it is written                                  nothing: a file or pipe gets the lines alone
==========  =============================================  ===================================================

The area is never wider or higher than the terminal, so that it can be erased by moving up as many lines as it has.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Sequence
from typing import TextIO

REDRAW_S = 0.1
"""Rows may come faster than an eye, or a line over ssh, takes them; the area is drawn no more often than this."""


class Screen:
    """Written to like a file; `show` gives the area below what was written.

    Parameters
    ----------
    out
        Where all goes (default: standard output).
    live
        Whether there is an area; by default only on a terminal.
    """

    def __init__(self, out: TextIO | None = None, live: bool | None = None) -> None:
        self._out: TextIO = sys.stdout if out is None else out
        self._live = live
        self._lock = threading.RLock()
        self._area: list[str] = []
        self._begun = ""  # of a line that has no end yet, and would be drawn over
        self._drawn = 0
        self._drawn_at = 0.0

    @property
    def out(self) -> TextIO:
        """Where all goes."""
        return self._out

    @property
    def live(self) -> bool:
        """Whether there is an area."""
        return self.out.isatty() if self._live is None else self._live

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines that may be used."""
        columns, lines = shutil.get_terminal_size()
        return max(columns - 1, 20), max(lines - 2, 1)

    def flush(self) -> None:
        """Bring out what was written."""
        self.out.flush()

    def isatty(self) -> bool:
        """Return whether a terminal is behind it."""
        return self.out.isatty()

    def write(self, text: str) -> int:
        """Write whole lines above the area."""
        with self._lock:
            if not self._area:
                self.out.write(text)
                self.out.flush()
                return len(text)
            whole, newline, self._begun = (self._begun + text).rpartition("\n")
            if newline:
                self._erase()
                self.out.write(whole + newline)
                if time.monotonic() - self._drawn_at > REDRAW_S:
                    self._draw()
                else:
                    self.out.flush()
        return len(text)

    def say(self, line: str) -> None:
        """Write one line."""
        self.write(line + "\n")

    def show(self, lines: Sequence[str]) -> None:
        """Draw the area; nothing takes it away."""
        if not self.live:
            return
        with self._lock:
            columns, most = self.size
            area = [line[:columns] for line in lines][-most:]
            if area == self._area and self._drawn:
                return
            self._erase()
            self._area = area
            if area:
                self._draw()
            else:
                self.out.write(self._begun)
                self._begun = ""
                self.out.flush()

    def _erase(self) -> None:
        if self._drawn:
            up = f"\x1b[{self._drawn - 1}A" if self._drawn > 1 else ""
            self.out.write(f"\r{up}\x1b[J")
            self._drawn = 0

    def _draw(self) -> None:
        self.out.write("\n".join(self._area))
        self.out.flush()
        self._drawn, self._drawn_at = len(self._area), time.monotonic()
