"""The documents by which a catalogue finds the rows of a detector that a gate unit triggers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from devices.row_documents import Document, RowDocuments

__all__ = ["Column", "Document", "GatedDocuments"]


class Column(NamedTuple):
    """Where something is in a file: the dataset, and how many rows a chunk of it has."""

    dataset: str
    chunk_rows: int


class GatedDocuments:
    """Composes the documents of one detector: each dataset is announced once for a file, its rows as they come."""

    def __init__(self) -> None:
        self._documents = RowDocuments()
        self._places: dict[str, Column] = {}

    def begin(self) -> None:
        """Forget the file: what comes next is in another one."""
        self._documents.begin()

    def take(self, path: str, columns: Mapping[str, Column]) -> None:
        """Take note of the file, and of what is in it by data key."""
        self._places = dict(columns)
        self._documents.take(path, {key: key for key in columns})

    @property
    def rows(self) -> int:
        """Rows that were announced of this file."""
        return self._documents.rows

    @property
    def path(self) -> str:
        """The file."""
        return self._documents.path

    def collect(self, rows: int) -> Iterator[Document]:
        """Yield what was not announced yet of `rows` rows."""
        for kind, doc in self._documents.collect(rows):
            yield kind, self._placed(doc) if kind == "stream_resource" else doc

    def _placed(self, doc: dict[str, Any]) -> dict[str, Any]:
        place = self._places[doc["data_key"]]
        parameters = {"dataset": place.dataset, "swmr": True, "chunk_shape": [place.chunk_rows]}
        return {**doc, "parameters": parameters}
