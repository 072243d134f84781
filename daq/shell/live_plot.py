"""The plot that grows with a scan: characters below the table, or a window; which of them is chosen here."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from typing import Any

from daq.shell.last_scan import LastScan
from daq.shell.text_plot import draw

HEIGHT = 14
KINDS = ("auto", "text", "window", "none")


class TextPlot:
    """The curve of the first hinted detector against the first motor, in characters."""

    def __init__(self, last: LastScan) -> None:
        self.last = last

    def lines(self, columns: int, most: int) -> list[str]:
        """Return the plot for a terminal of that many columns, in at most `most` lines; none where there is nothing."""
        last = self.last
        if not last.is_line or last.x is None:
            return []
        y = last.detector
        if y is None or len(last.columns[y]) < 2:
            return []
        return draw(
            last.columns[last.x],
            last.columns[y],
            width=min(columns, 100),
            height=min(HEIGHT, most),
            x_range=_extent(last),
            x_label=f"{last.x} [{last.unit(last.x)}]" if last.unit(last.x) else last.x,
            y_label=f"{y} [{last.unit(y)}]" if last.unit(y) else y,
        )


def _extent(last: LastScan) -> tuple[float, float] | None:
    """Return from where to where the scan goes, if its plan says so; a relative one says it of its steps only."""
    args = last.start.get("plan_pattern_args", {}).get("args", [])
    if len(args) < 3 or not all(isinstance(one, int | float) for one in args[1:3]) or last.x is None:
        return None
    low, high = sorted(map(float, args[1:3]))
    give = 0.02 * (high - low)
    return (low, high) if low - give <= last.columns[last.x][0] <= high + give else None


def kind_of_plot(wanted: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return ``notebook``, ``window``, ``text`` or ``none``: what `wanted` is here.

    A window needs a desktop and a toolkit that matplotlib can draw with; Qt need not be it. Over ssh it is text, even
    where X is forwarded, unless a window is asked for.
    """
    if wanted != "auto":
        return wanted
    if "ipykernel" in sys.modules:
        return "notebook"
    here = "SSH_CONNECTION" not in environ and ("DISPLAY" in environ or "WAYLAND_DISPLAY" in environ)
    return "window" if here and toolkit() else "text"


def toolkit() -> str | None:
    """Return matplotlib's name of a toolkit that is installed; None if there is none."""
    for module, backend in (("tkinter", "TkAgg"), ("gi", "GTK4Agg"), ("PyQt6", "QtAgg"), ("PySide6", "QtAgg")):
        if importlib.util.find_spec(module):
            return backend
    return None


def make_window(last: LastScan, kind: str) -> Any:
    """Return the figure of a window or notebook; None for the other kinds."""
    if kind not in ("window", "notebook"):
        return None
    from daq.shell.figure_plot import FigurePlot

    return FigurePlot(last, None if kind == "notebook" else toolkit())
