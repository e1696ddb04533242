"""Statements of Basic that stand on one line: assignments, calls, declarations, jumps."""

from __future__ import annotations

from tocsin.detections.webshells.code import Assign, Block, Call, Declare, Import, Jump, New, Node, Unknown
from tocsin.detections.webshells.languages.basic_types import declared_as
from tocsin.detections.webshells.languages.parser import Parser, Statement

ENDS = frozenset({"\n", ":", "", "else", "end", "then", ")", "}", ";"})
_LINE_ENDS = frozenset({"\n", ""})
_ASSIGNMENTS = frozenset({"=", "+=", "-=", "*=", "/=", "\\=", "^=", "&=", "<<=", ">>="})
_LOOPS = frozenset({"for", "do", "while", "select", "try"})
MODIFIERS = frozenset(
    {"public", "private", "protected", "friend", "shared", "shadows", "overridable", "overrides",
        "mustoverride",
     "notoverridable", "overloads", "readonly", "writeonly", "static", "partial", "mustinherit",
     "notinheritable",
     "withevents", "default", "dim", "const", "async", "iterator", "widening", "narrowing", "declare",
     "global", "auto", "ansi", "unicode"}
)  # fmt: skip
RESERVED = frozenset(
    {"if", "then", "else", "elseif", "end", "for", "each", "next", "do", "loop", "while", "wend", "until",
        "select",
     "case", "sub", "function", "property", "class", "module", "dim", "redim", "const", "set", "call",
     "exit", "return",
     "with", "try", "catch", "finally", "throw", "as", "and", "or", "not", "xor", "mod", "is", "isnot", "in",
     "to",
     "step", "new", "nothing", "true", "false", "andalso", "orelse", "byval", "byref", "handles", "imports",
     "using"}
)  # fmt: skip


def statement(parser: Parser) -> None:
    """Read one statement onto ``parser.out``."""
    key = parser.keys[parser.at]
    handler = parser.grammar.statements.get(key)
    if handler is not None and not _is_target(parser):
        handler(parser)
    elif key in MODIFIERS and not _is_target(parser):
        declared(parser)
    else:
        simple(parser)


def _is_target(parser: Parser) -> bool:
    """A keyword that is used as a name: ``default = 1``, ``end.x``."""
    return parser.keys[parser.at + 1] in {"=", "."} and parser.keys[parser.at] not in {
        "\n",
        ":",
        "if",
        "while",
        "with",
    }


def simple(parser: Parser) -> None:
    """Read an assignment, a call with or without brackets, or a label."""
    begin = parser.at
    target = parser.operand()
    if parser.at == begin:
        return
    key = parser.keys[parser.at]
    if key in _ASSIGNMENTS:
        parser.at += 1
        value = parser.expression()
        parser.out.append(Assign(target.start, max(parser.end(), value.end), key, target, value))
    elif key in ENDS:
        parser.out.append(target if isinstance(target, Call | New | Unknown) else _called(target, ()))
    else:
        parser.out.append(_with_arguments(parser, target))
    _to_end(parser)


def _called(target: Node, arguments: tuple[Node, ...]) -> Node:
    end = max([target.end, *(node.end for node in arguments)])
    return Call(target.start, end, target, arguments)


def _with_arguments(parser: Parser, target: Node) -> Node:
    """``f x, y``; ``f (x) & y, z`` has the bracket as part of its first argument."""
    function, arguments = target, []
    if isinstance(target, Call) and (parser.keys[parser.at] in parser.infix or parser.keys[parser.at] == ","):
        function, given = target.function, target.arguments
        arguments = [*given[:-1], parser.continued(given[-1])] if given else []
        if not parser.accept(","):
            return _called(function, tuple(arguments))
    while parser.keys[parser.at] not in ENDS:
        before = parser.at
        if not parser.accept(","):
            arguments.append(_argument(parser))
        if parser.at == before or (parser.keys[parser.at] != "," and parser.keys[parser.at - 1] != ","):
            break
    return _called(function, tuple(arguments))


def _argument(parser: Parser) -> Node:
    parser.accept("byval")
    return parser.expression()


def _to_end(parser: Parser) -> None:
    """Give what is left of a statement that was not understood as ``Unknown``."""
    begin = at = parser.at
    while parser.keys[at] not in ENDS:
        at = parser.partner.get(at, at) + 1
    if parser.keys[at] in {")", "}", ";"}:
        at += 1
    parser.at = at
    if at > begin:
        unread = parser.unread(begin)
        parser.out.append(unread)


def line(parser: Parser) -> None:
    """Pass over a line that means nothing for the flow."""
    while parser.keys[parser.at] not in _LINE_ENDS and parser.keys[parser.at] != ":":
        parser.at += 1


def nothing(parser: Parser) -> None:
    """Pass over one word."""
    parser.at += 1


