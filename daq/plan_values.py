"""Do the values that somebody typed fit what a plan's parameters are annotated as?"""

from __future__ import annotations

import inspect
import math
import types
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from beam.errors import UnknownName
from beamlines import DeviceTree
from daq.errors import UsageError
from devices.filters import Foil

TYPED = (str, int, float, bool, type(None), list, dict)  # what a word can become besides a device
DEVICE = "a device"


def check_values(plan: Callable[..., Any], given: Mapping[str, Any], tree: DeviceTree) -> None:
    """Refuse the first value that its parameter cannot take.

    Parameters
    ----------
    plan
        The plan.
    given
        Its arguments by the names of its parameters.
    tree
        For the names of the devices.

    Raises
    ------
    UsageError
        A value of the wrong kind; names parameter, value, and what is allowed.
    UnknownName
        A word where only devices and numbers make sense.
    """
    hints = get_type_hints(plan)
    parameters = inspect.signature(plan).parameters
    for key, one in given.items():
        if parameters[key].kind is inspect.Parameter.VAR_POSITIONAL:
            for before, word in zip((None, *one), one, strict=False):
                if isinstance(word, str) and not _goes_by_words(before):
                    raise UnknownName("device", word, tree.devices)
        elif key in hints and not accepts(hints[key], one):
            if isinstance(one, str) and _words(hints[key]) == DEVICE:
                raise UnknownName("device", one, tree.devices)
            raise UsageError(f"{plan.__name__}: {key} = {_shown(one)}: must be {_words(hints[key])}")
        if key == "num" and isinstance(one, Integral) and one < 1:
            raise UsageError(f"{plan.__name__}: num = {one}: must be 1 or more")


def _goes_by_words(device: Any) -> bool:
    """Return whether a device is moved by words: a shutter's states, a foil's, named positions."""
    return hasattr(device, "is_open") or isinstance(device, Foil) or getattr(device, "by_words", False)


def accepts(hint: Any, given: Any) -> bool:
    """Return whether `given` may be what `hint` annotates; where that is not for us to say, it may."""
    kinds = get_args(hint)
    origin = get_origin(hint)
    if origin is Annotated:
        return accepts(kinds[0], given)
    if origin in (Union, types.UnionType):
        return any(accepts(one, given) for one in kinds)
    if hint is Any:
        return True
    if hint in (bool, str, type(None)):
        return isinstance(given, hint)
    if hint is int:
        return isinstance(given, Integral) and not isinstance(given, bool)
    if hint is float:
        return isinstance(given, Real) and not isinstance(given, bool) and math.isfinite(given)
    if not isinstance(kind := origin or hint, type):
        return True
    if issubclass(kind, Mapping):
        return isinstance(given, Mapping)
    if issubclass(kind, Iterable) and kinds:
        if not isinstance(given, Iterable) or isinstance(given, str | Mapping):
            return False
        return not isinstance(given, list | tuple) or all(accepts(kinds[0], one) for one in given)
    return kind in TYPED or kind is object or not isinstance(given, TYPED)


def _words(hint: Any) -> str:
    """Say what is allowed."""
    kinds = get_args(hint)
    origin = get_origin(hint)
    if origin is Annotated:
        return _words(kinds[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_words(one) for one in kinds if one is not type(None)))
    simple = {bool: "true or false", str: "text", int: "a whole number", float: "a number"}
    if hint in simple:
        return simple[hint]
    kind = origin or hint
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return 'an object, {"name": value}'
    if isinstance(kind, type) and issubclass(kind, Iterable) and kinds:
        of = {int: " of whole numbers", float: " of numbers"}.get(kinds[0], "")
        return f"a list{of}, [one,two]"
    return DEVICE


def _shown(given: Any) -> str:
    return str(given.name) if hasattr(given, "name") else repr(given)
