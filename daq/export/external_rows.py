"""Rows that a flight left in the columns of HDF5 files: taken into the tables of a run, where an export needs them."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from daq.errors import DataError

if TYPE_CHECKING:
    from daq.export.run_data import Stream

HDF5 = "application/x-hdf5"
TIMES = "_timestamp"


def fill(
    streams: Mapping[str, Stream], names: Mapping[str, str], assets: Sequence[tuple[str, Mapping[str, Any]]]
) -> None:
    """Read the external columns of one number a row; images stay where they are.

    Parameters
    ----------
    streams
        Of the run; those without events of their own are filled.
    names
        Of the streams, by the uids of their descriptors.
    assets
        The documents that say which files there are, in their order.

    Raises
    ------
    DataError
        If a file is gone, or holds fewer rows than the documents say.
    """
    resources = {doc["uid"]: doc for kind, doc in assets if kind == "stream_resource"}
    parts: dict[tuple[str, str], dict[str, int]] = {}
    for kind, doc in assets:
        if kind != "stream_datum" or doc["descriptor"] not in names:
            continue
        resource = resources.get(doc["stream_resource"])
        stream = names[doc["descriptor"]]
        if resource is None or resource["mimetype"] != HDF5 or len(streams[stream]):
            continue
        if streams[stream].keys.get(resource["data_key"], {}).get("shape") == []:
            rows = parts.setdefault((stream, resource["data_key"]), {})
            rows[doc["stream_resource"]] = max(rows.get(doc["stream_resource"], 0), int(doc["indices"]["stop"]))
    for (stream, key), rows in parts.items():
        columns = [_column(resources[uid], number) for uid, number in rows.items()]
        streams[stream].columns[key] = np.concatenate(columns)
        streams[stream].keys[key] = {name: one for name, one in streams[stream].keys[key].items() if name != "external"}
    for stream in {stream for stream, _ in parts}:
        streams[stream].time = _times(streams[stream])


def _column(resource: Mapping[str, Any], rows: int) -> npt.NDArray[np.float64]:
    import h5py

    path = Path(urllib.parse.unquote(urllib.parse.urlparse(resource["uri"]).path))
    dataset = resource["parameters"]["dataset"]
    try:
        with h5py.File(path, "r", swmr=True, libver="latest") as file:
            found: npt.NDArray[np.float64] = np.asarray(file[dataset][:rows], dtype=np.float64)  # pyright: ignore[reportIndexIssue]
    except (OSError, KeyError) as error:
        raise DataError(f"{path}: the rows of {resource['data_key']} cannot be read: {error}") from error
    if len(found) < rows:
        raise DataError(f"{path}: holds {len(found)} of {rows} rows of {resource['data_key']}")
    return found


def _times(stream: Stream) -> npt.NDArray[np.float64]:
    """Return the POSIX time of each row; numbers of rows where there is none."""
    for key, column in stream.columns.items():
        if key.endswith(TIMES):
            return column
    return np.arange(len(next(iter(stream.columns.values()))), dtype=np.float64)
