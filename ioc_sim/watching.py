"""Channels that tell others in the same server that they were published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from beam.errors import UnknownName


class Watched:
    """A channel with watchers: called after each of its values is out, within the same turn of the event loop."""

    watchers: tuple[Callable[[], None], ...] = ()

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call this from now on."""
        self.watchers = (*self.watchers, watcher)


def find(channels: Mapping[str, Any], pv: str) -> Any:
    """Return the channel of a PV or of a record's field; UnknownName with the nearest names if there is none."""
    if pv in channels:
        return channels[pv]
    name, _, field = pv.rpartition(".")
    try:
        return channels[name].get_field(field)
    except (KeyError, AttributeError):
        raise UnknownName("PV", pv, channels) from None
