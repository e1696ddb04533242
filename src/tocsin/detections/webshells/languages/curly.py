"""Statements and declarations of the languages with curly braces.

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
    Function,
    Import,
    Index,
    Jump,
    Name,
    Node,
    Parameter,
    Unknown,
)
from tocsin.detections.webshells.languages import functions
from tocsin.detections.webshells.languages.parser import DEEPEST_NEST, Parser, Statement
from tocsin.detections.webshells.languages.types import type_end

_ENDS = frozenset({";", "}", ")", "]", "", ","})
_NOT_DECLARED = frozenset(
    {"in", "is", "as", "instanceof", "switch", "when", "with", "and", "or", "xor", "not", "of"}
)
_BEGINS_TYPE = frozenset({".", "<", "[", "?", "::"})
_LONGEST_LOOK = 40
_ACCESSORS = {"get": "getter", "set": "setter", "init": "setter", "add": "setter", "remove": "setter"}


def statement(parser: Parser) -> None:
    """Read one statement or declaration onto ``parser.out``."""
    key = parser.keys[parser.at]
    handler = parser.grammar.statements.get(key)
    if handler is not None:
        handler(parser)
        return
    if key in parser.grammar.modifiers or (key[0] in "[@" and _has_attributes(parser, key)):
        declared(parser)
        return
    if _begins_declaration(parser):
        if not parser.grammar.casts:
            _method(parser, parser.at)
            return
        if declaration(parser, parser.at):
            return
    simple(parser)


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
    return key in _BEGINS_TYPE or (parser.is_name(at + 1) and key not in _NOT_DECLARED)


def simple(parser: Parser) -> None:
    """Read an expression as a statement, also ``a, b;`` and a label."""
    if parser.keys[parser.at + 1] == ":" and parser.is_name(parser.at):
        parser.at += 2
        return
    node = parser.expression()
    if not (isinstance(node, Unknown) and node.start == node.end):
        parser.out.append(node)
    if parser.keys[parser.at] in {";", ","}:
        parser.at += 1


def finished(parser: Parser) -> None:
    """Pass over the semicolon, if there is one."""
    parser.accept(";")


# -- declarations


def declared(parser: Parser) -> None:
    """Read attributes and modifiers, then what they belong to."""
    begin = parser.at
    marks: list[Node] = []
    words: list[str] = []
    while True:
        marks += functions.attributes(parser)
        key = parser.keys[parser.at]
        if key not in parser.grammar.modifiers or _is_used_as_name(parser):
            break
        words.append(key)
        parser.at += 1
    parser.attributes, parser.modifiers = tuple(marks), tuple(words)
    _declared(parser, begin)
    parser.attributes, parser.modifiers = (), ()


def _is_used_as_name(parser: Parser) -> bool:
    """``static::f()``, ``get = 1``, ``async(x)``: a modifier's word that is none here."""
    following = parser.keys[parser.at + 1]
    return not following or not (following[0].isalpha() or following[0] in "_$@[<{*")


def _declared(parser: Parser, begin: int) -> None:
    key = parser.keys[parser.at]
    handler = parser.grammar.statements.get(key) if parser.at > begin else None
    if handler is not None:
        handler(parser)
    elif parser.grammar.casts and declaration(parser, begin):
        return
    elif parser.keys[parser.at + 1] == "(" and parser.is_name(parser.at) and not parser.grammar.casts:
        _method(parser, begin)
    elif parser.modifiers and (parser.is_name(parser.at) or key[:1] == "$"):
        variables(parser, "")
    else:
        simple(parser)


def _method(parser: Parser, begin: int) -> None:
    name = parser.words[parser.at]
    parser.at += 1
    parser.out.append(functions.function(parser, begin, name, "function", ""))
    finished(parser)


def declaration(parser: Parser, begin: int) -> bool:
    """Read ``T name …`` of a field, variable, property, method or constructor; say whether it was one."""
    at = parser.at
    if parser.keys[at + 1] == "(" and parser.is_name(at):
        return _constructor(parser, begin)
    if parser.keys[at] == "<":
        at = type_end(parser, at, arguments_only=True)
    behind = type_end(parser, at) if at >= 0 else -1
    if behind < 0 or not parser.is_name(behind) or parser.keys[behind] in _NOT_DECLARED:
        return False
    parser.at = behind
    _named(parser, begin, parser.joined(at, behind))
    return True


