"""The little of Markdown that advice is written in: paragraphs, lists, headings, strong, code.

Whatever else a text holds stays text. Nothing here makes HTML: templates do, and escape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from tocsin.report.untrusted import visible


class Span(Struct, frozen=True):
    """A run of text in one style: ``plain``, ``strong`` or ``code``."""

    style: str
    text: str


class Block(Struct, frozen=True):
    """A paragraph, heading or list. ``kind``: ``paragraph``, ``heading``, ``bullets``, ``numbers``, ``code``.

    ``items``: one entry for everything but a list.
    """

    kind: str
    items: tuple[tuple[Span, ...], ...]


_ITEM = re.compile(r"\s{0,8}(?:[-*+]|(\d{1,3})[.)])\s+(.*)", re.DOTALL)
_HEADING = re.compile(r"#{1,6}\s+(.*)", re.DOTALL)
_INLINE = re.compile(r"\*\*([^*\n]{1,2000})\*\*|`([^`\n]{1,2000})`")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)")
_FENCE = "```"


def blocks(text: str) -> tuple[Block, ...]:
    """Give the blocks of a text, in order."""
    return tuple(_block(chunk) for chunk in _chunks(text))


def plain(text: str) -> str:
    """Give the text in one line, without marks."""
    return " ".join("".join(span.text for span in item) for block in blocks(text) for item in block.items)


def first_sentence(text: str) -> str:
    """Give the first sentence (or heading) in one line, without marks."""
    found = blocks(text)
    if not found:
        return ""
    line = "".join(span.text for span in found[0].items[0])
    return _SENTENCE.split(line, maxsplit=1)[0]


def spans(text: str) -> tuple[Span, ...]:
    """Give the runs of one paragraph; its line ends are spaces."""
    return tuple(_spans(" ".join(text.split())))


def _chunks(text: str) -> Iterator[list[str]]:
    """Lines that belong together: blank lines part them, and so does where a list begins."""
    chunk: list[str] = []
    fenced = False
    for line in text.splitlines():
        mark = line.strip().startswith(_FENCE)
        if chunk and not fenced and (not line.strip() or mark or _parts(chunk, line)):
            yield chunk
            chunk = []
        if line.strip() or fenced:
            chunk.append(line)
        fenced = fenced is not mark
    if chunk:
        yield chunk


def _parts(chunk: list[str], line: str) -> bool:
    if _HEADING.fullmatch(chunk[-1]) or _HEADING.fullmatch(line):
        return True
    return bool(_ITEM.fullmatch(line)) and not _ITEM.fullmatch(chunk[0])


def _block(lines: list[str]) -> Block:
    if lines[0].strip().startswith(_FENCE):
        inside = [line for line in lines if not line.strip().startswith(_FENCE)]
        return Block("code", tuple((Span("code", visible(line)),) for line in inside))
    heading = _HEADING.fullmatch(lines[0])
    if heading:
        return Block("heading", (spans(heading[1]),))
    item = _ITEM.fullmatch(lines[0])
    if item:
        return Block("numbers" if item[1] else "bullets", tuple(spans(each) for each in _items(lines)))
    return Block("paragraph", (spans(" ".join(lines)),))


def _items(lines: list[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        item = _ITEM.fullmatch(line)
        if item:
            items.append(item[2])
        else:
            items[-1] = f"{items[-1]} {line.strip()}"
    return items


def _spans(line: str) -> Iterator[Span]:
    at = 0
    for match in _INLINE.finditer(line):
        if match.start() > at:
            yield Span("plain", visible(line[at : match.start()]))
        yield Span("strong", visible(match[1])) if match[1] else Span("code", visible(match[2]))
        at = match.end()
    if at < len(line):
        yield Span("plain", visible(line[at:]))
