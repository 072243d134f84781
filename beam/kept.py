"""What the tables of matter have answered before, kept on disk for the processes to come.

Asking them loads xraydb with scipy's splines and sqlalchemy: most of a second, and 47 MB in each of many processes. An
answer depends on the question, the libraries' versions and the source of the function, and on nothing else.

======================  ===========================================================================================
event                   what happens
======================  ===========================================================================================
a question, kept        its answer is read: JSON, in which every number is exact
a question, new         it is answered, and kept while there are no more than `MOST`
an answer is an error   it is raised, and not kept
no cache can be read    as if nothing were kept
or written
another version         another directory; the old one is not looked at any more
======================  ===========================================================================================

The directory is ``TERASU_CACHE``, else the user's cache directory; it may be removed at any time.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
import platformdirs

MOST = 4096
"""Answers kept; questions that go on changing must not fill a disk."""
LIBRARIES = ("xraydb", "scipy", "numpy")
Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


def kept(function: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
    """Keep the answers of a function of numbers, texts and arrays, whose answer is made of these, too."""

    @functools.wraps(function)
    def ask(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        file = directory(function.__code__.co_filename) / _name(function.__name__, args, kwargs)
        with contextlib.suppress(OSError, ValueError):
            return cast("Answer", _decoded(json.loads(file.read_bytes())))
        answer = function(*args, **kwargs)
        with contextlib.suppress(OSError):
            _keep(file, answer)
        return answer

    return ask


@functools.cache
def directory(source: str) -> Path:
    """Return where answers of the functions in a source file are kept."""
    place = Path(os.environ.get("TERASU_CACHE") or platformdirs.user_cache_dir("terasu"))
    versions = " ".join(importlib.metadata.version(one) for one in LIBRARIES)
    return place / f"tables-{hashlib.sha256(versions.encode() + Path(source).read_bytes()).hexdigest()[:16]}"


def _name(function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    question = hashlib.sha256()
    for one in (*args, *sorted(kwargs.items())):
        question.update(_bytes(one) + b"\0")
    return f"{function}-{question.hexdigest()[:32]}.json"


def _bytes(value: Any) -> bytes:
    kind = type(value).__name__
    if kind == "ndarray":
        return f"{value.dtype}{value.shape}".encode() + value.tobytes()
    return repr(float(value) if kind.startswith("float") else value).encode()


def _keep(file: Path, answer: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if len(os.listdir(file.parent)) >= MOST:
        return
    number, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(number, "w") as new:
        json.dump(_encoded(answer), new)
    os.replace(name, file)  # whole, or not there: others may read it now


def _encoded(value: Any) -> Any:
    kind = type(value).__name__
    if kind == "ndarray":
        return {"array": value.ravel().tolist(), "shape": value.shape}
    if kind == "dict":
        return {"dict": {key: _encoded(one) for key, one in value.items()}}
    if kind == "tuple":
        return {"tuple": [_encoded(one) for one in value]}
    return [_encoded(one) for one in value] if kind == "list" else value


def _decoded(value: Any) -> Any:
    kind = type(value).__name__
    if kind == "list":
        return [_decoded(one) for one in value]
    if kind != "dict":
        return value
    if "array" in value:
        return np.array(value["array"], dtype=np.float64).reshape(value.get("shape", -1))
    if "tuple" in value:
        return tuple(_decoded(one) for one in value["tuple"])
    return {key: _decoded(one) for key, one in value.get("dict", {}).items()}
