"""Do the values that somebody typed fit what a plan's parameters are annotated as?"""

from __future__ import annotations

import inspect
import math
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from beam.errors import UnknownName
from beamlines import Tree
from daq.errors import UsageError

TYPED = (str, int, float, bool, type(None), list, dict)  # what a word can become besides a device


def check_values(plan: Callable[..., Any], args: list[Any], kwargs: Mapping[str, Any], tree: Tree) -> None:
    """Refuse the first value that its parameter cannot take.

    Parameters
    ----------
    plan
        The plan, with its roles filled in.
    args, kwargs
        As `daq.plan_call.value` made them.
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
    signature = inspect.signature(plan)
    in_order = [one for one in signature.parameters.values() if one.kind is one.VAR_POSITIONAL]
    for word in args:
        if in_order and isinstance(word, str):
            raise UnknownName("device", word, tree.devices)
    for key, given in kwargs.items():
        hint = hints.get(key)
        if hint is not None and not accepts(hint, given):
            raise UsageError(f"{plan.__name__}: {key} = {_shown(given)}: must be {_words(hint)}")
        if key == "num" and isinstance(given, int) and given < 1:
            raise UsageError(f"{plan.__name__}: num = {given}: must be 1 or more")


def accepts(hint: Any, given: Any) -> bool:
    """Return whether `given` may be what `hint` annotates; where that is not for us to say, it may."""
    kinds = get_args(hint)
    origin = get_origin(hint)
    if origin is Annotated:
        return accepts(kinds[0], given)
    if origin in (Union, types.UnionType):
        return any(accepts(one, given) for one in kinds)
    if hint in (bool, str, type(None)):
        return isinstance(given, hint)
    if hint is int:
        return isinstance(given, int) and not isinstance(given, bool)
    if hint is float:
        return isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given)
    if not isinstance(kind := origin or hint, type):
        return True
    if issubclass(kind, Mapping):
        return isinstance(given, Mapping)
    if issubclass(kind, Iterable) and kinds:
        return isinstance(given, list | tuple) and all(accepts(kinds[0], one) for one in given)
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
    return "a device"


def _shown(given: Any) -> str:
    return str(given.name) if hasattr(given, "name") else repr(given)
