"""The documents by which a catalogue finds rows that grow in columns of one HDF5 file."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Document = tuple[str, dict[str, Any]]

MIMETYPE = "application/x-hdf5"
CHUNK_ROWS = 8192
WHERE = "/entry/data"


class RowDocuments:
    """Composes the documents of one flyer: each column is announced once, its rows as they come."""

    def __init__(self) -> None:
        self._file = ""
        self._resources: dict[str, str] = {}
        self._columns: dict[str, str] = {}
        self.rows = 0
        """Rows that were announced."""

    def begin(self) -> None:
        """Forget the file: what comes next is in another one."""
        self._file, self._resources, self._columns, self.rows = "", {}, {}, 0

    @property
    def path(self) -> str:
        """The file; empty before there is one."""
        return self._file

    @property
    def columns(self) -> dict[str, str]:
        """The columns that are announced, by data key; empty before there are any."""
        return dict(self._columns)

    def take(self, path: str, columns: Mapping[str, str]) -> None:
        """Take note of the file, and of the columns in it by data key."""
        self._file, self._columns = path, dict(columns)

    def collect(self, rows: int) -> Iterator[Document]:
        """Yield what was not announced yet of `rows` rows."""
        if not self._file or rows <= self.rows:
            return
        if not self._resources:
            for key, column in self._columns.items():
                self._resources[key] = str(uuid.uuid4())
                yield "stream_resource", self._resource(key, column)
        for resource in self._resources.values():
            yield (
                "stream_datum",
                {
                    "uid": f"{resource}/{self.rows}",
                    "stream_resource": resource,
                    "descriptor": "",
                    "indices": {"start": self.rows, "stop": rows},
                    "seq_nums": {"start": 0, "stop": 0},
                },
            )
        self.rows = rows

    def _resource(self, key: str, column: str) -> dict[str, Any]:
        return {
            "uid": self._resources[key],
            "data_key": key,
            "mimetype": MIMETYPE,
            "uri": Path(self._file).as_uri().replace("file:///", "file://localhost/", 1),
            "parameters": {"dataset": f"{WHERE}/{column}", "swmr": True, "chunk_shape": [CHUNK_ROWS]},
            "run_start": "",
        }


def rows_in(path: str, column: str = "gate") -> int:
    """Return how many rows a file holds, which may still be open at its writer; 0 if it is not there."""
    import h5py

    try:
        with h5py.File(Path(path), "r", swmr=True, libver="latest") as file:
            return int(file[f"{WHERE}/{column}"].shape[0])  # pyright: ignore[reportAttributeAccessIssue]
    except (OSError, KeyError, AttributeError):
        return 0
