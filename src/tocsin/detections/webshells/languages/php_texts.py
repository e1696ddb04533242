"""PHP's texts: single and double quotes, backticks, here-documents, with the values in them."""

from __future__ import annotations

import re

from tocsin.detections.webshells.code import Call, Index, Interpolated, Literal, Member, Name, Node, Unary
from tocsin.detections.webshells.languages import operands
from tocsin.detections.webshells.languages.literals import single_quoted_php, unescaped_php
from tocsin.detections.webshells.languages.parser import Parser
from tocsin.model.expressions import compiled

_HOLE = compiled(
    r"\{(\$(?:[^{}\"']++|\"[^\"]*+\"|'[^']*+'|\{[^{}]*+\})*+)\}|\$\{([^{}]*+)\}"
    r"|(\$\w++)(?:\[([^\]\s\"']++)\]|->(\w++))?+"
)
_MOST_HOLES = 200


def _inside(word: str) -> tuple[int, int]:
    """Where the content of a quoted word begins and ends, counted from its start."""
    begin = 2 if word[0] in "bB" else 1
    return begin, len(word) - (1 if len(word) > begin and word[-1] == word[begin - 1] else 0)


def single(parser: Parser) -> Node:
    """Read ``'…'``."""
    at = parser.at
    parser.at += 1
    begin, end = _inside(parser.words[at])
    return Literal(parser.starts[at], parser.ends[at], single_quoted_php(parser.words[at][begin:end]))


def double(parser: Parser) -> Node:
    """Read ``"…"`` with the values in it."""
    at = parser.at
    parser.at += 1
    begin, end = _inside(parser.words[at])
    return _text(parser, at, begin, end)


def _text(parser: Parser, at: int, begin: int, end: int) -> Node:
    inner, start = parser.words[at][begin:end], parser.starts[at]
    if "$" not in inner:
        return Literal(start, parser.ends[at], unescaped_php(inner))
    parts = _parts(parser, inner, start + begin)
    if len(parts) == 1 and isinstance(parts[0], Literal):
        return Literal(start, parser.ends[at], parts[0].value)
    return Interpolated(start, parser.ends[at], parts)


def _parts(parser: Parser, inner: str, offset: int) -> tuple[Node, ...]:
    found: list[Node] = []
    begin = 0
    for count, hole in enumerate(_HOLE.finditer(inner)):
        if count >= _MOST_HOLES:
            break
        if _escaped(inner, hole.start()):
            continue
        if hole.start() > begin:
            found.append(_plain(inner, begin, hole.start(), offset))
        found.append(_hole(parser, hole, offset))
        begin = hole.end()
    if begin < len(inner) or not found:
        found.append(_plain(inner, begin, len(inner), offset))
    return tuple(found)


def _escaped(inner: str, at: int) -> bool:
    stripped = inner[max(0, at - 20) : at]
    return (len(stripped) - len(stripped.rstrip("\\"))) % 2 == 1


def _plain(inner: str, begin: int, end: int, offset: int) -> Node:
    return Literal(offset + begin, offset + end, unescaped_php(inner[begin:end]))


def _hole(parser: Parser, hole: re.Match[str], offset: int) -> Node:
    start, end = offset + hole.start(), offset + hole.end()
    if hole[1] is not None:
        return parser.inner(offset + hole.start(1), offset + hole.end(1))
    if hole[2] is not None:
        if hole[2].isidentifier():
            return Name(start, end, "$" + hole[2])
        return Unary(start, end, "$", parser.inner(offset + hole.start(2), offset + hole.end(2)))
    name = Name(start, offset + hole.end(3), hole[3])
    if hole[4] is not None:
        key = Name(start, end, hole[4]) if hole[4][0] == "$" else Literal(start, end, hole[4])
        return Index(start, end, name, (key,))
    return name if hole[5] is None else Member(start, end, name, hole[5])


def backtick(parser: Parser) -> Node:
    """Read a command in backticks."""
    at = parser.at
    text = double(parser)
    return Call(text.start, text.end, Name(parser.starts[at], parser.starts[at], "shell_exec"), (text,))


def heredoc(parser: Parser) -> Node:
    """Read ``<<<EOT`` and ``<<<'EOT'``; a lone ``<`` is stray."""
    at = parser.at
    word = parser.words[at]
    if not word.startswith("<<<"):
        return operands.stray(parser)
    parser.at += 1
    begin = word.find("\n") + 1
    end = max(begin, word.rfind("\n"))
    if word[:begin].find("'") >= 0:
        return Literal(parser.starts[at], parser.ends[at], word[begin:end])
    return _text(parser, at, begin, end)
