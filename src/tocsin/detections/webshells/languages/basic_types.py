"""Types in Basic: ``a.b(Of C, D)()``."""

from __future__ import annotations

from tocsin.detections.webshells.languages.parser import Parser


def type_words(parser: Parser, *, made: bool = False) -> str:
    """Read a type as one word; without one, nothing is read and the word is empty.

    ``New T()`` (``made``) has arguments in its brackets, ``New T() {…}`` and ``As T()`` are arrays.
    """
    begin = parser.at
    if not parser.is_name(begin) and parser.keys[begin][:1] != "[":
        return ""
    parser.at += 1
    while True:
        key, following = parser.keys[parser.at], parser.keys[parser.at + 1]
        if key == "." and (parser.is_name(parser.at + 1) or following[:1] == "["):
            parser.at += 2
        elif key == "(" and following in {"of", ")", ","} and not (made and _holds_values(parser)):
            parser.at = parser.partner.get(parser.at, parser.at) + 1
        elif key == "?" and following != "(":
            parser.at += 1
        else:
            return parser.joined(begin, parser.at)


def _holds_values(parser: Parser) -> bool:
    closer = parser.partner.get(parser.at)
    if closer is None:
        return True
    return parser.keys[parser.at + 1] == ")" and parser.keys[closer + 1] != "{"


def declared_as(parser: Parser) -> str:
    """Read ``As T``; without it the word is empty. ``As New`` stays for the reader of values."""
    if parser.keys[parser.at] != "as" or parser.keys[parser.at + 1] == "new":
        return ""
    parser.at += 1
    return type_words(parser)
