"""How long a scaler counts: presets, gates and the clock, as the scaler record keeps them consistent.

Channel 1 counts a clock of FREQ Hz. TP (s) and PR1 (ticks) are one preset in two units. A gated channel (Gn =
Y) ends the count when it reaches its preset PRn; whichever is first ends it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

Values = dict[str, float]


def after_put(field: str, values: Mapping[str, float]) -> Values:
    """Return what follows from a put to `field`, whose new value is in `values` already."""
    frequency, channel = values["FREQ"], field.lstrip("PRG")
    if field == "TP":
        return {"PR1": float(round(values["TP"] * frequency)), "D1": 1, "G1": 1}
    if field == "PR1":
        seconds = values["PR1"] / frequency
        return {"TP": seconds} | ({"D1": 1, "G1": 1} if seconds > 0 else {})
    if field.startswith("PR") and channel.isdigit():
        return {f"D{channel}": 1, f"G{channel}": 1} if values[field] > 0 else {}
    if field.startswith("G") and channel.isdigit():
        return {f"PR{channel}": 1000.0} if values[field] and not values[f"PR{channel}"] else {}
    if field == "RATE":
        return {"RATE": min(max(values["RATE"], 0.0), 60.0)}
    return {}


def dwell(values: Mapping[str, float], channels: int, rates: Mapping[int, float]) -> float:
    """Return how long to count (s) until the first gated channel has its preset; infinite if none ever will.

    Parameters
    ----------
    values : Mapping[str, float]
        The record's fields.
    channels : int
        How many channels are in use.
    rates : Mapping[int, float]
        Counts per second of the channels but the first.
    """
    times = [math.inf]
    for n in range(1, channels + 1):
        rate = values["FREQ"] if n == 1 else rates.get(n, 0.0)
        if values[f"G{n}"] and rate > 0:
            times.append(values[f"PR{n}"] / rate)
    return min(times)
