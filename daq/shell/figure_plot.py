"""The live plot where there is a desktop or a notebook: matplotlib, drawn by the thread that waits for the plan.

Toolkits may be called from the main thread only, documents come in the engine's. While the main thread waits for the
engine it lets the window draw what has come since, and answer the mouse.
"""

from __future__ import annotations

import importlib
from typing import Any

from bluesky.utils import DuringTask

from daq.shell.last_scan import LastScan

TICK_S = 0.1


class FigurePlot(DuringTask):
    """One figure, used for each scan anew.

    Parameters
    ----------
    last
        What is plotted.
    backend
        Matplotlib's name of the toolkit; None in a notebook, which shows a picture instead.
    """

    def __init__(self, last: LastScan, backend: str | None) -> None:
        self.last, self.backend = last, backend
        self._figure: Any = None
        self._axes: Any = None
        self._handle: Any = None
        self._drawn: tuple[Any, int] | None = None

    def attach(self, engine: Any) -> None:
        """Draw whenever `engine` runs a plan."""
        engine._during_task = self  # noqa: SLF001  Bluesky takes it only when an engine is made

    def block(self, blocking_event: Any) -> None:
        """Wait for the plan, and draw."""
        while not blocking_event.wait(TICK_S):
            self.draw()
        self.draw()

    def draw(self) -> None:
        """Draw what has come since the last time."""
        last = self.last
        if not last.is_line or last.detector is None or last.x is None:
            return
        x, y = last.columns[last.x], last.columns[last.detector]
        known = min(len(x), len(y))
        state = last.start.get("uid"), known
        if known >= 2 and state != self._drawn:
            self._drawn = state
            self._plot(x[:known], y[:known])
        elif self._figure is not None and self.backend:
            self._figure.canvas.flush_events()

    def _plot(self, x: list[float], y: list[float]) -> None:
        last = self.last
        if self._figure is None:
            self._figure, self._axes = self._open()
        figure: Any = self._figure
        self._axes.clear()
        self._axes.plot(x, y, ".-")
        self._axes.set_xlabel(f"{last.x} [{last.unit(str(last.x))}]")
        self._axes.set_ylabel(last.detector)
        self._axes.set_title(f"scan {last.start.get('scan_id')}: {last.start.get('plan_name')}")
        if self.backend:
            figure.canvas.draw_idle()
            figure.canvas.flush_events()
        elif self._handle is None:
            self._handle = importlib.import_module("IPython.display").display(self._figure, display_id=True)
        else:
            self._handle.update(self._figure)

    def _open(self) -> tuple[Any, Any]:
        from matplotlib import pyplot

        if self.backend:
            pyplot.switch_backend(self.backend)
            pyplot.ion()
        figure, axes = pyplot.subplots()
        if self.backend:
            figure.show()
        else:
            pyplot.close(figure)  # the notebook would show it once more at the end of the cell
        return figure, axes
