"""A scan that was interrupted and resumed, read as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from daq.errors import DataError
from daq.export.run_data import RunData, Stream, column


def joined(parts: Sequence[RunData]) -> RunData:
    """Return one run with the points of all parts, in their order.

    The start is that of the first part, with the uids of all (``parts``); the stop that of the last. What differs
    from part to part, such as a dark stream or the baseline, is there once for each.

    Raises
    ------
    DataError
        The parts do not record the same columns.
    """
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return first
    start = {**first.start, "parts": [one.uid for one in parts]}
    stop = None
    if last.stop is not None:
        counts: dict[str, int] = {}
        for one in parts:
            for name, number in ((one.stop or {}).get("num_events") or {}).items():
                counts[name] = counts.get(name, 0) + number
        stop = {**last.stop, "run_start": first.uid, "num_events": counts}
    names = list(dict.fromkeys(name for one in parts for name in one.streams))
    streams = {name: _stream(name, parts) for name in names}
    assets = [asset for one in parts for asset in one.assets]
    return dataclasses.replace(first, start=start, stop=stop, streams=streams, assets=assets)


def _stream(name: str, parts: Sequence[RunData]) -> Stream:
    having = [one for one in parts if name in one.streams and len(one.streams[name])]
    if not having:
        return next(one.streams[name] for one in parts if name in one.streams)
    first = having[0].streams[name]
    columns = dict(first.columns)
    for one in having[1:]:
        stream = one.streams[name]
        if stream.columns.keys() != first.columns.keys():
            other = ", ".join(sorted(stream.columns.keys() ^ first.columns.keys()))
            raise DataError(f"run {one.uid[:8]} goes on with run {having[0].uid[:8]}, but not both have {other}")
        columns = {key: column([*columns[key], *stream.columns[key]]) for key in columns}
    time = np.concatenate([one.streams[name].time for one in having])
    return dataclasses.replace(first, columns=columns, time=time)
