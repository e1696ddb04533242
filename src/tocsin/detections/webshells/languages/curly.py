"""Statements of the languages with curly braces.

One reader for all of them: what begins with a word of the dialect's table is that statement; a type followed
by a name is a declaration, where the dialect has such; everything else is an expression. A missing semicolon
is no error (JScript allows it, and code that was cut off has none).
"""

from __future__ import annotations

from tocsin.detections.webshells.code import (
    Block,
    Call,
    Class,
    Declare,
    Import,
    Index,
    Jump,
    Name,
    Node,
    Parameter,
)
from tocsin.detections.webshells.languages import declarations, functions
from tocsin.detections.webshells.languages.declarations import ACCESSORS, ENDS, NOT_DECLARED
from tocsin.detections.webshells.languages.parser import DEEPEST_NEST, Parser, Statement
from tocsin.detections.webshells.languages.types import type_end

_BEGINS_TYPE = frozenset({".", "<", "[", "?", "::"})
_LONGEST_LOOK = 40


def statement(parser: Parser) -> None:
    """Read one statement or declaration onto ``parser.out``."""
    key = parser.keys[parser.at]
    handler = parser.grammar.statements.get(key)
    if handler is not None:
        handler(parser)
        return
    if key in parser.grammar.modifiers or (key[0] in "[@" and _has_attributes(parser, key)):
        declarations.declared(parser)
        return
    if _begins_declaration(parser):
        if not parser.grammar.casts:
            declarations.method(parser, parser.at)
            return
        if declarations.declaration(parser, parser.at):
            return
    declarations.simple(parser)


def _has_attributes(parser: Parser, key: str) -> bool:
    if not parser.grammar.casts:
        return False
    return key == "[" or (key[0] == "@" and "->" in parser.grammar.lambdas)


def _begins_declaration(parser: Parser) -> bool:
    """A cheap look: a name, then what can go on with a type, a name, or a constructor's brackets."""
    at = parser.at
    if not parser.is_name(at):
        return False
    key = parser.keys[at + 1]
    if key == "(":
        closer = parser.partner.get(at + 1, -1)
        inside = parser.grammar.casts or bool(parser.classes and parser.classes[-1])
        return inside and closer > 0 and parser.keys[closer + 1] in {"{", "throws"}
    if not parser.grammar.casts:
        return False
    return key in _BEGINS_TYPE or (parser.is_name(at + 1) and key not in NOT_DECLARED)


# -- statements by their first word


def empty(parser: Parser) -> None:
    """Pass over a semicolon."""
    parser.at += 1


def bare_block(parser: Parser) -> None:
    """Read ``{…}``."""
    begin = parser.at
    inner = functions.block(parser)
    parser.out.append(Block(parser.starts[begin], parser.end(), "block", (), inner))


def headed(kind: str) -> Statement:
    """Make the reader of ``kind (head) body``."""

    def read(parser: Parser) -> None:
        begin = parser.at
        parser.at += 1
        head = _head(parser)
        close_block(parser, begin, kind, head, body_of(parser))

    return read


def close_block(
    parser: Parser, begin: int, kind: str, head: tuple[Node, ...], inner: tuple[Node, ...]
) -> None:
    """Add the block that began at the word ``begin``."""
    end = max(parser.end(), parser.starts[begin])
    parser.out.append(Block(parser.starts[begin], end, kind, head, inner))


def _head(parser: Parser) -> tuple[Node, ...]:
    """Read what stands in the brackets behind a keyword, statements and declarations included."""
    if parser.keys[parser.at] != "(":
        return ()
    closer = parser.partner.get(parser.at)
    parser.at += 1
    found = parser.body(frozenset({")", "{", "}"} if closer is None else {")"}))
    if closer is not None:
        parser.at = max(parser.at, closer)
    parser.accept(")")
    return found


def body_of(parser: Parser) -> tuple[Node, ...]:
    """Read a block, the block of PHP's colon, or one statement."""
    key = parser.keys[parser.at]
    if key == "{":
        return functions.block(parser)
    if key == ":" and parser.grammar.block_ends:
        parser.at += 1
        return parser.body(parser.grammar.block_ends)
    if key in {"}", ""}:
        return ()
    outer, parser.out = parser.out, []
    parser.nest += 1
    if parser.nest > DEEPEST_NEST:
        parser.out.append(parser.skipped())
    else:
        parser.step()
    parser.nest -= 1
    inner, parser.out = tuple(parser.out), outer
    return inner


