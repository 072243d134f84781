"""What of devices outlives their server.

- Their world, always: where mechanics stands, how many exposures there were.
- Their settings where they were saved (autosave); otherwise they are back to those of the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from ioc_sim.channels import Channel, at_once
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


@runtime_checkable
class Lasting(Protocol):
    """A device with hardware behind it."""

    def lasting(self) -> Any:
        """Return where it stands, in the form of JSON."""
        ...

    def set_lasting(self, kept: Any, /) -> None:
        """Put new hardware there."""
        ...


def values_of(channels: Mapping[str, Channel]) -> Kept:
    """Return the settings that are plain channels, by name."""
    return {name: channel.value for name, channel in channels.items()}


def put_back(channels: Mapping[str, Channel], kept: Kept | None) -> None:
    """Put saved settings, as a client would; their puts must not wait."""
    for name, value in (kept or {}).items():
        at_once(channels[name].write(value))


def world(groups: Mapping[str, Any]) -> Kept:
    """Return where the hardware of all that have some stands, by name."""
    return {name: group.lasting() for name, group in groups.items() if isinstance(group, Lasting)}


def set_world(groups: Mapping[str, Any], world: Kept) -> None:
    """Put all hardware where it stood."""
    for name, kept in world.items():
        groups[name].set_lasting(kept)


def saved(groups: Mapping[str, Any]) -> Kept:
    """Return the settings of all that have some, by name."""
    return {name: group.saved() for name, group in groups.items() if isinstance(group, Saved)}


def restore(groups: Mapping[str, Any], memory: Memory) -> None:
    """Let each take its settings up again, or know that they are lost."""
    for name, group in groups.items():
        if isinstance(group, Saved):
            group.restore(memory.settings.get(name) if memory.autosave else None)
