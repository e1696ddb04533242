"""Lines of a page for a reader to look at: shortened around what they show, never to be run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tocsin.detections.webshells.text import Text
from tocsin.model.examined import Excerpt, Piece

MOST_LINES = 12
"""Lines that are shown of one page."""
_AROUND = 60
"""Characters shown before the first mark of a line and after the last, and at either end of a gap."""
_LONGEST_MARK = 300
_MOST_MARKS = 12
_CUT = "…"

Span = tuple[int, int]


def excerpts_of(text: Text, places: Iterable[Span]) -> tuple[Excerpt, ...]:
    """Give the lines of a page that places lie in, the first places first in choice, in order of lines.

    Args:
        text: the decoded page.
        places: bytes of the file, the weightiest first.
    """
    lines: dict[int, list[Span]] = {}
    for place in places:
        start, end = _characters(text, place)
        line = text.line_of(start)
        if line not in lines and len(lines) == MOST_LINES:
            continue
        marks = lines.setdefault(line, [])
        if len(marks) < _MOST_MARKS:
            marks.append((start, end))
    return tuple(
        Excerpt(line=line, pieces=_pieces(text, line, marks)) for line, marks in sorted(lines.items())
    )


def _characters(text: Text, place: Span) -> Span:
    start = text.character_at(place[0])
    return start, max(text.character_at(place[1]), start)


def _pieces(text: Text, line: int, marks: Sequence[Span]) -> tuple[Piece, ...]:
    first, last = text.line_span(line)
    pieces: list[Piece] = []
    at = first
    for start, end in _joined(marks, first, last):
        pieces += _plain(text.text[at:start], opening=at == first)
        pieces.append(Piece(text=_shortened(text.text[start:end], _LONGEST_MARK), marked=True))
        at = end
    rest = text.text[at:last]
    tail = rest[:_AROUND] + _CUT if len(rest) > _AROUND else rest
    return tuple(pieces) + ((Piece(text=tail),) if tail else ())


def _joined(marks: Sequence[Span], first: int, last: int) -> Iterator[Span]:
    """Yield the marks within a line, in order, those that touch put together."""
    inside = sorted((max(start, first), min(end, last)) for start, end in marks)
    kept: list[Span] = []
    for start, end in inside:
        if end <= start:
            continue
        if kept and start <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(kept[-1][1], end))
        else:
            kept.append((start, end))
    yield from kept


def _plain(gap: str, *, opening: bool) -> list[Piece]:
    if not gap:
        return []
    if opening and len(gap) > _AROUND:
        return [Piece(text=_CUT + gap[-_AROUND:])]
    return [Piece(text=_shortened(gap, 2 * _AROUND))]


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most // 2]}{_CUT}{text[-(most // 2) :]}"