def otherwise(parser: Parser) -> None:
    """Read ``else`` and ``else if``: each stands beside the ``if``."""
    begin = parser.at
    parser.at += 1
    if parser.accept("if"):
        head = _head(parser)
        close_block(parser, begin, "elseif", head, body_of(parser))
    else:
        close_block(parser, begin, "else", (), body_of(parser))


def do(parser: Parser) -> None:
    """Read ``do … while (test)``."""
    begin = parser.at
    parser.at += 1
    inner = body_of(parser)
    head = _head(parser) if parser.accept("while") else ()
    close_block(parser, begin, "do", head, inner)
    declarations.finished(parser)


def loop(parser: Parser) -> None:
    """Read ``for (…;…;…)``, ``for (x in c)``, ``for (T x : c)``, ``foreach (…)``."""
    begin = parser.at
    parser.at += 1
    if parser.keys[parser.at] in {"each", "await"}:
        parser.at += 1
    divider = _divider(parser, parser.at) if parser.keys[parser.at] == "(" else -1
    if divider < 0:
        head = _head(parser)
        close_block(parser, begin, "for", head, body_of(parser))
        return
    head = (_element(parser, divider),)
    parser.accept(")")
    close_block(parser, begin, "foreach", head, body_of(parser))


def _divider(parser: Parser, at: int) -> int:
    """Give the index of ``in``, ``of`` or ``:`` if the loop runs over a collection."""
    keys = parser.keys
    for place in range(at + 1, min(at + _LONGEST_LOOK, len(keys))):
        key = keys[place]
        if key in {"in", "of"} or (key == ":" and parser.grammar.casts):
            return place
        if key in {";", "=", "", "{", "?"} or (key == ")" and place == parser.partner.get(at)):
            return -1
    return -1


def _element(parser: Parser, divider: int) -> Node:
    opener = parser.at
    name, start = parser.words[divider - 1], parser.starts[divider - 1]
    kind = parser.joined(opener + 1, max(divider - 1, opener + 1))
    parser.at = divider + 1
    values = parser.expression()
    some = Index(values.start, values.end, values, ())
    closer = parser.partner.get(opener)
    if closer is not None:
        parser.at = max(parser.at, closer)
    return Declare(start, max(parser.end(), start), name, kind, some, ())


def caught(parser: Parser) -> None:
    """Read ``catch (T name) when (x) {…}``."""
    begin = parser.at
    parser.at += 1
    head: tuple[Node, ...] = ()
    if parser.keys[parser.at] == "(":
        head = tuple(
            Declare(node.start, node.end, node.name, node.type, None, ())
            for node in parser.listed(")", functions.parameter)
            if isinstance(node, Parameter)
        )
    if parser.accept("when"):
        head += _head(parser)
    close_block(parser, begin, "catch", head, body_of(parser))


def case(parser: Parser) -> None:
    """Read ``case x:``; what it guards stands beside it."""
    begin = parser.at
    parser.at += 1
    head: tuple[Node, ...] = (parser.expression(),)
    if parser.accept("when"):
        head += (parser.expression(),)
    if parser.keys[parser.at] in {":", ";"}:
        parser.at += 1
    close_block(parser, begin, "case", head, ())


def default(parser: Parser) -> None:
    """Read ``default:``, or an expression that begins so."""
    if parser.keys[parser.at + 1] not in {":", "->", "=>"}:
        declarations.simple(parser)
        return
    begin = parser.at
    parser.at += 2
    close_block(parser, begin, "default", (), ())


def jump(kind: str) -> Statement:
    """Make the reader of ``return x;`` and its kin."""

    def read(parser: Parser) -> None:
        begin = parser.at
        parser.at += 1
        value = None if parser.keys[parser.at] in ENDS else parser.expression()
        parser.out.append(Jump(parser.starts[begin], parser.end(), kind, value))
        declarations.finished(parser)

    return read


def yielded(parser: Parser) -> None:
    """Read ``yield return x``, ``yield x``, ``yield break``."""
    if parser.keys[parser.at + 1] in {"return", "break"}:
        parser.at += 1
    jump("yield")(parser)


