"""The settings of records over a reboot: saved and restored (autosave), or back to those of the start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from ioc_sim.memory import Kept, Memory


@runtime_checkable
class Saved(Protocol):
    """A record, or a group of channels, with settings."""

    def saved(self) -> Kept:
        """Return its settings."""
        ...

    def restore(self, kept: Kept | None) -> None:
        """Take its settings up again; None if they are lost."""
        ...


def saved(groups: Mapping[str, Any]) -> Kept:
    """Return the settings of all that have some, by name."""
    return {name: group.saved() for name, group in groups.items() if isinstance(group, Saved)}


def restore(groups: Mapping[str, Any], memory: Memory) -> None:
    """Let each take its settings up again, or know that they are lost."""
    for name, group in groups.items():
        if isinstance(group, Saved):
            group.restore(memory.settings.get(name) if memory.autosave else None)
