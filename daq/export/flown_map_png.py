"""A picture of a map on the fly: what each detector counted where the stage was, regions of a spectrum first."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from daq.errors import DataError
from daq.export.png import DOTS_PER_INCH, heading_notes
from daq.export.run_data import RunData

Floats = npt.NDArray[np.float64]

PLANS = ("fly_map", "fly_spiral")
MOST = 6
"""Panels in one picture."""
I0, IT, CORRECTED = "i0", "it", "_corrected"
MARK_AREA = 14.0


def is_flown_map(run: RunData) -> bool:
    """Return whether the run is a map on the fly."""
    return run.start.get("plan_name") in PLANS and len(run.start.get("motors") or ()) == 2


def to_png(run: RunData) -> bytes:
    """Draw the maps; raise DataError where nothing was counted."""
    primary = run.primary()
    up, across = (np.asarray(primary.columns[key], float) for key in run.start["motors"])
    panels = _panels(run)
    wide = min(len(panels), 2 if len(panels) in (2, 4) else 3)
    high = -(-len(panels) // wide)
    figure = Figure(figsize=(3.9 * wide + 0.4, 3.4 * high + 1.0), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(high, wide, squeeze=False)
    for axes, (title, values) in zip(grid.flat, panels.items(), strict=False):
        shown = _draw(axes, run, across, up, values)
        figure.colorbar(shown, ax=axes, shrink=0.85)
        axes.set_title(title, fontsize=9)
        unit = primary.unit(run.start["motors"][1])
        axes.set(xlabel=f"{run.start['motors'][1]} ({unit})", ylabel=f"{run.start['motors'][0]} ({unit})")
        axes.set_aspect("equal")
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_visible(False)
    heading_notes(figure, "Map on the fly", run, len(primary), dark=None, on_axes=False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Description": f"run {run.uid}"})
    return picture.getvalue()


def _panels(run: RunData) -> dict[str, Floats]:
    """Return what is drawn: hinted counts over I0, corrected for dead time where they are, then It over I0."""
    primary = run.primary()
    counted = {key: np.asarray(one, float) for key, one in primary.inner().items() if one.ndim == 1}
    if I0 not in counted:
        raise DataError(f"run {run.uid[:8]}: there is no {I0} to which the counts could be compared")
    incoming = np.where(counted[I0] > 0, counted[I0], np.nan)
    hinted = [key for one in primary.hints.values() for key in (one or {}).get("fields", []) if key in counted]
    chosen = [*hinted, *(key for key in (IT,) if key in counted)][:MOST]
    if not chosen:
        raise DataError(f"run {run.uid[:8]}: nothing was counted that could be drawn")
    best = [f"{key}{CORRECTED}" if f"{key}{CORRECTED}" in counted else key for key in chosen]
    return {f"{key} / {I0}": counted[key] / incoming for key in best}


def _draw(axes: Axes, run: RunData, across: Floats, up: Floats, values: Floats) -> Any:
    """Draw one map: an image of a raster, points of any other path."""
    shape = run.start.get("shape") or ()
    if len(shape) != 2:
        return axes.scatter(across, up, c=values, s=MARK_AREA, cmap="viridis", linewidths=0)
    (low, high), (left, right) = run.start["extents"]
    rows, columns = np.linspace(low, high, shape[0]), np.linspace(left, right, shape[1])
    image = np.full(shape, np.nan)
    row = np.abs(np.subtract.outer(up, rows)).argmin(axis=1)
    column = np.abs(np.subtract.outer(across, columns)).argmin(axis=1)
    image[row, column] = values
    half = [0.5 * abs(one[1] - one[0]) if len(one) > 1 else 0.5 for one in (columns, rows)]
    extent = (
        float(columns.min() - half[0]),
        float(columns.max() + half[0]),
        float(rows.min() - half[1]),
        float(rows.max() + half[1]),
    )
    if left > right:
        image = image[:, ::-1]
    if low > high:
        image = image[::-1]
    return axes.imshow(image, origin="lower", extent=extent, cmap="viridis", interpolation="nearest")
