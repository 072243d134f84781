"""What a viewer plots of a run that is no absorption spectrum: its signals against what was moved."""

from __future__ import annotations

import h5py
import numpy as np

from daq.export.nexus.values import field, group, name_of
from daq.export.run_data import RunData, Stream


def plot(entry: h5py.Group, instrument: h5py.Group, run: RunData) -> h5py.Group | None:
    """Write an NXdata; return None if there is nothing to plot."""
    primary = run.primary()
    numbers = {
        key: values
        for key, values in primary.inner().items()
        if values.ndim == 1 and values.dtype.kind in "fiub" and len(values) == len(primary)
    }
    moved = [key for key in _moved(run) if key in numbers]
    hinted = [key for key in _hinted(primary) if key in numbers and key not in moved]
    signals = hinted or [key for key in numbers if key not in moved]
    images = [name for name in instrument if instrument[name].attrs.get("NX_class") == "NXdetector"]
    if not signals and not images:
        return None
    data = group(entry, "data", "NXdata")
    if not signals:
        data["images"] = h5py.SoftLink(f"{instrument.name}/{images[0]}/data")
        data.attrs["signal"] = "images"
        return data
    axis = moved[0] if moved else "time"
    values = numbers[axis] if moved else primary.time - run.start["time"]
    unit = primary.unit(axis) if moved else "s"
    scale = field(data, name_of(axis), np.asarray(values), unit)
    scale.make_scale(name_of(axis))
    for key in [*moved[1:], *signals]:
        field(data, name_of(key), numbers[key], primary.unit(key)).dims[0].attach_scale(scale)
    data.attrs["signal"] = name_of(signals[0])
    data.attrs["axes"] = [name_of(axis)]
    for key in [axis, *moved[1:]]:
        data.attrs[f"{name_of(key)}_indices"] = np.array([0])
    if signals[1:]:
        data.attrs["auxiliary_signals"] = [name_of(key) for key in signals[1:]]
    return data


def _moved(run: RunData) -> list[str]:
    """Return the fields that the plan says it moves, then the devices that it names."""
    hints = run.start.get("hints")
    dimensions = hints.get("dimensions", []) if isinstance(hints, dict) else []
    fields = [key for keys, stream in dimensions if stream == "primary" for key in keys]
    return list(dict.fromkeys([*fields, *(str(one) for one in run.start.get("motors") or ())]))


def _hinted(stream: Stream) -> list[str]:
    return [key for one in stream.hints.values() for key in (one or {}).get("fields", [])]
