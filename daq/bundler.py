"""Bluesky's bundler, which makes the documents of a run, without asking a JSON schema about each event.

What the schema of events says is little: two objects, a number, three strings and a count. The general validator takes
as long to find that true as the rest of making the event does. Here it is looked at directly; whatever is not plainly
right goes to the validator, which says what is wrong.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bluesky.bundlers import RunBundler
from bluesky.run_engine import RunEngine

_PARTS = ("data", "timestamps", "filled")


class PlainEvents:
    """Makes the events of one stream as `event_model.ComposeEvent` does, and asks the validator where it must.

    Parameters
    ----------
    compose
        Event-model's own.
    data_keys
        Of the stream's descriptor.
    """

    def __init__(self, compose: Any, data_keys: dict[str, Any]) -> None:
        self._compose = compose
        self._keys = {key for key, said in data_keys.items() if said.get("external") != "STREAM:"}

    def __call__(self, **parts: Any) -> Any:
        """Return the event."""
        return self._compose(**parts, validate=not self.plainly_right(parts))

    def plainly_right(self, parts: dict[str, Any]) -> bool:
        """Say whether nothing can be wrong with data, timestamps and what is filled; all else event-model makes."""
        if any(type(parts.get(part)) is not dict for part in _PARTS) or len(parts) != len(_PARTS):
            return False
        data, timestamps, filled = (parts[part] for part in _PARTS)
        return (
            data.keys() == self._keys
            and timestamps.keys() == self._keys
            and all(type(one) is bool for one in filled.values())
        )


class Bundler(RunBundler):
    """Makes the documents of one run."""

    async def _prepare_stream(self, desc_key: Any, objs_dks: Any) -> Any:
        _, _, objects = await super()._prepare_stream(desc_key, objs_dks)
        bundle = self._descriptors[desc_key]
        plain: Any = PlainEvents(bundle.compose_event, bundle.descriptor_doc["data_keys"])
        self._descriptors[desc_key] = bundle = replace(bundle, compose_event=plain)
        return bundle.descriptor_doc, plain, objects


class Engine(RunEngine):
    """A run engine whose runs are bundled as above."""

    RunBundler = Bundler
