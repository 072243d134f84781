"""Writing values into HDF5 the way NeXus wants them: classes, units, text, numbers of any size."""

from __future__ import annotations

import json
import re
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from daq.export.record import sayable

TEXT = h5py.string_dtype()
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.]")


def name_of(key: str) -> str:
    """Return `key` as a name that NeXus allows."""
    name = _NOT_IN_NAMES.sub("_", key) or "_"
    return f"_{name}" if name[0] == "." else name


def group(parent: h5py.Group, name: str, nexus_class: str) -> h5py.Group:
    """Make a group of a NeXus class."""
    made = parent.create_group(name, track_order=True)
    made.attrs["NX_class"] = nexus_class
    return made


def field(parent: h5py.Group, name: str, value: Any, unit: str = "", **attributes: str) -> h5py.Dataset:
    """Write one value: text, number, truth, array; whatever else as JSON."""
    if isinstance(value, np.ndarray):
        made = _array(parent, name, value)
    elif isinstance(value, str):
        made = parent.create_dataset(name, data=value, dtype=TEXT)
    elif isinstance(value, bool | float | np.generic) or (isinstance(value, int) and abs(value) < 2**63):
        made = parent.create_dataset(name, data=value)
    else:
        made = parent.create_dataset(name, data=json.dumps(sayable(value)), dtype=TEXT)
    if unit:
        made.attrs["units"] = unit
    for key, text in attributes.items():
        made.attrs[key] = text
    return made


def _array(parent: h5py.Group, name: str, value: npt.NDArray[Any]) -> h5py.Dataset:
    if value.dtype.kind in "US":
        return parent.create_dataset(name, data=value.astype(object), dtype=TEXT)
    if value.dtype.kind == "O":
        texts = [one if isinstance(one, str) else json.dumps(sayable(one)) for one in value.ravel()]
        return parent.create_dataset(name, data=np.array(texts, object).reshape(value.shape), dtype=TEXT)
    large = value.ndim > 1 and value.size > 4096
    return parent.create_dataset(name, data=value, compression="gzip" if large else None, shuffle=large)
