"""A bounded memory of what was computed for a value: logs repeat paths, agents, addresses, methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

REMEMBERED = 16_384
"""Values remembered; then memory starts afresh."""
LONGEST_REMEMBERED = 512
"""Characters of a value that is remembered; longer ones rarely repeat."""

T = TypeVar("T")


class Memory(Generic[T]):
    """Calls a function of one text, or of None, and remembers its results within a bound."""

    __slots__ = ("_known", "_of")

    def __init__(self, of: Callable[[str | None], T]) -> None:
        """Remember the results of this function, which must depend on nothing but its argument."""
        self._of = of
        self._known: dict[str | None, T] = {}

    def __call__(self, value: str | None) -> T:
        """Give the function's result."""
        try:
            return self._known[value]
        except KeyError:
            return self._new(value)

    def _new(self, value: str | None) -> T:
        found = self._of(value)
        if value is None or len(value) <= LONGEST_REMEMBERED:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[value] = found
        return found
