"""Writes the documents of one run into Tiled, a part at a time if the run still goes on."""

from __future__ import annotations

import logging
import os
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bluesky_tiled_plugins.writing.tiled_writer import RunNormalizer, _RunWriter

JSON_SAFE = 2**53 - 1
ASSETS = ("stream_resource", "stream_datum")
log = logging.getLogger(__name__)


class RunWriter:
    """Writes one run through Tiled's own writer, which keeps rows in memory until the run stops.

    `flush` writes the rows that there are, so that a long run can be read while it goes on. Files of detectors are
    left out unless they lie below one of `readable`.
    """

    def __init__(self, client: Any, readable: Sequence[Path] = ()) -> None:
        self._readable = readable
        self._left_out: set[str] = set()
        self._data_keys: dict[str, dict[str, Any]] = {}
        patches: dict[str, Callable[[Any], Any]] = {
            "start": _sayable,
            "stop": _sayable,
            "descriptor": self._descriptor,
            "event": self._event,
        }
        self._rows = _RowWriter(client)
        self._normalise = RunNormalizer(patches=patches)
        self._normalise.subscribe(self._rows)

    def __call__(self, name: str, doc: dict[str, Any]) -> None:
        """Take one document."""
        if name == "stream_resource" and not self._may_be_read(doc["uri"]):
            log.warning("%s is left out: it lies where the catalogue may not read (TERASU_DETECTOR_FILES)", doc["uri"])
            self._left_out.add(doc["uid"])
        if self._left_out and (name in ASSETS and self._left_out & {doc["uid"], doc.get("stream_resource")}):
            return
        self._normalise(name, doc)  # type: ignore[arg-type]

    def flush(self) -> None:
        """Write the rows that are kept in memory."""
        self._rows.flush()

    def _may_be_read(self, uri: str) -> bool:
        """Return whether a file lies where the catalogue may read; Tiled would refuse the whole run otherwise."""
        parts = urllib.parse.urlparse(uri)
        path = Path(os.path.normpath(urllib.parse.unquote(parts.path)))
        return parts.scheme != "file" or any(path.is_relative_to(one) for one in self._readable)

    def _descriptor(self, doc: dict[str, Any]) -> dict[str, Any]:
        self._data_keys[doc["uid"]] = doc["data_keys"]
        if "configuration" in doc:
            doc["configuration"] = {
                name: {**one, "data": _sayable(one.get("data", {}))} for name, one in doc["configuration"].items()
            }
        return doc

    def _event(self, doc: dict[str, Any]) -> dict[str, Any]:
        """Give each value the type that its descriptor declares, so that all parts of a column fit together."""
        keys = self._data_keys[doc["descriptor"]]
        doc["data"] = {name: _typed(value, keys.get(name, {}).get("dtype")) for name, value in doc["data"].items()}
        doc["timestamps"] = {name: float(value) for name, value in doc["timestamps"].items()}
        return doc


class _RowWriter(_RunWriter):
    def _close_stream_tree(self) -> None:
        """Leave out a request per node: without subscribers there is nothing to close."""

    def get_sres_node(self, sres_uid: str, desc_uid: str | None = None) -> Any:
        node, consolidator = super().get_sres_node(sres_uid, desc_uid)
        if not isinstance(consolidator._seqnums_to_indices_map, _Count):  # noqa: SLF001
            consolidator._seqnums_to_indices_map = _Count()  # noqa: SLF001  # pyright: ignore[reportAttributeAccessIssue]
        return node, consolidator

    def flush(self) -> None:
        for stream, rows in self._internal_data_cache.items():
            if rows:
                self._write_internal_data(rows, desc_node=self._desc_nodes[stream])
                rows.clear()
        for row in self._external_data_cache.values():
            self._write_external_data(row)
        self._external_data_cache.clear()


class _Count:
    """Takes the place of a consolidator's map from events to rows, of which nothing but its length is ever asked.

    It would hold two numbers for each row of each column of a flight.
    """

    def __init__(self) -> None:
        self._rows = 0

    def update(self, more: Mapping[int, int]) -> None:
        self._rows += len(more)

    def __len__(self) -> int:
        return self._rows


def _typed(value: Any, dtype: str | None) -> Any:
    if dtype == "number" and isinstance(value, int):
        return float(value)
    if dtype == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return float(value)  # no column of a table is wider; the journal keeps every digit
    return value


def _sayable(value: Any) -> Any:
    """Turn numbers that Tiled would clip or drop from metadata (beyond 2**53, NaN, infinite) into their text."""
    if isinstance(value, dict):
        return {key: _sayable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_sayable(one) for one in value]
    if isinstance(value, int | float) and not -JSON_SAFE <= value <= JSON_SAFE:
        return str(value)
    return value
