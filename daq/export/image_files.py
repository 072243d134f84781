"""In which files the images of a run lie, by stream: dark frames are not those of the sample."""

from __future__ import annotations

import urllib.parse
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from daq.export.run_data import RunData

HDF5_SPECS = {"AD_HDF5": "/entry/data/data", "AD_HDF5_SWMR": "/entry/data/data"}
"""Where the frames are in the files of older documents."""


class File(NamedTuple):
    """One file of a detector; `dataset` is empty where it is not known to be HDF5."""

    path: str
    dataset: str
    about: str


def files_of(run: RunData, key: str, stream: str = "primary") -> list[File]:
    """Return the files that hold the values of a data key in a stream, in the order in which they were announced."""
    named = _resources_of(run, key, stream)
    found: list[File] = []
    for kind, doc in run.assets:
        if kind == "stream_resource" and doc.get("data_key") == key and run.stream_of(doc["uid"]) == stream:
            found.append(_streamed(doc))
        elif kind == "resource" and doc["uid"] in named:
            path = PurePosixPath(doc.get("root") or "/") / doc["resource_path"]
            found.append(File(str(path), HDF5_SPECS.get(doc["spec"], ""), doc["spec"]))
    return found


def rows_of(run: RunData, key: str, stream: str = "primary") -> list[int]:
    """Return how many rows of a data key the run has in each of its streamed files, in the order of `files_of`."""
    rows = {doc["uid"]: 0 for kind, doc in run.assets if kind == "stream_resource" and doc.get("data_key") == key}
    for kind, doc in run.assets:
        if kind == "stream_datum" and doc["stream_resource"] in rows:
            rows[doc["stream_resource"]] = max(rows[doc["stream_resource"]], int(doc["indices"]["stop"]))
    return [number for uid, number in rows.items() if run.stream_of(uid) == stream]


def _resources_of(run: RunData, key: str, stream: str) -> set[str]:
    """Return the uids of the resources that the events' data name for this key."""
    column = run.streams[stream].columns.get(key) if stream in run.streams else None
    ids = set() if column is None else {str(one) for one in column.ravel()}
    return {str(doc["resource"]) for kind, doc in run.assets if kind == "datum" and doc["datum_id"] in ids}


def _streamed(doc: dict[str, Any]) -> File:
    path = urllib.parse.unquote(urllib.parse.urlparse(doc["uri"]).path)
    parameters = doc.get("parameters") or {}
    hdf5 = doc.get("mimetype") == "application/x-hdf5"
    return File(path, str(parameters.get("dataset") or parameters.get("path") or "") if hdf5 else "", doc["mimetype"])
