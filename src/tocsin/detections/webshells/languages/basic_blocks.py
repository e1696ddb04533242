"""Blocks of Basic: ``If``, loops, ``Select``, ``With``, ``Try``, functions and classes."""

from __future__ import annotations

from tocsin.detections.webshells.code import (
    Assign,
    Block,
    Declare,
    Index,
    Jump,
    Member,
    Name,
    Node,
    Unary,
)
from tocsin.detections.webshells.languages import basic_lines
from tocsin.detections.webshells.languages.basic_types import declared_as
from tocsin.detections.webshells.languages.parser import Parser, Statement

_CLOSERS = frozenset({"end", "else", "elseif", "loop", "wend", "next", "catch", "finally", ""})
_CLOSES = {
    "else": "if", "elseif": "if", "loop": "do", "wend": "while", "next": "for", "catch": "try",
    "finally": "try",
}  # fmt: skip
_ENDED = frozenset(
    {"if", "sub", "function", "property", "class", "module", "structure", "interface", "enum", "namespace",
        "select",
     "with", "try", "using", "synclock", "while", "get", "set", "operator", "event", "addhandler",
     "removehandler"}
)  # fmt: skip
_LINE = frozenset({"\n", ""})
_OF_LINE = frozenset({"\n", "", "else", "end", "elseif"})


def _closing(parser: Parser) -> tuple[str, int]:
    """What kind of block ends here, and by how many words; an empty kind for a plain ``End``."""
    key = parser.keys[parser.at]
    if key != "end":
        return _CLOSES.get(key, ""), 1
    following = parser.keys[parser.at + 1]
    return (following, 2) if following in _ENDED else ("", 1)


def block(parser: Parser, kind: str) -> tuple[Node, ...]:
    """Read statements up to what closes a block of this kind, which stays, or what closes one around it.

    A closing word that belongs to no open block is passed over.
    """
    parser.opened.append(kind)
    found: tuple[Node, ...] = ()
    while True:
        found += parser.body(_CLOSERS)
        if not parser.keys[parser.at]:
            break
        closes, words = _closing(parser)
        if closes and closes in parser.opened[-90:]:
            break
        if not closes:
            found += (Jump(parser.starts[parser.at], parser.ends[parser.at], "exit", None),)
        parser.at += words
    parser.opened.pop()
    return found


def ended(parser: Parser, kind: str) -> None:
    """Pass over ``End kind``, ``Next i``, ``Loop``, ``Wend`` if it stands here."""
    closes, words = _closing(parser)
    if closes != kind:
        return
    parser.at += words
    if kind == "for":
        while parser.is_name(parser.at) or parser.keys[parser.at] == ",":
            parser.at += 1


def close(parser: Parser, begin: int, kind: str, head: tuple[Node, ...], inner: tuple[Node, ...]) -> None:
    """Add the block that began at the word ``begin``."""
    end = max(parser.end(), parser.starts[begin])
    parser.out.append(Block(parser.starts[begin], end, kind, head, inner))


# -- if


def if_then(parser: Parser) -> None:
    """Read ``If`` with its ``ElseIf`` and ``Else``, over lines or on one."""
    begin = parser.at
    parser.at += 1
    head: tuple[Node, ...] = (parser.expression(),)
    parser.accept("then")
    if parser.keys[parser.at] not in _LINE and not _goes_on_below(parser):
        _on_one_line(parser, begin, head)
        return
    kind = "if"
    while True:
        inner = block(parser, "if")
        close(parser, begin, kind, head, inner)
        begin = parser.at
        if not _next_arm(parser):
            break
        kind, head = _arm(parser)
    ended(parser, "if")


def _goes_on_below(parser: Parser) -> bool:
    """``If x Then : `` and the end of the line."""
    return parser.keys[parser.at] == ":" and parser.keys[parser.at + 1] in _LINE


def _next_arm(parser: Parser) -> bool:
    return parser.keys[parser.at] in {"else", "elseif"}


def _arm(parser: Parser) -> tuple[str, tuple[Node, ...]]:
    joined = parser.grammar.language == "vbnet" and parser.keys[parser.at + 1] == "if"
    if parser.accept("elseif") or (joined and parser.accept("else") and parser.accept("if")):
        head = (parser.expression(),)
        parser.accept("then")
        return "elseif", head
    parser.at += 1
    return "else", ()


def _on_one_line(parser: Parser, begin: int, head: tuple[Node, ...]) -> None:
    inner = parser.body(_OF_LINE)
    close(parser, begin, "if", head, inner)
    while parser.keys[parser.at] in {"else", "elseif"}:
        begin = parser.at
        kind, head = _arm(parser)
        close(parser, begin, kind, head, parser.body(_OF_LINE))
    if parser.keys[parser.at] == "end" and parser.keys[parser.at + 1] == "if":
        parser.at += 2


# -- loops and others


