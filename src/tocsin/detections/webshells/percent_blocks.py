"""``<% %>`` in all its kinds, and the bodies of handlers and services."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator

from tocsin.detections.webshells.blocks import Block, Kind
from tocsin.detections.webshells.markup import attributes_of

_PERCENT = re.compile(r"<%(?:(--)|([@!=:#$]?))")
_NAME = re.compile(r"\s*(?:([A-Za-z]\w{0,40})(?=\s(?!\s*=)|\s*\Z)|(?=\s*[A-Za-z]))")
_KINDS = {
    "!": Kind.DECLARATION,
    "=": Kind.EXPRESSION,
    ":": Kind.EXPRESSION,
    "#": Kind.EXPRESSION,
    "": Kind.CODE,
}
_BODIES = frozenset({"webhandler", "webservice", "class"})


def percent_blocks(text: str, others: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks that stand outside the others, then the body that a handler's directive opens."""
    starts, ends = _closed_to(others)
    at, body = 0, 0
    while match := _PERCENT.search(text, at):
        inside = bisect.bisect_right(starts, match.start()) - 1
        if inside >= 0 and match.start() < ends[inside]:
            at = ends[inside]
            continue
        block, at = _block(text, match)
        if block is None:
            continue
        yield block
        if block.kind is Kind.DIRECTIVE and (body or _opens_body(block)):
            body = at
    if body and text[body:].strip():
        yield Block(kind=Kind.BODY, start=body, end=len(text))


def _closed_to(others: Iterable[Block]) -> tuple[list[int], list[int]]:
    scripts = [block for block in others if block.kind in {Kind.SERVER_SCRIPT, Kind.COMMENT}]
    return [block.start for block in scripts], [block.end for block in scripts]


def _block(text: str, match: re.Match[str]) -> tuple[Block | None, int]:
    comment, mark = match.groups()
    closing = "--%>" if comment else "%>"
    found = text.find(closing, match.end())
    end = found if found >= 0 else len(text)
    after = end + len(closing) if found >= 0 else len(text)
    if comment:
        return Block(kind=Kind.COMMENT, start=match.end(), end=end, closed=found >= 0), after
    if mark == "$":
        return None, after
    if mark == "@":
        return _directive(text, match.end(), end, closed=found >= 0), after
    return Block(kind=_KINDS[mark], start=match.end(), end=end, closed=found >= 0), after


def _directive(text: str, start: int, end: int, *, closed: bool) -> Block:
    inside = text[start : min(end, start + 8000)]
    named = _NAME.match(inside)
    name = (named.group(1) or "").lower() if named else ""
    attributes = attributes_of(inside[named.end(1) :] if named and named.group(1) else inside)
    return Block(kind=Kind.DIRECTIVE, start=start, end=end, closed=closed, name=name, attributes=attributes)


def _opens_body(block: Block) -> bool:
    return block.name in _BODIES or (
        not block.name and "class" in block.attributes and "language" in block.attributes
    )
