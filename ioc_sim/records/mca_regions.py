"""Regions of interest of a spectrum: their sums, with and without the background below them.

A region reaches from channel LO to HI, both included; -1 is no region. Its background is a straight line between the
means of 2 BG + 1 channels around either end; BG = -1 is none.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]


class Region(NamedTuple):
    """Where a region is."""

    low: int
    high: int
    width: int
    """BG: channels on either side of an end that its background is averaged over."""


class Sums(NamedTuple):
    """What is in a region."""

    total: float
    net: float
    background: Floats
    """In the region's channels."""


def sums(spectrum: npt.NDArray[np.int64] | Floats, region: Region) -> Sums | None:
    """Return the sums of a region of `spectrum`; None if it is none, or lies outside."""
    last = len(spectrum) - 1
    if not 0 <= region.low <= min(region.high, last):
        return None
    high = min(region.high, last)
    inside = spectrum[region.low : high + 1]
    if region.width < 0:
        background = np.zeros(len(inside))
    else:
        ends = [spectrum[max(end - region.width, 0) : end + region.width + 1].mean() for end in (region.low, high)]
        background = np.linspace(ends[0], ends[1], len(inside))
    total = float(inside.sum())
    return Sums(total, total - float(background.sum()), background)
