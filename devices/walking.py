"""While a plan is only looked through, nothing may move: also not by a plan that moves without a message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from devices.errors import NotPermitted

_WALKING = ContextVar("walking", default=False)


@contextmanager
def walking() -> Iterator[None]:
    """Within this, what would move or write raises NotPermitted instead."""
    token = _WALKING.set(True)
    try:
        yield
    finally:
        _WALKING.reset(token)


def refuse_while_walking(name: str) -> None:
    """Raise NotPermitted if a plan is only being looked through."""
    if _WALKING.get():
        raise NotPermitted(f"{name}: the plan moves or writes by itself, not by a message: it cannot be checked ahead")
