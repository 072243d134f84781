"""One document as one line of JSON and back, without losing what JSON has no word for.

JSON knows no NaN, no infinity and, as most parsers read it, no integer beyond 64 bits. These are written as

    {"$float": "nan"}   {"$float": "inf"}   {"$float": "-inf"}   {"$int": "36893488147419103232"}

and a dictionary of the user's own whose only key starts with "$" is wrapped, {"$dict": {...}}, so that it is not
mistaken for one of these. Tuples and numpy arrays come back as lists, numpy scalars as Python numbers, other keys
than strings as strings. Anything else is refused: the run fails rather than record something else than it was.
"""

from __future__ import annotations

import math
from enum import Enum
from pathlib import PurePath
from typing import Any

import numpy as np
import orjson

from daq.errors import DataError

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY
_INT64 = range(-(2**63), 2**64)  # what orjson writes by itself


def encode(name: str, doc: dict[str, Any]) -> bytes:
    """Return the line for a document, ending in a newline.

    Raises
    ------
    DataError
        If the document holds something that cannot be recorded; names the place and the type.
    """
    record = {"name": name, "doc": doc}
    try:
        line = orjson.dumps(record, default=_plain, option=_OPTIONS)
        # orjson writes a non-finite number as null: only a line with a null needs the slow way
        if b"null" in line or b'{"$' in line:
            line = orjson.dumps({"name": name, "doc": _tagged(doc, name)})
    except TypeError:  # a type, key or size of integer that orjson does not know
        line = orjson.dumps({"name": name, "doc": _tagged(doc, name)})
    return line + b"\n"


def decode(line: bytes) -> tuple[str, dict[str, Any]]:
    """Return the name and the document that a line holds.

    Raises
    ------
    ValueError
        If the line is not one written by `encode`.
    """
    record = orjson.loads(line)
    if not isinstance(record, dict) or not isinstance(record.get("doc"), dict) or "name" not in record:
        raise ValueError("not a document")
    doc = record["doc"]
    return record["name"], _untagged(doc) if b'{"$' in line else doc


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):  # orjson itself takes only contiguous native numbers
        return value.tolist()
    raise TypeError(type(value).__name__)


def _tagged(value: Any, place: str) -> Any:
    """Return `value` in plain JSON types, with tags where JSON has no word."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if value is None or isinstance(value, bool | str):
        return str(value) if type(value) is not str and isinstance(value, str) else value
    if isinstance(value, Enum):
        return _tagged(value.value, place)
    if isinstance(value, int):
        return int(value) if value in _INT64 else {"$int": str(int(value))}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": str(float(value))}
    if isinstance(value, dict):
        plain = {str(key): _tagged(one, f"{place}.{key}") for key, one in value.items()}
        if len(plain) != len(value):
            raise DataError(f"{place}: two keys of a dictionary are the same once written: {sorted(map(str, value))}")
        only = next(iter(plain)) if len(plain) == 1 else ""
        return {"$dict": plain} if only.startswith("$") else plain
    if isinstance(value, list | tuple):
        return [_tagged(one, f"{place}[{index}]") for index, one in enumerate(value)]
    if isinstance(value, set | frozenset):
        return [_tagged(one, place) for one in sorted(value, key=str)]
    if isinstance(value, PurePath):
        return str(value)
    raise DataError(f"the journal cannot record {place}: {type(value).__name__} has no form in JSON")


def _untagged(value: Any) -> Any:
    if isinstance(value, list):
        return [_untagged(one) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((key, content),) = value.items()
        if key == "$float":
            return float(content)
        if key == "$int":
            return int(content)
        if key == "$dict":
            return {name: _untagged(one) for name, one in content.items()}
    return {name: _untagged(one) for name, one in value.items()}
