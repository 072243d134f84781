"""What a picture is like: statistics, centroid, profiles and histogram. Pure functions of the pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ioc_sim.area_detector.array import Pixels

Numbers = dict[str, float]
Profile = npt.NDArray[np.float64]


def statistics(data: Pixels, border: int) -> Numbers:
    """Return extremes with their places, mean, sigma, total, and the total above the mean of a border."""
    flat = data.ravel()
    lowest, highest = int(flat.argmin()), int(flat.argmax())
    width = data.shape[-1]
    total = float(flat.sum(dtype=np.float64))
    mean = total / flat.size
    # about the mean, so that large numbers that differ little lose nothing
    sigma = float(np.sqrt(np.mean((flat - mean) ** 2)))
    return {
        "MinValue": float(flat[lowest]),
        "MinX": lowest % width,
        "MinY": lowest // width,
        "MaxValue": float(flat[highest]),
        "MaxX": highest % width,
        "MaxY": highest // width,
        "MeanValue": mean,
        "Sigma": sigma,
        "Total": total,
        "Net": total - flat.size * _border_mean(data, border),
    }


def _border_mean(data: Pixels, border: int) -> float:
    """Return the mean of the outermost pixels on all sides; 0 without a border."""
    if border <= 0 or data.ndim != 2:
        return 0.0
    inside = data[border:-border, border:-border]
    rest = data.size - inside.size
    return float((data.sum(dtype=np.float64) - inside.sum(dtype=np.float64)) / rest)


def centroid(data: Pixels, threshold: float) -> Numbers:
    """Return place, widths, skewness, kurtosis, eccentricity and tilt of what is at the threshold or above."""
    weights = np.where(data >= threshold, data, 0).astype(np.float64)
    total = float(weights.sum())
    if total <= 0:
        return {}
    columns, rows = weights.sum(axis=0), weights.sum(axis=1)
    x, var_x, skew_x, kurtosis_x = _moments(columns)
    y, var_y, skew_y, kurtosis_y = _moments(rows)
    across, down = np.arange(len(columns)) - x, np.arange(len(rows)) - y
    var_xy = float(down @ weights @ across) / total
    spread = (var_x - var_y) ** 2 + 4 * var_xy**2
    return {
        "CentroidTotal": total,
        "CentroidX": x,
        "CentroidY": y,
        "SigmaX": var_x**0.5,
        "SigmaY": var_y**0.5,
        "SigmaXY": var_xy / (var_x * var_y) ** 0.5 if var_x * var_y > 0 else 0.0,
        "SkewX": skew_x,
        "SkewY": skew_y,
        "KurtosisX": kurtosis_x,
        "KurtosisY": kurtosis_y,
        "Eccentricity": spread / (var_x + var_y) ** 2 if var_x + var_y > 0 else 0.0,
        "Orientation": float(np.degrees(0.5 * np.arctan2(2 * var_xy, var_x - var_y))),
    }


def _moments(profile: Profile) -> tuple[float, float, float, float]:
    """Return mean, variance, skewness and excess of a distribution over 0, 1, 2 …"""
    places, total = np.arange(len(profile)), profile.sum()
    mean = float(profile @ places) / total
    off = places - mean
    variance, third, fourth = (float(profile @ off**n) / total for n in (2, 3, 4))
    if variance <= 0:
        return mean, 0.0, 0.0, 0.0
    return mean, variance, third / variance**1.5, fourth / variance**2 - 3.0


def profiles(
    data: Pixels, threshold: float, centre: tuple[float, float], cursor: tuple[int, int]
) -> dict[str, Profile]:
    """Return mean rows and columns, of all and of what is above the threshold, and those through two points."""
    above = np.where(data >= threshold, data, 0)
    found: dict[str, Profile] = {}
    for kind, pixels in (("Average", data), ("Threshold", above)):
        found[f"Profile{kind}X"] = pixels.mean(axis=0)
        found[f"Profile{kind}Y"] = pixels.mean(axis=1)
    for kind, (x, y) in (("Centroid", (int(centre[0] + 0.5), int(centre[1] + 0.5))), ("Cursor", cursor)):
        x, y = min(max(x, 0), data.shape[1] - 1), min(max(y, 0), data.shape[0] - 1)
        found[f"Profile{kind}X"] = data[y].astype(np.float64)
        found[f"Profile{kind}Y"] = data[:, x].astype(np.float64)
    return found


def histogram(data: Pixels, bins: int, low: float, high: float) -> tuple[Profile, Numbers]:
    """Return how many pixels are in each bin; how many are below and above, and the entropy."""
    counts = np.histogram(data, bins=bins, range=(low, high))[0].astype(np.float64)
    below, above = float((data < low).sum()), float((data > high).sum())
    filled = counts[counts > 0]
    entropy = -float((filled * np.log(filled)).sum()) / data.size
    return counts, {"HistBelow": int(below), "HistAbove": int(above), "HistEntropy": entropy}
