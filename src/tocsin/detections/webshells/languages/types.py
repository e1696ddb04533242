"""Where the name of a type ends: ``a.b.C<D, E[]>[,]?``, without knowing any type."""

from __future__ import annotations

from tocsin.detections.webshells.code import Name, Node
from tocsin.detections.webshells.languages.parser import Parser

LONGEST_TYPE = 60
"""Words of type arguments that are looked at."""
_INSIDE = frozenset({",", ".", "?", "[", "]", "&", "::", "(", ")", "@"})
_DEPTHS = {"<": 1, ">": -1, ">>": -2, ">>>": -3}


def type_end(parser: Parser, at: int, *, arguments_only: bool = False) -> int:
    """Give the index behind the type that begins at ``at``, or -1.

    Args:
        parser: only looked into, not moved.
        at: index of the first word.
        arguments_only: ``at`` is a ``<``; give the index behind its ``>``.
    """
    if arguments_only:
        return _arguments(parser, at)
    if not parser.is_name(at):
        return -1
    return _suffixes(parser, at + 1)


def _suffixes(parser: Parser, at: int) -> int:
    keys = parser.keys
    while True:
        key = keys[at]
        if key in {".", "::"}:
            if not parser.is_name(at + 1):
                return at
            at += 2
        elif key == "<":
            behind = _arguments(parser, at)
            if behind < 0:
                return at
            at = behind
        elif key == "[" and keys[at + 1] in {"]", ","}:
            at = parser.partner.get(at, at) + 1
        elif key == "?" and keys[at + 1] not in {":", "(", '"'} and _after_question(parser, at + 1):
            at += 1
        else:
            return at


def _after_question(parser: Parser, at: int) -> bool:
    """``int? x =``, ``(int?)``, ``int?[]``: the question mark belongs to the type."""
    keys = parser.keys
    if keys[at] in {")", ">", "[", ","}:
        return keys[at] != "[" or keys[at + 1] == "]"
    return parser.is_name(at) and keys[at + 1] in {"=", ";", ",", ")", "{", "=>"}


def _arguments(parser: Parser, at: int) -> int:
    keys, depth = parser.keys, 0
    for place in range(at, min(at + LONGEST_TYPE, len(keys))):
        key = keys[place]
        step = _DEPTHS.get(key)
        if step is not None:
            depth += step
            if depth <= 0:
                return place + 1 if depth == 0 else -1
        elif key not in _INSIDE and not parser.is_name(place) and key not in {"extends", "super"}:
            return -1
    return -1


def constructed_type(parser: Parser) -> tuple[str, Node | None]:
    """Read the type behind ``new``: as a word, or as an expression that is worked out at run time."""
    at = parser.at
    key = parser.keys[at]
    if key == "(" and not parser.grammar.casts:
        parser.at += 1
        callee = parser.expression()
        parser.accept(")")
        return "", callee
    if not parser.is_name(at) or key[0] == "$":
        return "", _callee(parser) if key else None
    behind = _suffixes(parser, at + 1)
    if parser.keys[behind] == "?":
        behind += 1
    parser.at = behind
    return parser.joined(at, behind).lstrip("\\"), None


def _callee(parser: Parser) -> Node | None:
    """``new $class``, ``new $this->a``: names, members and indexes, without the arguments behind them."""
    at = parser.at
    if parser.keys[at][0] != "$":
        return None
    parser.at += 1
    node: Node = Name(parser.starts[at], parser.ends[at], parser.words[at])
    while (key := parser.keys[parser.at]) in {"->", "::", "["}:
        longer = parser.postfix[key](parser, node)
        if longer is None:
            break
        node = longer
    return node
