"""Random numbers that depend on what is measured, never on when: keyed by seed, name and index.

The generator is the counter-based Philox-4x64 (Salmon, Moraes, Dror, Shaw, SC'11), its key the seed and a digest of
the name, the highest word of its counter the index: no draw depends on those before it.
"""

from __future__ import annotations

import hashlib

import numpy as np

WORD = 2**64


class Stream:
    """The random numbers of one thing (a detector, the ring), addressed by index."""

    def __init__(self, seed: int, name: str) -> None:
        digest = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
        self._bits = np.random.Philox(key=np.array([seed % WORD, digest], dtype=np.uint64))
        self._random = np.random.Generator(self._bits)
        self._start = self._bits.state

    def at(self, index: int) -> np.random.Generator:
        """Return a generator that stands at the start of the numbers for `index`; valid until the next call."""
        # setting the state costs a quarter of making a new generator
        self._start["state"]["counter"][3] = index % WORD
        self._bits.state = self._start
        return self._random