def set_to(parser: Parser) -> None:
    """Read ``Set x = y`` and ``Let x = y``."""
    parser.at += 1
    simple(parser)


def called(parser: Parser) -> None:
    """Read ``Call f(x)``."""
    parser.at += 1
    simple(parser)


def jump(kind: str) -> Statement:
    """Make the reader of ``Return x`` and its kin."""

    def read(parser: Parser) -> None:
        begin = parser.at
        parser.at += 1
        value = None if parser.keys[parser.at] in ENDS else parser.expression()
        parser.out.append(Jump(parser.starts[begin], parser.end(), kind, value))
        _to_end(parser)

    return read


def left(parser: Parser) -> None:
    """Read ``Exit Sub`` as a return, ``Exit For`` as a break, ``Continue For``."""
    begin = parser.at
    kind = parser.keys[begin]
    if kind == "exit":
        kind = "break" if parser.keys[begin + 1] in _LOOPS else "return"
    line(parser)
    parser.out.append(Jump(parser.starts[begin], parser.end(), kind, None))


def imported(parser: Parser) -> None:
    """Read ``Imports A.B``, ``Imports A = B``, ``Inherits A``."""
    begin = parser.at
    line(parser)
    words = parser.joined(begin + 1, parser.at)
    alias, _, name = words.rpartition("=")
    parser.out.append(Import(parser.starts[begin], parser.end(), name, alias))


def case(parser: Parser) -> None:
    """Read ``Case a, b To c, Is > d``, ``Case Else``; what it guards stands beside it."""
    begin = parser.at
    parser.at += 1
    tests: list[Node] = []
    if parser.accept("else"):
        kind = "default"
    else:
        kind = "case"
        while parser.keys[parser.at] not in ENDS:
            before = parser.at
            parser.accept("is")
            if parser.keys[parser.at] in parser.infix or parser.keys[parser.at] in {",", "to"}:
                parser.at += 1
            tests.append(parser.expression())
            if parser.at == before:
                break
    parser.out.append(Block(parser.starts[begin], parser.end(), kind, tuple(tests), ()))


def output(parser: Parser) -> None:
    """Read the expression that the page writes."""
    parser.out.append(parser.outputs())


# -- declarations


def declared(parser: Parser) -> None:
    """Read modifiers, then the function, class or variables that they belong to."""
    begin = parser.at
    words: list[str] = []
    while parser.keys[parser.at] in MODIFIERS:
        words.append(parser.keys[parser.at])
        parser.at += 1
    parser.modifiers = tuple(words)
    key = parser.keys[parser.at]
    handler = parser.grammar.statements.get(key)
    if handler is not None and key in {"sub", "function", "property", "class", "module", "structure",
        "interface", "enum",
                                       "event", "operator", "delegate"}:  # fmt: skip
        handler(parser)
    elif parser.at > begin:
        variables(parser)
    parser.modifiers = ()


def redim(parser: Parser) -> None:
    """Read ``ReDim Preserve a(5)``."""
    parser.at += 1
    parser.accept("preserve")
    variables(parser)


def variables(parser: Parser) -> None:
    """Read ``a(10) As New T(x), b As U = 1`` up to the end of the line."""
    words, parser.modifiers = parser.modifiers, ()
    parser.attributes = ()
    if parser.classes and parser.classes[-1]:
        words = (*words, "field")
    while True:
        before = parser.at
        _variable(parser, words)
        if not parser.accept(",") or parser.at == before:
            break
    _to_end(parser)


def _variable(parser: Parser, words: tuple[str, ...]) -> None:
    at = parser.at
    if parser.keys[at] in ENDS:
        return
    array = ""
    parser.at += 1
    if parser.keys[parser.at] == "?":
        parser.at += 1
    if parser.keys[parser.at] == "(":
        _bounds(parser)
        array = "()"
    kind = declared_as(parser)
    value: Node | None = None
    if parser.keys[parser.at] == "as":
        parser.at += 1
        value = parser.expression()
        kind = value.type if isinstance(value, New) else kind
    if parser.accept("="):
        value = parser.expression()
    end = max(parser.end(), parser.starts[at])
    name = parser.words[at].strip("[]")
    parser.out.append(Declare(parser.starts[at], end, name, kind + array, value, words))


def _bounds(parser: Parser) -> None:
    closer = parser.partner.get(parser.at)
    parser.at = closer + 1 if closer is not None else parser.at + 1


STATEMENTS: dict[str, Statement] = {
    "\n": nothing, ":": nothing, "<%=": output, "=": output, "set": set_to, "let": set_to, "call": called,
    "return": jump("return"),
    "throw": jump("throw"), "goto": jump("goto"), "yield": jump("yield"), "exit": left, "continue": left,
    "imports": imported,
    "inherits": imported, "implements": imported, "option": line, "on": line, "resume": line, "redim": redim,
    "case": case,
}  # fmt: skip
