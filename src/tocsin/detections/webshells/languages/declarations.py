"""Declarations of the languages with curly braces: variables, properties, methods."""

from __future__ import annotations

from tocsin.detections.webshells.code import Declare, Function, Node, Parameter, Unknown
from tocsin.detections.webshells.languages import functions
from tocsin.detections.webshells.languages.parser import Parser
from tocsin.detections.webshells.languages.types import type_end

ENDS = frozenset({";", "}", ")", "]", "", ","})
"""Where a statement ends."""
NOT_DECLARED = frozenset(
    {"in", "is", "as", "instanceof", "switch", "when", "with", "and", "or", "xor", "not", "of"}
)
"""Words between names that are operators."""
ACCESSORS = {"get": "getter", "set": "setter", "init": "setter", "add": "setter", "remove": "setter"}
"""What the parts of a property are."""


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
        method(parser, begin)
    elif parser.modifiers and (parser.is_name(parser.at) or key[:1] == "$"):
        variables(parser, "")
    else:
        simple(parser)


def method(parser: Parser, begin: int) -> None:
    """Read ``name(…) {…}`` in a class of JScript."""
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
    if behind < 0 or not parser.is_name(behind) or parser.keys[behind] in NOT_DECLARED:
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
    while parser.keys[behind] not in ENDS and parser.keys[behind] != "(":
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
    if not keys[begin] or keys[begin] in ENDS:
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
    role = ACCESSORS.get(parser.keys[begin])
    parser.at += 1
    if role is None or parser.keys[parser.at] not in {"{", "=>"}:
        return
    value = Parameter(parser.starts[begin], parser.starts[begin], "value", kind, None, ())
    given = () if role == "getter" else (value,)
    inner = functions.function_body(parser)
    parser.out.append(
        Function(parser.starts[begin], parser.end(), name, role, given, inner, (), words, kind, ())
    )
