"""Settings that are kept, with a readback that follows at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ioc_sim.channels import Enum, Put


def keep() -> Put:
    """Return what a put of a setting does that counts from the next use on: nothing."""

    async def put(_: Any) -> None:
        """Do nothing."""

    return put


def follow(readback: Any) -> Put:
    """Return what a put of a setting does: its readback follows."""

    async def put(value: Any) -> None:
        readback.update(value)

    return put


def menu(start: str, strings: Sequence[str]) -> tuple[Enum, Enum]:
    """Return a menu and its readback."""
    readback = Enum(start, strings)
    return Enum(start, strings, on_put=follow(readback)), readback
