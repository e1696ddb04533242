"""Functions, properties, classes and attributes of Basic."""

from __future__ import annotations

from tocsin.detections.webshells.code import (
    Block,
    Call,
    Class,
    Declare,
    Function,
    Jump,
    Literal,
    Name,
    Node,
    Parameter,
)
from tocsin.detections.webshells.languages import basic_lines
from tocsin.detections.webshells.languages.basic_blocks import block, ended
from tocsin.detections.webshells.languages.basic_types import declared_as, type_words
from tocsin.detections.webshells.languages.literals import doubled
from tocsin.detections.webshells.languages.parser import Parser, Statement

_PASSED = frozenset({"byval", "byref", "optional", "paramarray", "\n", "_"})


def parameter(parser: Parser) -> Node:
    """Read ``Optional ByVal a() As T = 1``."""
    begin = parser.at
    marks = _attributes(parser)
    while parser.keys[parser.at] in _PASSED:
        parser.at += 1
    at = parser.at
    if not parser.is_name(at) and parser.keys[at][:1] != "[":
        return parser.misplaced()
    parser.at += 1
    if parser.keys[parser.at] == "(" and parser.keys[parser.at + 1] in {")", ","}:
        parser.at = parser.partner.get(parser.at, parser.at) + 1
    kind = declared_as(parser)
    default = parser.expression() if parser.accept("=") else None
    name = parser.words[at].strip("[]")
    return Parameter(
        parser.starts[begin], max(parser.end(), parser.starts[begin]), name, kind, default, marks
    )


def parameters(parser: Parser) -> tuple[Parameter, ...]:
    """Read the list of parameters, if there is one."""
    if parser.keys[parser.at] != "(":
        return ()
    found = parser.listed(")", parameter, (",", "\n"))
    return tuple(node for node in found if isinstance(node, Parameter))


def function(parser: Parser) -> None:
    """Read ``Sub``, ``Function``, ``Operator`` with its body."""
    begin = parser.at
    kind = parser.keys[begin]
    parser.at += 1
    if parser.keys[parser.at] in basic_lines.ENDS:
        parser.attributes, parser.modifiers = (), ()
        return
    name = parser.words[parser.at].strip("[]")
    parser.at += 1
    role = "constructor" if name.lower() in {"new", "class_initialize"} else "function"
    _finish_function(parser, begin, kind, name, role)


def _finish_function(parser: Parser, begin: int, kind: str, name: str, role: str) -> None:
    marks, words = parser.attributes, parser.modifiers
    parser.attributes, parser.modifiers = (), ()
    if "declare" in words:
        marks += _library(parser)
    if parser.keys[parser.at] == "(" and parser.keys[parser.at + 1] == "of":
        parser.at = parser.partner.get(parser.at, parser.at) + 1
    given = parameters(parser)
    returns = declared_as(parser)
    handles = _handles(parser)
    inner: tuple[Node, ...] = ()
    if not {"mustoverride", "declare"} & set(words) and parser.classes[-1:] != ["interface"]:
        inner = _inner(parser, kind)
    end = max(parser.end(), parser.starts[begin])
    parser.out.append(
        Function(parser.starts[begin], end, name, role, given, inner, marks, words, returns, handles)
    )


def _library(parser: Parser) -> tuple[Node, ...]:
    """``Lib "a.dll" Alias "b"``, given as C#'s ``[DllImport("a.dll", EntryPoint: "b")]``."""
    begin = parser.at
    found: list[Node] = []
    while parser.keys[parser.at] in {"lib", "alias"}:
        at = parser.at = parser.at + 1
        if parser.words[at][:1] == '"':
            parser.at += 1
            found.append(Literal(parser.starts[at], parser.ends[at], doubled(parser.words[at])))
    start = parser.starts[begin]
    return (Call(start, max(parser.end(), start), Name(start, start, "DllImport"), tuple(found)),)


def _inner(parser: Parser, kind: str) -> tuple[Node, ...]:
    parser.classes.append("")
    inner = block(parser, kind)
    ended(parser, kind)
    parser.classes.pop()
    return inner


def _handles(parser: Parser) -> tuple[str, ...]:
    found: list[str] = []
    if parser.keys[parser.at] in {"handles", "implements"}:
        begin = parser.at
        basic_lines.line(parser)
        if parser.keys[begin] == "handles":
            found = parser.joined(begin + 1, parser.at).split(",")
    return tuple(found)


def lambda_of(parser: Parser) -> Node:
    """Read ``Function(x) x + 1`` or, over lines, with ``End Function``."""
    begin = parser.at
    kind = parser.keys[begin]
    parser.at += 1
    given = parameters(parser)
    declared_as(parser)
    if parser.keys[parser.at] == "\n":
        inner = _inner(parser, kind)
    elif kind == "function":
        value = parser.expression()
        inner = (Jump(value.start, value.end, "return", value),)
    else:
        inner = _one(parser)
    start = parser.starts[begin]
    return Function(start, max(parser.end(), start), "", "lambda", given, inner, (), (), "", ())


