"""Chance that is the same on every machine: named streams of one seed."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """One stream of chance. Streams of different names do not disturb one another."""

    def __init__(self, seed: int | str, *names: str) -> None:
        """Start the stream that the seed and the names call for."""
        self._key = "/".join((str(seed), *names))
        digest = hashlib.sha256(self._key.encode()).digest()
        self._random = random.Random(int.from_bytes(digest[:16], "big"))  # noqa: S311 - repeatable by design

    def stream(self, *names: str) -> Dice:
        """Give a stream of its own for a part, such as ``stream("mailbox", "7")``."""
        return Dice(self._key, *names)

    def fraction(self) -> float:
        """Give a number from 0 up to, not including, 1."""
        return self._random.random()

    def between(self, low: int, high: int) -> int:
        """Give a whole number from ``low`` to ``high``, both included."""
        return low + int(self.fraction() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """Give True with the given probability."""
        return self.fraction() < probability

    def pick(self, items: Sequence[T]) -> T:
        """Give one of the items, all alike."""
        return items[int(self.fraction() * len(items))]

    def weighted(self, items: Sequence[tuple[T, float]]) -> T:
        """Give one of the items by weight."""
        point = self.fraction() * sum(weight for _, weight in items)
        for item, weight in items:
            point -= weight
            if point < 0:
                return item
        return items[-1][0]

    def guid(self) -> str:
        """Give a GUID."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def digits(self, count: int) -> str:
        """Give so many hexadecimal digits, in lower case."""
        return f"{self._random.getrandbits(4 * count):0{count}x}"

    def letters(self, count: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz") -> str:
        """Give so many characters of an alphabet."""
        return "".join(self.pick(alphabet) for _ in range(count))
