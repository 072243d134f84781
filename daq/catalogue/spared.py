"""Libraries that Tiled loads for structures and encodings that no catalogue of ours holds: 70 MB and a second.

``sparse`` brings numba and LLVM. Tiled names two of its classes in signatures; the feed, the only writer, stores no
sparse array. ``blosc2`` is one of several encodings of an answer; a client that asks for it is given another one.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

UNUSED = ("blosc2",)


def spare() -> None:
    """Keep this process, which serves nothing else, from loading them; before Tiled is imported."""
    stand_in = ModuleType("sparse", "Stands for the library of that name.")
    stand_in.__spec__ = ModuleSpec("sparse", None)
    vars(stand_in).update({name: type(name, (), {}) for name in ("COO", "SparseArray")})
    sys.modules["sparse"] = stand_in
    for name in UNUSED:
        sys.modules[name] = None  # type: ignore[assignment]  # as `importlib` has it: there is none
