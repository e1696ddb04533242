"""What is known of a value while a page is traced: where it comes from, what it is, what text it holds."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from tocsin.detections.webshells.code import Constant

LONGEST_WAY = 12
"""Steps that a flow keeps; the first and the last ones are what a reader needs."""
LONGEST_HINT = 4096

Known: TypeAlias = Constant | bytes | tuple["Known", ...]
"""A constant, bytes, or a list of them."""


class Step(Struct, frozen=True, gc=False):
    """One place that a value passed, and the way before it.

    Attributes:
        kind: of the source it began at: ``request``, ``header``, ``body``, ``control``, ``parameter``,
            ``wire``, ``download`` …
    """

    start: int
    end: int
    kind: str
    before: Step | None = None
    length: int = 1

    def then(self, start: int, end: int) -> Step:
        """Give the way with one more place, unless it is long or already there."""
        if self.length >= LONGEST_WAY or (start <= self.start and end >= self.end and self.before):
            return self
        return Step(start, end, self.kind, self, self.length + 1)


class Value(Struct, frozen=True, gc=False):
    """What is known of a value.

    Attributes:
        origin: the way from a source, if it comes from one.
        path: the dotted lower-case words of what was written, for the tables.
        type: short lower-case type, or ``com:progid``'s identifier.
        known: the constant or list that it is, if it could be worked out.
        sure: ``known`` was worked out (a known ``None`` is null).
        hint: the constant pieces of a text whose other pieces are not known, with a blank control character
            between.
        made: it was put together or decoded, not written out.
        root: it is the request itself: its members and elements are the values.
        slot: where it is kept.
        typed: as ``path``, with the type of the owner for its words.
        declared: the page itself sets or declares it.
    """

    origin: Step | None = None
    path: str = ""
    type: str = ""
    known: Known = None
    sure: bool = False
    hint: str = ""
    made: bool = False
    root: bool = False
    slot: str = ""
    typed: str = ""
    declared: bool = False

    @property
    def dark(self) -> bool:
        """Whether the page decodes it and what comes out is not known."""
        return self.made and not self.sure

    @property
    def text(self) -> str | None:
        """The text, if it is a known one."""
        return self.known if self.sure and isinstance(self.known, str) else None

    @property
    def pieces(self) -> str:
        """All constant text in it, as far as known."""
        return self.known if isinstance(self.known, str) else self.hint


NOTHING = Value()


def known(constant: Known, *, made: bool = False) -> Value:
    """Give a value that is known."""
    return Value(known=constant, sure=True, made=made)


def joined(first: Value, second: Value) -> Value:
    """Give what holds of either value: an origin of one is enough, a constant must be the same."""
    if first is second or second is NOTHING:
        return first
    same = first.sure and second.sure and first.known == second.known
    return replace(
        first,
        origin=first.origin or second.origin,
        type=first.type or second.type,
        known=first.known if same else None,
        sure=same,
        hint=first.hint or second.hint or second.pieces[:LONGEST_HINT],
        made=first.made or second.made,
        root=first.root or second.root,
    )


def origin_of(*values: Value) -> Step | None:
    """Give the first way from a source among the values."""
    for value in values:
        if value.origin is not None:
            return value.origin
    return None
