"""Blocks of Basic: ``If``, loops, ``Select``, ``With``, ``Try``, functions and classes."""

from __future__ import annotations

from tocsin.detections.webshells.code import (
    Assign,
    Block,
    Call,
    Class,
    Declare,
    Function,
    Index,
    Jump,
    Literal,
    Member,
    Name,
    Node,
    Parameter,
    Unary,
)
from tocsin.detections.webshells.languages import basic_lines
from tocsin.detections.webshells.languages.basic_types import declared_as, type_words
from tocsin.detections.webshells.languages.literals import doubled
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
_PASSED = frozenset({"byval", "byref", "optional", "paramarray", "\n", "_"})


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


# -- functions


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
    "sub": function, "function": function, "operator": function, "property": accessor,
    **dict.fromkeys(("class", "module", "structure", "interface", "enum", "namespace"), class_of),
    "event": event, "delegate": event, "<": attributed,
    **dict.fromkeys(("end", "else", "elseif", "loop", "wend", "next", "catch", "finally"), stop),
}  # fmt: skip
