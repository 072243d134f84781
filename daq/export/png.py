"""A picture of µ(E): the whole spectrum, the edge close up, and the slope by which the edge was found."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from beam import inflection
from daq.export.run_data import RunData
from daq.export.spectrum import Spectrum
from daq.timestamps import iso

LINE, MARK, GREY = "#1f4e79", "#c0392b", "#5f6b76"
BEFORE_EV, AFTER_EV = 30.0, 60.0
DOTS_PER_INCH = 160


def to_png(spectrum: Spectrum) -> bytes:
    """Draw the spectrum.

    Above µ(E) over the whole range; below, around the edge if one was found, its points and their smoothed slope
    (`beam.inflection.slope`) with the first inflection marked.
    """
    edge = spectrum.edge_found_ev
    figure = Figure(figsize=(8.0, 6.6), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    if edge is None:
        whole, near, slope = figure.subplots(), None, None
    else:
        grid = figure.add_gridspec(2, 2, height_ratios=(1.25, 1.0))
        whole = figure.add_subplot(grid[0, :])
        near, slope = figure.add_subplot(grid[1, 0]), figure.add_subplot(grid[1, 1])
    label = "µt(E) = ln($I_0/I_t$)" if spectrum.mode.logarithm else f"µ(E), {spectrum.mode.formula}"
    whole.plot(spectrum.energy_ev, spectrum.mu, color=LINE, linewidth=1.2)
    whole.set(xlabel="photon energy (eV)", ylabel=label)
    whole.margins(x=0.01)
    if edge is not None and near is not None and slope is not None:
        _mark(whole, edge, f"first inflection {edge:.2f} eV")
        _close_up(near, slope, spectrum, edge)
        near.set_ylabel(label)
    for axes in figure.axes:
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_formatter().set_useOffset(False)  # type: ignore[attr-defined]
    _titles(figure, spectrum)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Description": f"run {spectrum.run.uid}"})
    return picture.getvalue()


def _close_up(near: Axes, slope: Axes, spectrum: Spectrum, edge: float) -> None:
    shown = (spectrum.energy_ev > edge - BEFORE_EV) & (spectrum.energy_ev < edge + AFTER_EV)
    energy = spectrum.energy_ev[shown]
    near.plot(energy, spectrum.mu[shown], ".-", color=LINE, markersize=3.5, linewidth=0.9)
    slope.plot(energy, inflection.slope(spectrum.energy_ev, spectrum.mu)[shown], color=LINE, linewidth=1.1)
    slope.set(ylabel="slope of µ (per eV)")
    for axes in (near, slope):
        axes.set(xlabel="photon energy (eV)", xlim=(edge - BEFORE_EV, edge + AFTER_EV))
        _mark(axes, edge)


def _mark(axes: Axes, edge: float, label: str | None = None) -> None:
    axes.axvline(edge, color=MARK, linewidth=1.0, linestyle="--", label=label)
    if label:
        axes.legend(frameon=False, loc="lower right")


def _titles(figure: Figure, spectrum: Spectrum) -> None:
    heading_notes(figure, _heading(spectrum), spectrum.run, spectrum.energy_ev.size, dark=spectrum.dark)


def heading_notes(
    figure: Figure, heading: str, run: RunData, points: int, *, dark: dict[str, float] | None, on_axes: bool = True
) -> None:
    """Write heading, the facts of the run, and what to keep in mind.

    Parameters
    ----------
    figure, heading, run, points
        Where to write, and what of.
    dark
        The dark counts that were subtracted; None where that is said elsewhere.
    on_axes
        Whether the facts stand above the first axes; otherwise below all of them.
    """
    start = run.start
    figure.suptitle(heading, x=0.02, ha="left", fontsize=14, fontweight="bold")
    facts: list[str] = [
        f"{points} points",
        iso(start["time"]),
        f"run {run.uid[:8]}",
    ]
    if title := start.get("beamline_title") or str(start.get("beamline", "")).upper():
        facts.insert(0, str(title))
    if run.exit_status != "success":
        facts.append(f"run closed as {run.exit_status}")
    notes = [_sample_text(start, "description")]
    if on_axes:
        figure.axes[0].set_title(" · ".join(facts), loc="left", fontsize=9, color=GREY)
    else:
        notes = [*facts, *notes]
    if start.get("simulated"):
        seed = start.get("seed")
        notes.append("simulated beamline" + (f", seed {seed}" if seed is not None else ""))
    if dark is not None and not dark:
        notes.append("dark counts not subtracted")
    text = " · ".join(note for note in notes if note)
    if text:
        figure.supxlabel(text, fontsize=8, color=MARK if start.get("simulated") else GREY, wrap=True)


def _heading(spectrum: Spectrum) -> str:
    about = spectrum.element_and_edge
    parts = [_sample_text(spectrum.run.start, "name") or "unnamed sample"]
    if about:
        parts.append(f"{about[0]} {about[1]} edge")
    parts.append(spectrum.mode.words)
    return ", ".join(parts)


def _sample_text(start: dict[str, Any], field: str) -> str:
    sample = start.get("sample")
    if isinstance(sample, dict):
        return str(sample.get(field) or "")
    return str(sample) if sample and field == "name" else ""