def _constructor(parser: Parser, begin: int) -> bool:
    closer = parser.partner.get(parser.at + 1, -1)
    if closer < 0 or parser.keys[closer + 1] not in {"{", ":", "=>", "throws"}:
        return False
    name = parser.words[parser.at]
    parser.at += 1
    parser.out.append(functions.function(parser, begin, name, "constructor", ""))
    return True


def _named(parser: Parser, begin: int, kind: str) -> None:
    """Read on from the name behind a type."""
    at = parser.at
    keys = parser.keys
    if keys[at] == "operator":
        at = _to_bracket(parser, at)
    while keys[at + 1] in {".", "::"} and parser.is_name(at + 2):
        at += 2
    if keys[at + 1] == "<" and (behind := type_end(parser, at + 1, arguments_only=True)) > 0:
        name = parser.words[at]
    else:
        name, behind = parser.words[at], at + 1
    key = keys[behind]
    if key == "(":
        parser.at = behind
        parser.out.append(functions.function(parser, begin, name, "function", kind))
        finished(parser)
    elif key in {"{", "=>"} or (key == "[" and keys[at] == "this"):
        parser.at = behind
        _property(parser, begin, name, kind)
    else:
        variables(parser, kind)


def _to_bracket(parser: Parser, at: int) -> int:
    behind = at + 1
    while parser.keys[behind] not in _ENDS and parser.keys[behind] != "(":
        behind += 1
    return behind - 1


def variables(parser: Parser, kind: str) -> None:
    """Read ``a = 1, b[] = {…}, c: T`` up to the semicolon."""
    words = parser.modifiers
    marks, parser.modifiers, parser.attributes = parser.attributes, (), ()
    del marks
    if parser.classes and parser.classes[-1]:
        words = (*words, "field")
    while True:
        before = parser.at
        _variable(parser, kind, words)
        if not parser.accept(",") or parser.at == before:
            break
    finished(parser)


def _variable(parser: Parser, kind: str, words: tuple[str, ...]) -> None:
    begin = parser.at
    keys = parser.keys
    if keys[begin] in {"{", "["}:
        parser.out.append(parser.expression())
        return
    if not keys[begin] or keys[begin] in _ENDS:
        return
    parser.at += 1
    while keys[parser.at] == "[" and keys[parser.at + 1] in {"]", ","}:
        kind += "[]"
        parser.at = parser.partner.get(parser.at, parser.at) + 1
    if keys[parser.at] == ":" and not parser.grammar.casts:
        kind = functions.declared_type(parser)
    value = parser.expression() if parser.accept("=") else None
    end = max(parser.end(), parser.starts[begin])
    parser.out.append(Declare(parser.starts[begin], end, parser.words[begin], kind, value, words))


def _property(parser: Parser, begin: int, name: str, kind: str) -> None:
    words = parser.modifiers
    marks, parser.attributes, parser.modifiers = parser.attributes, (), ()
    if parser.keys[parser.at] == "[":
        parser.listed("]", functions.parameter)
    if parser.keys[parser.at] == "=>":
        inner = functions.function_body(parser)
        node = Function(parser.starts[begin], parser.end(), name, "getter", (), inner, marks, words, kind, ())
        parser.out.append(node)
        finished(parser)
        return
    closer = parser.partner.get(parser.at, len(parser.keys))
    parser.at += 1
    while parser.at < closer and parser.keys[parser.at]:
        _accessor(parser, name, kind, words)
    parser.accept("}")
    value = parser.expression() if parser.accept("=") else None
    end = max(parser.end(), parser.starts[begin])
    parser.out.append(Declare(parser.starts[begin], end, name, kind, value, (*words, "field", "property")))
    finished(parser)


def _accessor(parser: Parser, name: str, kind: str, words: tuple[str, ...]) -> None:
    begin = parser.at
    role = _ACCESSORS.get(parser.keys[begin])
    parser.at += 1
    if role is None or parser.keys[parser.at] not in {"{", "=>"}:
        return
    value = Parameter(parser.starts[begin], parser.starts[begin], "value", kind, None, ())
    given = () if role == "getter" else (value,)
    inner = functions.function_body(parser)
    parser.out.append(
        Function(parser.starts[begin], parser.end(), name, role, given, inner, (), words, kind, ())
    )


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
    finished(parser)


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
        simple(parser)
        return
    begin = parser.at
    parser.at += 2
    close_block(parser, begin, "default", (), ())


