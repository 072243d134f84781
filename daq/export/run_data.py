"""A run in memory, straight from its journal, or from the catalogue where that is all there is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from daq.errors import DataError
from daq.export import external_rows
from daq.journal_reader import Document

ASSETS = ("resource", "datum", "stream_resource", "stream_datum")


@dataclass
class Stream:
    """One stream of events: columns by data key, and what the descriptor says of them.

    Attributes
    ----------
    name
        Such as ``primary``.
    keys
        What is said of each data key.
    columns
        The values by data key; of what lies in files of its own (`external`) at most the names.
    time
        POSIX time of each event.
    configuration
        What was not read at each event, by device.
    hints
        The fields that each device finds worth showing.
    """

    name: str
    keys: dict[str, dict[str, Any]]
    columns: dict[str, npt.NDArray[Any]]
    time: npt.NDArray[np.float64]
    configuration: dict[str, Any] = field(default_factory=dict)
    hints: dict[str, Any] = field(default_factory=dict)

    def unit(self, key: str) -> str:
        """Return the unit of a data key, or an empty string."""
        return str(self.keys.get(key, {}).get("units") or "")

    def external(self, key: str) -> bool:
        """Return whether the values lie in files that a detector wrote."""
        return bool(self.keys.get(key, {}).get("external"))

    def inner(self) -> dict[str, npt.NDArray[Any]]:
        """Return the columns whose values are here."""
        return {key: self.columns[key] for key in self.keys if key in self.columns and not self.external(key)}

    def __len__(self) -> int:
        return len(self.time)


@dataclass
class RunData:
    """The metadata and all the events of a run.

    Attributes
    ----------
    start, stop
        Its first and last document.
    streams
        By name.
    assets
        The documents that say which files the detectors wrote.
    configuration
        The facts of facility and beamline under which it was taken, if they are known.
    descriptors
        The names of the streams by the uids of their descriptors.
    """

    start: dict[str, Any]
    stop: dict[str, Any] | None
    streams: dict[str, Stream] = field(default_factory=dict)
    assets: list[Document] = field(default_factory=list)
    configuration: dict[str, Any] | None = None
    descriptors: dict[str, str] = field(default_factory=dict)

    @property
    def uid(self) -> str:
        """The uid of the run."""
        return str(self.start["uid"])

    @property
    def exit_status(self) -> str:
        """``success``, ``abort``, ``fail``, or ``running``."""
        return str(self.stop["exit_status"]) if self.stop else "running"

    def stream_of(self, resource: str) -> str:
        """Return the name of the stream whose values a stream resource holds: that of the points, if nothing says."""
        for kind, doc in self.assets:
            if kind == "stream_datum" and doc["stream_resource"] == resource:
                return self.descriptors.get(doc["descriptor"], "primary")
        return "primary"

    def primary(self) -> Stream:
        """Return the stream of the points; raise DataError if the run has none."""
        stream = self.streams.get("primary")
        if stream is None or not len(stream):
            raise DataError(f"run {self.uid[:8]} has no points: it is {self.exit_status}")
        return stream

    @classmethod
    def from_catalogue(cls, run: Any) -> Self:
        """Read all of a run, a Bluesky run client of the catalogue."""
        metadata = run.metadata
        data = cls(_plain(metadata["start"]), _plain(metadata.get("stop")))
        for name in run:
            stream = run[name]
            # a stream whose first event is still to come has no table yet
            # and frames are read where they are wanted, not all at once
            keys, there = stream.metadata["data_keys"], set(stream)
            inner = ["time", *(key for key in keys if key in there and not keys[key].get("external"))]
            table = stream.read(inner) if len(inner) > 1 else None
            columns = {} if table is None else {str(key): np.asarray(one) for key, one in table.data_vars.items()}
            time = np.asarray(table["time"], float) if table is not None and "time" in table else np.empty(0)
            about = _plain(stream.metadata)
            data.streams[name] = Stream(
                name, about["data_keys"], columns, time, about.get("configuration") or {}, about.get("hints") or {}
            )
        return data

    @classmethod
    def from_documents(cls, documents: list[Document]) -> Self:
        """Gather a run from its documents."""
        data = cls({}, None)
        rows: dict[str, list[dict[str, Any]]] = {}
        times: dict[str, list[float]] = {}
        names: dict[str, str] = {}
        for kind, doc in documents:
            if kind == "start":
                data.start = doc
            elif kind == "stop":
                data.stop = doc
            elif kind == "descriptor":
                names[doc["uid"]] = doc["name"]
                stream = Stream(doc["name"], doc["data_keys"], {}, np.empty(0))
                stream.configuration, stream.hints = doc.get("configuration") or {}, doc.get("hints") or {}
                data.streams.setdefault(doc["name"], stream)
            elif kind in ASSETS:
                data.assets.append((kind, doc))
            elif kind == "event":
                rows.setdefault(names[doc["descriptor"]], []).append(doc["data"])
                times.setdefault(names[doc["descriptor"]], []).append(doc["time"])
            elif kind == "event_page":
                columns = doc["data"]
                rows.setdefault(names[doc["descriptor"]], []).extend(
                    dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
                )
                times.setdefault(names[doc["descriptor"]], []).extend(doc["time"])
        if not data.start:
            raise DataError("there is no start document: this is no run")
        for name, taken in rows.items():
            stream = data.streams[name]
            stream.columns = {key: column([row[key] for row in taken]) for key in stream.keys if key in taken[0]}
            stream.time = np.asarray(times[name])
        data.descriptors = names
        external_rows.fill(data.streams, names, data.assets)
        return data


def column(values: list[Any]) -> npt.NDArray[Any]:
    """Return values as an array; where their lengths differ, an array of lists."""
    try:
        return np.asarray(values)
    except ValueError:
        ragged = np.empty(len(values), object)
        ragged[:] = values
        return ragged


def _plain(value: Any) -> Any:
    """Turn the read-only views that Tiled hands out into ordinary dictionaries and lists."""
    if hasattr(value, "items"):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple) or type(value).__name__ == "ListView":
        return [_plain(one) for one in value]
    return value
