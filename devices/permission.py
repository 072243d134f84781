"""Whether this process may move anything: asked before each motion and each write; the session answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Ask = Callable[[str, Any], None]
"""Takes the name of a device and what it shall do; raises what forbids it."""

_asked: list[Ask] = []


def require(ask: Ask) -> Callable[[], None]:
    """Have `ask` called before each motion from now on; return what ends that."""
    _asked.append(ask)
    return lambda: _asked.remove(ask)


def refuse_without_permission(name: str, value: Any) -> None:
    """Raise what the session forbids `name` with."""
    for ask in _asked:
        ask(name, value)
