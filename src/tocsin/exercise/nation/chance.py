"""Chance for many servers at once: named streams of one seed, as arrays.

Only the raw output of PCG64 is used, which numpy keeps the same in all releases, and comparisons and
multiplications, which are exact everywhere. So equal seeds give equal bytes on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Fractions = NDArray[np.float64]
Whole = NDArray[np.int64]
_UNIT = 2.0**-53


class Chance:
    """Streams of one seed; streams of different names do not disturb one another."""

    def __init__(self, seed: int | str) -> None:
        """Keep the seed."""
        self._seed = seed

    def fractions(self, size: int, *names: str | int) -> Fractions:
        """Numbers from 0 up to, not including, 1."""
        key = "/".join(map(str, (self._seed, *names)))
        digest = hashlib.sha256(key.encode()).digest()
        raw = np.random.PCG64(int.from_bytes(digest[:16], "big")).random_raw(size)
        return np.asarray((raw >> np.uint64(11)) * _UNIT, dtype=np.float64)

    def below(self, limit: int | Whole, size: int, *names: str | int) -> Whole:
        """Whole numbers from 0 up to, not including, the limit."""
        return np.asarray(self.fractions(size, *names) * limit, dtype=np.int64)

    def weighted(self, weights: Sequence[float], size: int, *names: str | int) -> Whole:
        """Indices into ``weights``, by weight."""
        heaped = np.cumsum(np.asarray(weights, dtype=np.float64))
        found = np.searchsorted(heaped, self.fractions(size, *names) * heaped[-1], side="right")
        return np.asarray(np.minimum(found, len(weights) - 1), dtype=np.int64)


def waits(fractions: Fractions, hazard: float, most: int) -> Whole:
    """Whole days until something with that chance a day happens: 0 on the first; ``most`` if not before."""
    left, kept = [], 1.0
    for _ in range(most):
        kept *= 1 - hazard
        left.append(-kept)
    return np.asarray(np.searchsorted(np.array(left), -fractions, side="right"), dtype=np.int64)


def daily(half_life: float) -> float:
    """The chance of each day that leaves one half after so many days; rounded, to be the same everywhere."""
    return float(round(1 - 0.5 ** (1 / half_life), 9))
