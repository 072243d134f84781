"""A run in memory, whether it came from the catalogue or straight from its journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from daq.errors import DataError
from daq.journal_reader import Document


@dataclass
class Stream:
    """One stream of events: columns by data key, and what the descriptor says of them."""

    name: str
    keys: dict[str, dict[str, Any]]
    columns: dict[str, npt.NDArray[Any]]
    time: npt.NDArray[np.float64]

    def unit(self, key: str) -> str:
        """Return the unit of a data key, or an empty string."""
        return str(self.keys.get(key, {}).get("units") or "")

    def __len__(self) -> int:
        return len(self.time)


@dataclass
class RunData:
    """The metadata and all the events of a run."""

    start: dict[str, Any]
    stop: dict[str, Any] | None
    streams: dict[str, Stream] = field(default_factory=dict)

    @property
    def uid(self) -> str:
        """The uid of the run."""
        return str(self.start["uid"])

    @property
    def exit_status(self) -> str:
        """``success``, ``abort``, ``fail``, or ``running``."""
        return str(self.stop["exit_status"]) if self.stop else "running"

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
            table = stream.read() if list(stream) else None
            columns = {} if table is None else {str(key): np.asarray(one) for key, one in table.data_vars.items()}
            time = np.asarray(table["time"], float) if table is not None and "time" in table else np.empty(0)
            data.streams[name] = Stream(name, _plain(stream.metadata["data_keys"]), columns, time)
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
                data.streams.setdefault(doc["name"], Stream(doc["name"], doc["data_keys"], {}, np.empty(0)))
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
            stream.columns = {key: np.asarray([row[key] for row in taken]) for key in stream.keys if key in taken[0]}
            stream.time = np.asarray(times[name])
        return data


def _plain(value: Any) -> Any:
    """Turn the read-only views that Tiled hands out into ordinary dictionaries and lists."""
    if hasattr(value, "items"):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple) or type(value).__name__ == "ListView":
        return [_plain(one) for one in value]
    return value