def jump(kind: str) -> Statement:
    """Make the reader of ``return x;`` and its kin."""

    def read(parser: Parser) -> None:
        begin = parser.at
        parser.at += 1
        value = None if parser.keys[parser.at] in _ENDS else parser.expression()
        parser.out.append(Jump(parser.starts[begin], parser.end(), kind, value))
        finished(parser)

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
        keys[parser.at] not in _ENDS
        and keys[parser.at] not in {"=", "{", "("}
        and parser.at < first + _LONGEST_LOOK
    ):
        parser.at += 1
    alias = ""
    if keys[parser.at] == "=":
        alias = parser.joined(first, parser.at)
        parser.at += 1
        first = parser.at
        while keys[parser.at] not in _ENDS and parser.at < first + _LONGEST_LOOK:
            parser.at += 1
    name = parser.joined(first, parser.at)
    parser.out.append(Import(parser.starts[begin], parser.end(), name, alias))
    finished(parser)


def using(parser: Parser) -> None:
    """Read ``using (x) {…}`` as a block, ``using T x = …;`` as a declaration, or an import."""
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
    finished(parser)
    close_block(parser, begin, "namespace", (name,), inner)


def class_statement(parser: Parser) -> None:
    """Read ``class X : Y {…}`` and its kin; the word may be a plain name."""
    begin = parser.at
    if not parser.is_name(begin + 1) and parser.keys[begin + 1] != "{":
        simple(parser)
        return
    parser.at += 1
    if parser.keys[parser.at] in {"class", "struct"}:
        parser.at += 1
    node: Class = functions.class_of(parser, begin)
    parser.out.append(node)
    finished(parser)


def function_statement(parser: Parser) -> None:
    """Read ``function f(…) {…}``, ``function get x() {…}``; without a name it is an expression."""
    begin = parser.at
    keys = parser.keys
    at = begin + 1
    while keys[at] in {"&", "*"}:
        at += 1
    if keys[at] == "(" or not parser.is_name(at):
        simple(parser)
        return
    kind = "function"
    if keys[at] in _ACCESSORS and parser.is_name(at + 1):
        kind = _ACCESSORS[keys[at]]
        at += 1
    name = parser.words[at]
    while keys[at + 1] == "." and parser.is_name(at + 2):
        at += 2
    parser.at = at + 1
    parser.out.append(functions.function(parser, begin, name, kind, ""))
    finished(parser)


def variable_statement(parser: Parser) -> None:
    """Read ``var a = 1, b;``."""
    if not (parser.is_name(parser.at + 1) or parser.keys[parser.at + 1] in {"{", "["}):
        simple(parser)
        return
    parser.at += 1
    variables(parser, "")


def words_call(separator: str = ",") -> Statement:
    """Make the reader of ``echo a, b;``: a call without brackets."""

    def read(parser: Parser) -> None:
        begin = parser.at
        name = Name(parser.starts[begin], parser.ends[begin], parser.keys[begin])
        parser.at += 1
        values: list[Node] = []
        while parser.keys[parser.at] not in _ENDS:
            values.append(parser.expression())
            if not parser.accept(separator):
                break
        parser.out.append(Call(name.start, parser.end(), name, tuple(values)))
        finished(parser)

    return read


def output(parser: Parser) -> None:
    """Read the expression that the page writes."""
    parser.out.append(parser.outputs())
    finished(parser)


COMMON: dict[str, Statement] = {
    ";": empty, "{": bare_block, "if": headed("if"), "while": headed("while"), "switch": headed("switch"),
    "try": headed("try"), "finally": headed("finally"), "else": otherwise, "do": do, "for": loop,
    "catch": caught,
    "case": case, "default": default, "return": jump("return"), "throw": jump("throw"),
    "break": jump("break"),
    "continue": jump("continue"), "goto": jump("goto"), "class": class_statement,
    "interface": class_statement, "<%=": output, "=": output,
}  # fmt: skip
