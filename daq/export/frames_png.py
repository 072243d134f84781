"""A picture of a series of frames: their mean, less that of the dark ones, on a scale that shows weak and strong."""

from __future__ import annotations

import io

import h5py
import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import AsinhNorm
from matplotlib.figure import Figure

from daq.errors import DataError
from daq.export.image_files import files_of
from daq.export.png import DOTS_PER_INCH, heading_notes
from daq.export.run_data import RunData

BRIGHTEST = 99.9
"""Percentile of the pixels at which the scale ends: a hot pixel must not decide it."""


def image_key(run: RunData) -> str | None:
    """Return the data key of the run's images: the first whose values are arrays in files."""
    stream = run.streams.get("primary")
    keys = {} if stream is None else stream.keys
    found = (key for key, one in keys.items() if one.get("external") and len(one.get("shape") or ()) >= 2)
    return next(found, None)


def to_png(run: RunData) -> bytes:
    """Draw the mean frame; raise DataError where no frame can be read."""
    key = image_key(run)
    if key is None:
        raise DataError(f"run {run.uid[:8]} has no frames")
    light, number = _mean(run, key, "primary")
    if light is None:
        raise DataError(f"run {run.uid[:8]}: no file with the frames of {key} can be read here")
    dark, darks = _mean(run, key, "dark")
    image = light if dark is None else light - dark
    figure = Figure(figsize=(8.0, 7.2), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    top = max(float(np.percentile(image, BRIGHTEST)), 1.0)
    scale = AsinhNorm(linear_width=0.02 * top, vmin=0.0, vmax=top)
    shown = axes.imshow(image, norm=scale, cmap="viridis", interpolation="nearest")
    figure.colorbar(shown, ax=axes, shrink=0.85, label="counts")
    axes.set(xlabel="x (pixels)", ylabel="y (pixels)")
    about = f"mean of {number} frames" if number > 1 else "one frame"
    about += f", less that of {darks} dark" if darks else ", no dark ones subtracted"
    heading_notes(figure, f"{key}: {about}", run, number, dark=None, on_axes=False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Description": f"run {run.uid}"})
    return picture.getvalue()


def _mean(run: RunData, key: str, stream: str) -> tuple[npt.NDArray[np.float64] | None, int]:
    """Return the mean of a stream's frames and how many they are; None without any."""
    total: npt.NDArray[np.float64] | None = None
    number = 0
    for file in files_of(run, key, stream):
        if not file.dataset:
            continue
        try:
            with h5py.File(file.path, swmr=True) as opened:
                for frame in opened[file.dataset]:  # pyright: ignore[reportGeneralTypeIssues]  one at a time: many may not fit
                    values = np.asarray(frame, np.float64)
                    total = values if total is None else total + values
                    number += 1
        except (OSError, KeyError) as error:
            raise DataError(f"run {run.uid[:8]}: {file.path} cannot be read: {error}") from error
    return (None if total is None else total / number), number
