"""Chance that repeats itself."""

from __future__ import annotations

import hashlib


class SeededEntropy:
    """n → n bytes, the same for the same seed and the same order of calls. Never outside tests."""

    __slots__ = ("_count", "_seed")

    def __init__(self, seed: int | str | bytes = 0) -> None:
        self._seed = seed if isinstance(seed, bytes) else str(seed).encode()
        self._count = 0

    def __call__(self, size: int, /) -> bytes:
        self._count += 1
        block = self._count.to_bytes(8, "big") + self._seed
        return hashlib.shake_256(block).digest(size)
