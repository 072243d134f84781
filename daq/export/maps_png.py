"""A picture of maps: signal over I0 for each light, and the dichroism of each energy that has both helicities."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from daq.export.maps import Maps
from daq.export.png import DOTS_PER_INCH, heading_notes

MOST = 12  # panels in one picture


def to_png(maps: Maps) -> bytes:
    """Draw the maps, then the dichroisms."""
    dichroism = maps.dichroism()
    panels: list[tuple[str, Any, str]] = [(light.words, one, "viridis") for light, one in maps.images.items()]
    panels += [(f"dichroism at {energy:.1f} eV", one, "RdBu") for energy, one in dichroism.items()]
    panels = panels[-MOST:]
    across = 2 if len(panels) in (2, 4) else max(1, min(3, len(panels)))
    down = -(-len(panels) // across)
    figure = Figure(figsize=(3.6 * across + 0.6, 3.2 * down + 1.0), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    # one scale for all dichroisms: noise beside an edge must not look like domains
    most = max((float(np.nanmax(np.abs(one))) for one in dichroism.values() if np.isfinite(one).any()), default=1.0)
    unit = {"um": "µm"}.get(maps.unit, maps.unit)
    grid = figure.subplots(down, across, squeeze=False)
    half = [0.5 * float(one[1] - one[0]) if one.size > 1 else 0.5 for one in (maps.columns, maps.rows)]
    extent = (
        float(maps.columns[0]) - half[0],
        float(maps.columns[-1]) + half[0],
        float(maps.rows[0]) - half[1],
        float(maps.rows[-1]) + half[1],
    )
    for axes, (title, image, colours) in zip(grid.flat, panels, strict=False):
        limits = {"vmin": -most, "vmax": most} if colours == "RdBu" else {}
        shown = axes.imshow(image, origin="lower", extent=extent, cmap=colours, interpolation="nearest", **limits)
        figure.colorbar(shown, ax=axes, shrink=0.85)
        axes.set_title(title, fontsize=9)
        axes.set(xlabel=f"x ({unit})", ylabel=f"y ({unit})")
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_visible(False)
    about = maps.run.start["maps"]
    heading_notes(
        figure,
        f"Maps of {about['signal']} / {about['normalise']}",
        maps.run,
        len(maps.run.primary()),
        dark=maps.dark,
        on_axes=False,
    )
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Description": f"run {maps.run.uid}"})
    return picture.getvalue()
