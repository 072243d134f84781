"""A picture of an XMCD run: the spectra of both helicities, their difference, and what the sum rules give."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from beam.errors import TerasuError
from beam.xmcd_analysis import Analysis
from daq.export.png import DOTS_PER_INCH, GREY, LINE, MARK, heading_notes
from daq.export.xmcd import Dichroism


def to_png(found: Dichroism) -> bytes:
    """Draw the spectra; below, the dichroism with its integral and the moments, where the sum rules can be applied."""
    figure = Figure(figsize=(8.0, 6.6), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.25, 1.0))
    about = found.run.start["xmcd"]
    above.plot(found.energy_ev, found.plus, color=LINE, linewidth=1.2, label="$µ_+$")
    above.plot(found.energy_ev, found.minus, color=MARK, linewidth=1.2, label="$µ_-$")
    above.set_ylabel(f"{about['signal']} / {about['normalise']}")
    above.legend(frameon=False)
    try:
        analysis = found.analysed()
    except TerasuError as error:
        below.plot(found.energy_ev, found.plus - found.minus, color=LINE, linewidth=1.2)
        below.set_ylabel("$µ_+ - µ_-$")
        below.set_title(f"no moments: {error}", fontsize=8, color=GREY, loc="left")
    else:
        _moments(below, analysis)
    below.set_xlabel("photon energy (eV)")
    for axes in (above, below):
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(x=0.01)
    parts = [str(found.run.start.get("edge", "")).replace("L3", "L$_{2,3}$"), "XMCD", f"{about['reverse']} reversed"]
    heading_notes(figure, ", ".join(one for one in parts if one), found.run, found.energy_ev.size, dark=found.dark)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Description": f"run {found.run.uid}"})
    return picture.getvalue()


def _moments(axes: Axes, analysis: Analysis) -> None:
    energy, dichroism = analysis.energies_ev, analysis.dichroism
    axes.plot(energy, dichroism, color=LINE, linewidth=1.2, label="$µ_+ - µ_-$ per edge jump")
    steps = np.diff(energy)
    integral = np.concatenate([[0.0], np.cumsum(0.5 * (dichroism[1:] + dichroism[:-1]) * steps)])
    scale = float(np.abs(dichroism).max() / max(np.abs(integral).max(), 1e-12))
    axes.plot(
        energy, scale * integral, color=GREY, linewidth=1.0, linestyle="--", label=f"its integral (eV), × {scale:.2g}"
    )
    axes.axhline(0.0, color=GREY, linewidth=0.6)
    axes.set_ylabel("dichroism")
    axes.legend(frameon=False, loc="lower right")
    found, errors = analysis.moments, analysis.errors
    axes.set_title(
        f"sum rules: orbital {found.orbital:.4f} µB, spin {found.spin:.3f} µB per atom "
        f"(noise {errors.orbital:.1g} and {errors.spin:.1g})",
        fontsize=9,
        loc="left",
    )
