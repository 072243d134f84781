"""What the run engine itself has to say in a run: one event of a stream that no device is behind."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar

from bluesky.utils import Msg, MsgGenerator

TYPES: dict[type, tuple[str, str | None]] = {
    str: ("string", None),
    int: ("integer", "<i8"),
    float: ("number", "<f8"),
}


class Note:
    """A reading whose values are said rather than measured.

    Parameters
    ----------
    name
        Of the stream; each key begins with `prefix`.
    units
        Of the keys that have one.
    """

    parent = None
    hints: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, name: str, prefix: str, units: Mapping[str, str] | None = None) -> None:
        self.name, self._prefix, self._units = name, prefix, dict(units or {})
        self._values: dict[str, Any] = {}
        self._when = 0.0

    def say(self, run: Any, **values: Any) -> MsgGenerator[None]:
        """Record one event in the run called `run`, which must not be in the middle of another."""
        self._values, self._when = values, time.time()
        yield Msg("create", None, name=self.name, run=run)
        yield Msg("read", self, run=run)
        yield Msg("save", run=run)

    def read(self) -> dict[str, Any]:
        """Return the reading."""
        return {
            f"{self._prefix}_{key}": {"value": value, "timestamp": self._when} for key, value in self._values.items()
        }

    def describe(self) -> dict[str, Any]:
        """Return the data keys."""
        keys: dict[str, Any] = {}
        for key, value in self._values.items():
            dtype, numpy = TYPES[type(value)]
            one: dict[str, Any] = {"source": "run engine", "dtype": dtype, "shape": []}
            one |= {"dtype_numpy": numpy} if numpy else {}
            one |= {"units": self._units[key]} if key in self._units else {}
            keys[f"{self._prefix}_{key}"] = one
        return keys

    def read_configuration(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def describe_configuration(self) -> dict[str, Any]:
        """Return nothing."""
        return {}
