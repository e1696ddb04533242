"""Texts with values in them: ``$"a{b}"``, ``"a$b"``, ``` `a${b}` ```.

The code in a hole is read by a parser of the same dialect over that stretch of the same text, so its places
are right.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tocsin.detections.webshells.code import Literal, Node
from tocsin.detections.webshells.languages.literals import unescaped
from tocsin.detections.webshells.languages.parser import Parser
from tocsin.model.expressions import compiled

MOST_HOLES = 200
"""Holes of one text that are read."""
_BRACE_HOLE = compiled(r"\{\{|\}\}|\{((?:[^{}\"\r\n]++|\"(?:[^\"\\\r\n]|\\.)*+\")*+)\}")
_TEMPLATE_HOLE = compiled(r"\$\{((?:[^{}`]++|\{[^{}]*+\}|`[^`]*+`)*+)\}")
_FORMAT = re.compile(r"(?:,\s*-?\d+)?\s*(?::(?!:)[^()\"?]*)?\Z")


def with_holes(parser: Parser, inner: str, place: int, *, verbatim: bool) -> tuple[Node, ...]:
    """Give the parts of C#'s and VB.NET's interpolated texts."""

    def plain(part: str) -> str:
        part = part.replace("{{", "{").replace("}}", "}")
        return part.replace('""', '"') if verbatim else unescaped(part)

    return parts_of(parser, inner, place, _BRACE_HOLE, plain)


def template(parser: Parser, inner: str, place: int) -> tuple[Node, ...]:
    """Give the parts of JScript's backtick texts."""
    return parts_of(parser, inner, place, _TEMPLATE_HOLE, unescaped)


def parts_of(
    parser: Parser, inner: str, place: int, holes: re.Pattern[str], plain: Callable[[str], str]
) -> tuple[Node, ...]:
    """Give the literals and expressions of a text in order."""
    found: list[Node] = []
    begin = 0
    for hole in list(holes.finditer(inner))[:MOST_HOLES]:
        if hole[1] is None:
            continue
        _literal(found, inner[begin : hole.start()], place + begin, plain)
        code = _FORMAT.sub("", hole[1]) if holes is _BRACE_HOLE else hole[1]
        start = place + hole.start(1)
        found.append(parser.inner(start, start + len(code)))
        begin = hole.end()
    _literal(found, inner[begin:], place + begin, plain)
    return tuple(found)


def _literal(found: list[Node], part: str, start: int, plain: Callable[[str], str]) -> None:
    if part:
        found.append(Literal(start, start + len(part), plain(part)))
