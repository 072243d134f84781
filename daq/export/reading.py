"""A run read back from a NeXus file that was exported: all that an analysis has that is given nothing but the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from daq.errors import DataError
from daq.export.nexus.values import name_of
from daq.export.run_data import RunData, Stream


def read_nexus(path: str | Path) -> RunData:
    """Return the run in a file that `daq.export.export` wrote.

    Raises
    ------
    DataError
        If there is no such file, or it is no run that was exported from here.
    """
    path = Path(path).expanduser()
    try:
        with h5py.File(path, "r") as file:
            return _run(file["entry"])
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path}: holds no run that was exported as NeXus: {error}") from error


def _run(entry: Any) -> RunData:
    record = json.loads(entry["run/record_json"].asstr()[()])
    run = RunData(record["start"], record["stop"], configuration=record["configuration"])
    for name, about in record["streams"].items():
        place, keys = entry["streams"][name_of(name)], about["data_keys"]
        columns = {key: _values(place[_column(key)]) for key in keys if _column(key) in place}
        time = np.asarray(place["time"], float)
        run.streams[name] = Stream(name, keys, columns, time, about["configuration"] or {}, about["hints"] or {})
    return run


def _column(key: str) -> str:
    name = name_of(key)
    return "time_" if name == "time" else name


def _values(dataset: Any) -> Any:
    return dataset.asstr()[()] if h5py.check_string_dtype(dataset.dtype) else dataset[()]
