"""Sigma strings as matchers whose time grows with the text, whatever the text is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tocsin.packs.conditions import Glob, Wild

Matches = Callable[[str], bool]
Segment = tuple[int, Callable[[str, int], int]]


def glob_matcher(glob: Glob) -> Matches:
    """Give a test of a whole text, which must be in lower case already unless the glob is cased."""
    parts = glob.parts if glob.cased else tuple(p.lower() if isinstance(p, str) else p for p in glob.parts)
    plain = _plain(parts)
    return plain if plain is not None else _segmented(parts)


def _plain(parts: tuple[str | Wild, ...]) -> Matches | None:
    """The common shapes, without wildcards inside."""
    match parts:
        case ():
            return lambda text: text == ""
        case (str() as whole,):
            return lambda text: text == whole
        case (str() as head, Wild.MANY):
            return lambda text: text.startswith(head)
        case (Wild.MANY, str() as tail):
            return lambda text: text.endswith(tail)
        case (Wild.MANY, str() as inner, Wild.MANY):
            return lambda text: inner in text
        case _:
            return None


def _segmented(parts: tuple[str | Wild, ...]) -> Matches:
    """Find the segments between ``*`` one after another; the leftmost place of each is the best."""
    pieces = _split(parts)
    head, tail = _segment(pieces[0]), _segment(pieces[-1])
    inner = [_segment(piece) for piece in pieces[1:-1] if piece]
    if len(pieces) == 1:
        return lambda text: len(text) == head[0] and head[1](text, 0) == 0

    def matches(text: str) -> bool:
        end = len(text) - tail[0]
        if end < head[0] or head[1](text, 0) != 0 or tail[1](text, end) != end:
            return False
        position = head[0]
        for length, find in inner:
            found = find(text, position)
            if found < 0 or found + length > end:
                return False
            position = found + length
        return True

    return matches


def _split(parts: Sequence[str | Wild]) -> list[list[str | Wild]]:
    pieces: list[list[str | Wild]] = [[]]
    for part in parts:
        if part is Wild.MANY:
            pieces.append([])
        else:
            pieces[-1].append(part)
    return pieces


def _segment(piece: Sequence[str | Wild]) -> Segment:
    """Give a segment's length and a search for it from a place on; -1 when there is none."""
    if not piece:
        return 0, lambda _, start: start
    length = sum(len(part) if isinstance(part, str) else 1 for part in piece)
    if len(piece) == 1 and isinstance(piece[0], str):
        text = piece[0]
        return length, lambda value, start: value.find(text, start)
    pattern = re.compile("".join(re.escape(p) if isinstance(p, str) else "." for p in piece), re.DOTALL)

    def search(value: str, start: int) -> int:
        found = pattern.search(value, start)
        return found.start() if found else -1

    return length, search
