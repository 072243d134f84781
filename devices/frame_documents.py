"""The documents by which a catalogue finds the frames that a detector wrote to files of its own.

Each file is announced once (``stream_resource``), each trigger's frames in it as one row (``stream_datum``). A reader
takes the rows of a file in their order, so a file must hold nothing but rows that belong to events. The run engine
enters the descriptor into a ``stream_datum`` when it emits it: that tells whether the row found its event.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Document = tuple[str, dict[str, Any]]

MIMETYPE = "application/x-hdf5"


class FrameDocuments:
    """Composes the documents of one detector.

    Parameters
    ----------
    data_key
        Under which its frames are in the events' stream.
    dataset
        Where they are in each file.
    swmr
        Whether a file can be read while it is written.
    """

    def __init__(self, data_key: str, dataset: str, *, swmr: bool) -> None:
        self.data_key, self.dataset, self.swmr = data_key, dataset, swmr
        self._waiting: list[Document] = []
        self._file = ""
        self._resource = ""
        self._rows = 0
        self._last: dict[str, Any] | None = None

    def begin(self) -> None:
        """Forget the file: what comes next is in another one."""
        self._waiting.clear()
        self._file, self._rows, self._last = "", 0, None

    @property
    def rows(self) -> int:
        """The rows of this file that were announced."""
        return self._rows

    @property
    def stray(self) -> bool:
        """Whether the last row of the file belongs to no event: it was not read, or its point was dropped."""
        return self._last is not None and not self._last["descriptor"]

    def wrote(self, path: str) -> None:
        """Announce one more row in a file."""
        if path != self._file:
            self.begin()
            self._file, self._resource = path, str(uuid.uuid4())
            self._waiting.append(("stream_resource", self._resource_document()))
        row = {"start": self._rows, "stop": self._rows + 1}
        self._last = {
            "uid": f"{self._resource}/{self._rows}",
            "stream_resource": self._resource,
            "descriptor": "",
            "indices": row,
            "seq_nums": {"start": 0, "stop": 0},
        }
        self._rows += 1
        self._waiting.append(("stream_datum", self._last))

    def collect(self) -> Iterator[Document]:
        """Yield what was not collected yet."""
        waiting, self._waiting = self._waiting, []
        yield from waiting

    def _resource_document(self) -> dict[str, Any]:
        return {
            "uid": self._resource,
            "data_key": self.data_key,
            "mimetype": MIMETYPE,
            "uri": Path(self._file).as_uri().replace("file:///", "file://localhost/", 1),
            "parameters": {"dataset": self.dataset, "swmr": self.swmr, "chunk_shape": [1]},
            "run_start": "",
        }
