"""What a run recorded, for plans that decide by what they measured.

A plan that listened to its own messages would also hear of points that were spoiled and taken again: what counts is
what became a document.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from bluesky.utils import Msg, MsgGenerator

Floats = npt.NDArray[np.float64]


class NothingRecorded(LookupError):
    """No event with what is asked for; so it is while a plan is only looked through."""


class Recorded:
    """A document callback that keeps the events of one run."""

    def __init__(self) -> None:
        self.uid: str | None = None
        self._streams: dict[str, str] = {}
        self._events: dict[str, list[dict[str, Any]]] = {}

    def __call__(self, name: str, doc: Any) -> None:
        """Take a document."""
        if name == "start":
            self.uid, self._streams, self._events = doc["uid"], {}, {}
        elif name == "descriptor":
            self._streams[doc["uid"]] = doc["name"]
        elif name == "event":
            self._events.setdefault(self._streams[doc["descriptor"]], []).append(doc["data"])

    def column(self, key: str, stream: str = "primary") -> Floats:
        """Return the values of `key`, shape (events,); raise NothingRecorded where there are none."""
        values = [one[key] for one in self._events.get(stream, ()) if key in one]
        if not values:
            raise NothingRecorded(f"{key} of {stream} is not measured yet")
        return np.asarray(values, float)

    def has(self, key: str, stream: str = "primary") -> bool:
        """Say whether the stream has such values."""
        return any(key in one for one in self._events.get(stream, ()))


def recording(plan: MsgGenerator[Any], recorded: Recorded) -> MsgGenerator[Any]:
    """Do `plan`, while `recorded` listens."""
    token = yield Msg("subscribe", None, recorded, "all")
    try:
        return (yield from plan)
    finally:
        yield Msg("unsubscribe", None, token=token)