def _one(parser: Parser) -> tuple[Node, ...]:
    outer, parser.out = parser.out, []
    parser.step()
    inner, parser.out = tuple(parser.out), outer
    return inner


def accessor(parser: Parser) -> None:
    """Read ``Property Get x(…)`` (VBScript), ``Property x As T`` with ``Get`` and ``Set`` or without."""
    begin = parser.at
    parser.at += 1
    role = parser.keys[parser.at]
    if role in {"get", "let", "set"} and parser.is_name(parser.at + 1):
        parser.at += 1
        name = parser.words[parser.at]
        parser.at += 1
        _finish_function(parser, begin, "property", name, "getter" if role == "get" else "setter")
        return
    _property(parser, begin)


def _property(parser: Parser, begin: int) -> None:
    words, parser.modifiers, parser.attributes = parser.modifiers, (), ()
    name = parser.words[parser.at].strip("[]")
    parser.at += 1
    parameters(parser)
    kind = declared_as(parser)
    value: Node | None = None
    if parser.keys[parser.at] == "as":
        parser.at += 1
        value = parser.expression()
    if parser.accept("="):
        value = parser.expression()
    basic_lines.line(parser)
    end = max(parser.end(), parser.starts[begin])
    parser.out.append(Declare(parser.starts[begin], end, name, kind, value, (*words, "field", "property")))
    for _ in range(2):
        _accessor(parser, name, kind)
    if parser.keys[parser.at] == "\n" and parser.keys[parser.at + 1] == "end":
        parser.at += 1
    ended(parser, "property")


def _accessor(parser: Parser, name: str, kind: str) -> None:
    at = parser.at
    while parser.keys[at] in {"\n", ":", "private", "protected", "friend"}:
        at += 1
    role = parser.keys[at]
    if role not in {"get", "set"} or parser.keys[at + 1] not in {"\n", "(", ":"}:
        return
    parser.at = at + 1
    given = parameters(parser)
    inner = _inner(parser, role)
    start = parser.starts[at]
    if role == "set" and not given:
        given = (Parameter(start, start, "Value", kind, None, ()),)
    node = Function(start, parser.end(), name, role + "ter", given, inner, (), (), kind, ())
    parser.out.append(node)


# -- classes


def class_of(parser: Parser) -> None:
    """Read ``Class X``, ``Module X``, ``Namespace X.Y`` … with its members."""
    begin = parser.at
    kind = parser.keys[begin]
    marks, words = parser.attributes, parser.modifiers
    parser.attributes, parser.modifiers = (), ()
    parser.at += 1
    name = type_words(parser).partition("(")[0]
    basic_lines.line(parser)
    bases = _bases(parser)
    if kind != "namespace":
        parser.classes.append(kind)
    inner = block(parser, kind)
    if kind != "namespace":
        parser.classes.pop()
    ended(parser, kind)
    start, end = parser.starts[begin], parser.end()
    if kind == "namespace":
        parser.out.append(Block(start, end, kind, (Name(start, start, name),), inner))
    else:
        parser.out.append(Class(start, end, name, bases, inner, marks, words))


def _bases(parser: Parser) -> tuple[str, ...]:
    found: list[str] = []
    while True:
        at = parser.at
        while parser.keys[at] in {"\n", ":"}:
            at += 1
        if parser.keys[at] not in {"inherits", "implements"}:
            return tuple(found)
        parser.at = at
        basic_lines.line(parser)
        found += parser.joined(at + 1, parser.at).split(",")


def event(parser: Parser) -> None:
    """Pass over ``Event x(…)`` and ``Delegate Sub x(…)``."""
    parser.modifiers = ()
    basic_lines.line(parser)


# -- attributes


def _attributes(parser: Parser) -> tuple[Node, ...]:
    """Read ``<A(1), B>``."""
    found: list[Node] = []
    while parser.keys[parser.at] == "<" and parser.is_name(parser.at + 1):
        while parser.keys[parser.at] in {"<", ","}:
            parser.at += 1
            if parser.keys[parser.at + 1] == ":":
                parser.at += 2
            node = parser.operand()
            found.append(node.function if isinstance(node, Call) and not node.arguments else node)
        if not parser.accept(">"):
            break
    return tuple(found)


def attributed(parser: Parser) -> None:
    """Read attributes; they belong to the next declaration, on this line or the next."""
    begin = parser.at
    marks = _attributes(parser)
    if parser.at == begin:
        basic_lines.line(parser)
        parser.out.append(parser.unread(begin))
        return
    while parser.accept("\n"):
        pass
    parser.attributes = marks


STATEMENTS: dict[str, Statement] = {
    "sub": function, "function": function, "operator": function, "property": accessor,
    **dict.fromkeys(("class", "module", "structure", "interface", "enum", "namespace"), class_of),
    "event": event, "delegate": event, "<": attributed,
}  # fmt: skip
