"""Images lie in files that the detectors' own servers wrote; a NeXus file links to them, by their full path."""

from __future__ import annotations

import urllib.parse
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import h5py

from daq.export.nexus.values import field, group, name_of
from daq.export.run_data import RunData

HDF5_SPECS = {"AD_HDF5": "/entry/data/data", "AD_HDF5_SWMR": "/entry/data/data"}
"""Where the frames are in the files of older documents."""


class File(NamedTuple):
    """One file of a detector; `dataset` is empty where it is not known to be HDF5."""

    path: str
    dataset: str
    about: str


def link_images(instrument: h5py.Group, run: RunData) -> None:
    """Make an NXdetector for each data key whose values lie in files: ``data``, then ``data_2`` … for each file."""
    primary = run.primary()
    for key in primary.keys:
        if not primary.external(key):
            continue
        detector = group(instrument, name_of(key), "NXdetector")
        field(detector, "local_name", key)
        for number, file in enumerate(_files(run, key), 1):
            suffix = "" if number == 1 else f"_{number}"
            field(detector, f"file{suffix}", file.path, format=file.about)
            if file.dataset:
                detector[f"data{suffix}"] = h5py.ExternalLink(file.path, file.dataset)


def _files(run: RunData, key: str) -> list[File]:
    """Return the files that hold the values of a data key, in the order in which they were announced."""
    named = _resources_of(run, key)
    found: list[File] = []
    for kind, doc in run.assets:
        if kind == "stream_resource" and doc.get("data_key") == key:
            found.append(_streamed(doc))
        elif kind == "resource" and doc["uid"] in named:
            path = PurePosixPath(doc.get("root") or "/") / doc["resource_path"]
            found.append(File(str(path), HDF5_SPECS.get(doc["spec"], ""), doc["spec"]))
    return found


def _resources_of(run: RunData, key: str) -> set[str]:
    """Return the uids of the resources that the events' data name for this key."""
    column = run.primary().columns.get(key)
    ids = set() if column is None else {str(one) for one in column.ravel()}
    return {str(doc["resource"]) for kind, doc in run.assets if kind == "datum" and doc["datum_id"] in ids}


def _streamed(doc: dict[str, Any]) -> File:
    path = urllib.parse.unquote(urllib.parse.urlparse(doc["uri"]).path)
    parameters = doc.get("parameters") or {}
    hdf5 = doc.get("mimetype") == "application/x-hdf5"
    return File(path, str(parameters.get("dataset") or parameters.get("path") or "") if hdf5 else "", doc["mimetype"])
