"""Work out which text a piece of code builds, within bounds and without running it.

Obfuscated code builds its words from numbers, reversed texts, Base64 and loops over them. ``fold_call`` and
``fold_operator`` work out one step over known values by our own functions (``pure``, ``operators``).
``evaluation`` walks whole expressions and the page's own decoder functions: assignments, loops and branches
over texts, numbers and lists, nothing else. Whatever touches the world (files, network, request, objects) is
no part of it and ends the attempt. Steps and sizes are counted:
``evaluation.STEPS`` per page, texts up to ``pure.LONGEST``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from tocsin.detections.webshells.encodings import spoken, spoken_wide
from tocsin.detections.webshells.operators import apply
from tocsin.detections.webshells.pure import DEEPEST_LIST, LONGEST, MOST_ITEMS, NOT_FOLDABLE, Known
from tocsin.detections.webshells.pure_table import function_of

Folded: TypeAlias = tuple[Known] | None
"""A value that was worked out, alone in a tuple (it may be null), or nothing."""


class NotFoldable(ValueError):
    """The code does more than work out a value, or passes a bound."""


class Builder:
    """A StringBuilder.

    Attributes:
        size: characters in it.
    """

    def __init__(self, first: str) -> None:
        """Begin with a text."""
        self.parts = [first]
        self.size = len(first)

    def append(self, part: str) -> Builder:
        """Add a text.

        Raises:
            NotFoldable: it grows too long.
        """
        self.size += len(part)
        if self.size > LONGEST:
            raise NotFoldable
        self.parts.append(part)
        return self

    def whole(self) -> str:
        """Give all of it."""
        return "".join(self.parts)


def fold_call(language: str, path: str, owner: Folded, given: Sequence[Known]) -> Folded:
    """Work out a call of a pure function.

    Args:
        language: of the code.
        path: dotted name in lower case, ``system.convert.frombase64string``.
        owner: the value that the method belongs to, if it is known.
        given: the arguments; a caller that does not know one of them cannot fold.
    """
    pure = function_of(language, path.rpartition(".")[2])
    if pure is spoken and ("encoding.unicode" in path or "utf16" in path):
        pure = spoken_wide
    if pure is None:
        return None
    try:
        return (settled(language, pure(*(owner or ()), *given)),)
    except NOT_FOLDABLE:
        return None


def fold_operator(language: str, sign: str, operands: Sequence[Known]) -> Folded:
    """Work out a run of one operator over known values, left to right."""
    try:
        result = operands[0]
        for other in operands[1:]:
            result = apply(language, sign, result, other)
    except NOT_FOLDABLE:
        return None
    return (result,)


def settled(language: str, value: Any) -> Known:
    """PHP's and JScript's texts of bytes are characters 0 to 255 here."""
    if isinstance(value, bytes) and language in {"php", "jscript"}:
        return value.decode("latin-1")
    return frozen(value)


def frozen(value: Any, depth: int = DEEPEST_LIST) -> Known:
    """Give a value of a walk as one that nothing can change."""
    if isinstance(value, Builder):
        return value.whole()
    if isinstance(value, list | dict):
        inner = value if isinstance(value, list) else value.values()
        if depth <= 0 or len(inner) > MOST_ITEMS:
            raise NotFoldable
        return tuple(frozen(item, depth - 1) for item in inner)
    return value  # type: ignore[no-any-return]  # a constant, bytes or a tuple of them
