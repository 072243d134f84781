"""How many rows a flight has announced: each of its columns is announced by itself, and all columns alike."""

from __future__ import annotations

from typing import Any


class FlownRows:
    """Counts rows of streams that have no events of their own."""

    def __init__(self) -> None:
        self.number = 0
        self._last: dict[str, int] = {}  # by descriptor

    def described(self, descriptor: Any) -> None:
        """Take note of a stream whose columns all lie in files."""
        keys = descriptor.get("data_keys") or {}
        if keys and all(key.get("external") for key in keys.values()):
            self._last[descriptor["uid"]] = 0

    def more(self, datum: Any) -> int:
        """Return how many rows more a ``stream_datum`` announces; 0 for a column that is not the first."""
        uid, last = datum["descriptor"], int(datum["seq_nums"]["stop"])
        if last <= self._last.get(uid, last):
            return 0
        rows = int(datum["indices"]["stop"] - datum["indices"]["start"])
        self._last[uid] = last
        self.number += rows
        return rows