def for_next(parser: Parser) -> None:
    """Read ``For i = a To b Step c`` and ``For Each x In c``."""
    begin = parser.at
    parser.at += 1
    if parser.accept("each"):
        head: tuple[Node, ...] = (_element(parser),)
        kind = "foreach"
    else:
        head, kind = _counter(parser), "for"
    inner = block(parser, "for")
    ended(parser, "for")
    close(parser, begin, kind, head, inner)


def _element(parser: Parser) -> Node:
    target = parser.operand()
    kind = declared_as(parser)
    parser.accept("in")
    values = parser.expression()
    some = Index(values.start, values.end, values, ())
    name = target.name if isinstance(target, Name) else ""
    return Declare(target.start, max(parser.end(), values.end), name, kind, some, ())


def _counter(parser: Parser) -> tuple[Node, ...]:
    target = parser.operand()
    declared_as(parser)
    parser.accept("=")
    value = parser.expression()
    found: list[Node] = [Assign(target.start, max(target.end, value.end), "=", target, value)]
    while parser.keys[parser.at] in {"to", "step"}:
        parser.at += 1
        found.append(parser.expression())
    return tuple(found)


def do_loop(parser: Parser) -> None:
    """Read ``Do While x … Loop`` and ``Do … Loop Until x``."""
    begin = parser.at
    parser.at += 1
    head = _condition(parser)
    inner = block(parser, "do")
    ended(parser, "do")
    head += _condition(parser)
    close(parser, begin, "do", head, inner)


def _condition(parser: Parser) -> tuple[Node, ...]:
    if parser.keys[parser.at] not in {"while", "until"}:
        return ()
    begin = parser.at
    parser.at += 1
    test = parser.expression()
    if parser.keys[begin] == "until":
        test = Unary(test.start, test.end, "not", test)
    return (test,)


def headed(kind: str, name: str) -> Statement:
    """Make the reader of ``While x``, ``SyncLock x``, ``Select Case x``."""

    def read(parser: Parser) -> None:
        begin = parser.at
        parser.at += 1
        if kind == "select":
            parser.accept("case")
        head = (parser.expression(),)
        inner = block(parser, kind)
        ended(parser, kind)
        close(parser, begin, name, head, inner)

    return read


def with_target(parser: Parser) -> None:
    """Read ``With x``; a target that is worked out is kept in a made variable."""
    begin = parser.at
    parser.at += 1
    target = parser.expression()
    if not isinstance(target, Name | Member) or len(parser.with_targets) > 1:
        target = parser.spilled(target)
    parser.with_targets.append(target)
    inner = block(parser, "with")
    ended(parser, "with")
    parser.with_targets.pop()
    close(parser, begin, "with", (target,), inner)


def using(parser: Parser) -> None:
    """Read ``Using x As New T(…)`` and ``Using x``."""
    begin = parser.at
    parser.at += 1
    outer, parser.out = parser.out, []
    if parser.keys[parser.at + 1] in {"as", "="}:
        basic_lines.variables(parser)
    else:
        parser.out.append(parser.expression())
    head, parser.out = tuple(parser.out), outer
    inner = block(parser, "using")
    ended(parser, "using")
    close(parser, begin, "using", head, inner)


def attempt(parser: Parser) -> None:
    """Read ``Try`` with its ``Catch`` and ``Finally``."""
    begin = parser.at
    kind = "try"
    head: tuple[Node, ...] = ()
    parser.at += 1
    while True:
        close(parser, begin, kind, head, block(parser, "try"))
        begin, kind = parser.at, parser.keys[parser.at]
        if kind not in {"catch", "finally"}:
            break
        parser.at += 1
        head = _caught(parser) if kind == "catch" else ()
    ended(parser, "try")


def _caught(parser: Parser) -> tuple[Node, ...]:
    found: tuple[Node, ...] = ()
    if parser.is_name(parser.at) and parser.keys[parser.at] != "when":
        at = parser.at
        parser.at += 1
        kind = declared_as(parser)
        found = (Declare(parser.starts[at], parser.end(), parser.words[at], kind, None, ()),)
    if parser.accept("when"):
        found += (parser.expression(),)
    return found


def stop(parser: Parser) -> None:
    """Pass over a closing word without a block; a plain ``End`` ends the page."""
    closes, words = _closing(parser)
    if not closes:
        parser.out.append(Jump(parser.starts[parser.at], parser.ends[parser.at], "exit", None))
    parser.at += words
    if closes in {"for", "do"}:
        basic_lines.line(parser)


STATEMENTS: dict[str, Statement] = {
    "if": if_then, "for": for_next, "do": do_loop, "while": headed("while", "while"),
    "select": headed("select", "switch"),
    "synclock": headed("synclock", "lock"), "with": with_target, "using": using, "try": attempt,
    **dict.fromkeys(("end", "else", "elseif", "loop", "wend", "next", "catch", "finally"), stop),
}  # fmt: skip