def imported(parser: Parser) -> None:
    """Read ``using A.B;``, ``using A = B;``, ``import a.b.*;``."""
    begin = parser.at
    parser.at += 1
    first = parser.at
    keys = parser.keys
    while (
        keys[parser.at] not in ENDS
        and keys[parser.at] not in {"=", "{", "("}
        and parser.at < first + _LONGEST_LOOK
    ):
        parser.at += 1
    alias = ""
    if keys[parser.at] == "=":
        alias = parser.joined(first, parser.at)
        parser.at += 1
        first = parser.at
        while keys[parser.at] not in ENDS and parser.at < first + _LONGEST_LOOK:
            parser.at += 1
    name = parser.joined(first, parser.at)
    parser.out.append(Import(parser.starts[begin], parser.end(), name, alias))
    declarations.finished(parser)


def using(parser: Parser) -> None:
    """Read ``using (x) {…}`` as a block, ``using T x = …;`` as a declarations.declaration, or an import."""
    at = parser.at + 1
    if parser.keys[at] == "(":
        headed("using")(parser)
        return
    behind = type_end(parser, at)
    if (
        behind > 0
        and parser.is_name(behind)
        and parser.keys[behind + 1] == "="
        and parser.keys[at] != "static"
    ):
        parser.at = at
        return
    imported(parser)


def namespace(parser: Parser) -> None:
    """Read ``namespace a.b {…}`` or ``namespace a;``."""
    begin = parser.at
    parser.at += 1
    first = parser.at
    while parser.is_name(parser.at) or parser.keys[parser.at] in {".", "\\"}:
        parser.at += 1
    name = Name(
        parser.starts[first], max(parser.end(), parser.starts[first]), parser.joined(first, parser.at)
    )
    inner = functions.block(parser) if parser.keys[parser.at] == "{" else ()
    declarations.finished(parser)
    close_block(parser, begin, "namespace", (name,), inner)


def class_statement(parser: Parser) -> None:
    """Read ``class X : Y {…}`` and its kin; the word may be a plain name."""
    begin = parser.at
    if not parser.is_name(begin + 1) and parser.keys[begin + 1] != "{":
        declarations.simple(parser)
        return
    parser.at += 1
    if parser.keys[parser.at] in {"class", "struct"}:
        parser.at += 1
    node: Class = functions.class_of(parser, begin)
    parser.out.append(node)
    declarations.finished(parser)


def function_statement(parser: Parser) -> None:
    """Read ``function f(…) {…}``, ``function get x() {…}``; without a name it is an expression."""
    begin = parser.at
    keys = parser.keys
    at = begin + 1
    while keys[at] in {"&", "*"}:
        at += 1
    if keys[at] == "(" or not parser.is_name(at):
        declarations.simple(parser)
        return
    kind = "function"
    if keys[at] in ACCESSORS and parser.is_name(at + 1):
        kind = ACCESSORS[keys[at]]
        at += 1
    name = parser.words[at]
    while keys[at + 1] == "." and parser.is_name(at + 2):
        at += 2
    parser.at = at + 1
    parser.out.append(functions.function(parser, begin, name, kind, ""))
    declarations.finished(parser)


def variable_statement(parser: Parser) -> None:
    """Read ``var a = 1, b;``."""
    if not (parser.is_name(parser.at + 1) or parser.keys[parser.at + 1] in {"{", "["}):
        declarations.simple(parser)
        return
    parser.at += 1
    declarations.variables(parser, "")


def words_call(separator: str = ",") -> Statement:
    """Make the reader of ``echo a, b;``: a call without brackets."""

    def read(parser: Parser) -> None:
        begin = parser.at
        name = Name(parser.starts[begin], parser.ends[begin], parser.keys[begin])
        parser.at += 1
        values: list[Node] = []
        while parser.keys[parser.at] not in ENDS:
            values.append(parser.expression())
            if not parser.accept(separator):
                break
        parser.out.append(Call(name.start, parser.end(), name, tuple(values)))
        declarations.finished(parser)

    return read


def output(parser: Parser) -> None:
    """Read the expression that the page writes."""
    parser.out.append(parser.outputs())
    declarations.finished(parser)


COMMON: dict[str, Statement] = {
    ";": empty, "{": bare_block, "if": headed("if"), "while": headed("while"), "switch": headed("switch"),
    "try": headed("try"), "finally": headed("finally"), "else": otherwise, "do": do, "for": loop,
    "catch": caught,
    "case": case, "default": default, "return": jump("return"), "throw": jump("throw"),
    "break": jump("break"),
    "continue": jump("continue"), "goto": jump("goto"), "class": class_statement,
    "interface": class_statement, "<%=": output, "=": output,
}  # fmt: skip
