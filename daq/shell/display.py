"""Draws what a plan is at while it runs: the plot and the line of progress below the table.

As long as it draws, what anybody prints goes through the screen: Bluesky and the user's own functions print, too.
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any, cast

from daq.shell.activity import Activity
from daq.shell.live_plot import TextPlot
from daq.shell.progress import Progress
from daq.shell.screen import Screen

TICK_S = 0.2


class Display:
    """A thread that draws as long as the engine runs; none where there is no terminal.

    Parameters
    ----------
    screen
        Where it is drawn.
    activity
        Tells when the engine runs.
    progress
        The line.
    plot
        What is drawn above the line, if anything.
    """

    def __init__(self, screen: Screen, activity: Activity, progress: Progress, plot: TextPlot | None) -> None:
        self.screen, self.progress, self.plot = screen, progress, plot
        self._end: threading.Event | None = None
        self._printed = contextlib.ExitStack()
        self._lock = threading.Lock()
        activity.on_state(self._state)

    def __call__(self, name: str, doc: Any) -> None:
        """Leave the finished plot above what is reported of the run."""
        if name == "stop":
            self._halt()
            for line in self._plot():
                self.screen.say(line)

    def _state(self, new: str) -> None:
        if new == "running":
            self._begin()
        elif new in ("idle", "paused"):
            self._halt()

    def _begin(self) -> None:
        if not self.screen.live:
            return
        with self._lock:
            if self._end is None:
                self._end = threading.Event()
                self._printed.enter_context(contextlib.redirect_stdout(cast("Any", self.screen)))
                threading.Thread(target=self._keep_drawing, args=(self._end,), name="display", daemon=True).start()

    def _halt(self) -> None:
        with self._lock:
            if self._end is not None:
                self._end.set()
                self._end = None
                self._printed.close()
            self.screen.show([])

    def _keep_drawing(self, end: threading.Event) -> None:
        while not end.wait(TICK_S):
            self.draw(end)

    def draw(self, end: threading.Event | None = None) -> None:
        """Draw once."""
        line = self.progress.line()
        area = [*self._plot(), *([line] if line else [])]
        with self._lock:
            if end is None or not end.is_set():
                self.screen.show(area)

    def _plot(self) -> list[str]:
        if self.plot is None or not self.screen.live:
            return []
        columns, most = self.screen.size
        return self.plot.lines(columns, min(most - 4, most // 2 + 1))
