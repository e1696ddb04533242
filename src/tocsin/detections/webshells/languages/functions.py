"""Functions, lambdas, classes and their parameters in the curly languages."""

from __future__ import annotations

from tocsin.detections.webshells.code import Call, Class, Function, Jump, Name, Node, Parameter
from tocsin.detections.webshells.languages.parser import Parser
from tocsin.detections.webshells.languages.types import type_end

_CLOSE = frozenset({"}"})
_LONGEST_HEAD = 60
_PASSED_IN_PARAMETERS = frozenset({"this", "ref", "out", "in", "params", "final", "const", "var", "let", "&",
    "...", "?",
                                   "public", "private", "protected", "readonly", "scoped"})  # fmt: skip


def parameters(parser: Parser) -> tuple[Parameter, ...]:
    """Read ``(T a, ref U b = 1)``."""
    found = parser.listed(")", parameter)
    return tuple(node for node in found if isinstance(node, Parameter))


def parameter(parser: Parser) -> Node:
    """Read one parameter: attributes, words that change nothing, type, name, default."""
    begin = parser.at
    marks = attributes(parser)
    while parser.keys[parser.at] in _PASSED_IN_PARAMETERS:
        parser.at += 1
    kind, name = _type_and_name(parser)
    default = parser.expression() if parser.accept("=") else None
    return Parameter(
        parser.starts[begin], max(parser.end(), parser.starts[begin]), name, kind, default, marks
    )


def _type_and_name(parser: Parser) -> tuple[str, str]:
    at = parser.at
    if parser.words[at].startswith("$"):
        parser.at += 1
        return "", parser.words[at]
    behind = type_end(parser, at)
    while behind > 0 and parser.keys[behind] in {"|", "...", "&", "?"}:
        further = type_end(parser, behind + 1)
        behind = further if parser.keys[behind] == "|" and further > 0 else behind + 1
    if behind > 0 and parser.is_name(behind):
        kind, name = parser.joined(at, behind), parser.words[behind]
        parser.at = behind + 1
        _skip_array_marks(parser)
        return kind, name
    if not parser.is_name(at):
        return "", ""
    parser.at = at + 1
    return (declared_type(parser) if parser.keys[parser.at] == ":" else ""), parser.words[at]


def _skip_array_marks(parser: Parser) -> None:
    while parser.keys[parser.at] == "[" and parser.keys[parser.at + 1] == "]":
        parser.at += 2


def declared_type(parser: Parser) -> str:
    """Read ``: Type`` (JScript.NET, PHP); without a type the colon stays."""
    at = parser.at + 1
    if parser.keys[at] == "?":
        at += 1
    behind = type_end(parser, at)
    if behind < 0:
        return ""
    parser.at = behind
    return parser.joined(at, behind)


def attributes(parser: Parser) -> tuple[Node, ...]:
    """Read ``[A(1)] [B]`` (C#) and ``@A(1) @B`` (Java)."""
    found: list[Node] = []
    while (key := parser.keys[parser.at]) == "[" and parser.grammar.casts and "=>" in parser.grammar.lambdas:
        found += parser.listed("]", _attribute)
    while (
        key[:1] == "@"
        and "->" in parser.grammar.lambdas
        and key != "@interface"
        and parser.is_name(parser.at)
    ):
        found.append(_annotation(parser))
        key = parser.keys[parser.at]
    return tuple(found)


def _attribute(parser: Parser) -> Node:
    if parser.keys[parser.at + 1] == ":":
        parser.at += 2
    return parser.expression()


def _annotation(parser: Parser) -> Node:
    at = parser.at
    parser.at = behind = max(type_end(parser, at), at + 1)
    name = Name(parser.starts[at], parser.ends[behind - 1], parser.joined(at, behind).lstrip("@"))
    if parser.keys[parser.at] != "(":
        return name
    items = parser.listed(")", _pair_or_value)
    return Call(name.start, max(parser.end(), name.end), name, items)


def _pair_or_value(parser: Parser) -> Node:
    return parser.expression()


# -- bodies


def block(parser: Parser) -> tuple[Node, ...]:
    """Read ``{…}``, from the opening brace to behind the closing one."""
    parser.at += 1
    inner = parser.body(_CLOSE)
    parser.accept("}")
    return inner


def members_between_braces(parser: Parser) -> tuple[Node, ...]:
    """Read the members of a class."""
    parser.classes.append("class")
    inner = block(parser)
    parser.classes.pop()
    return inner


def function_body(parser: Parser) -> tuple[Node, ...]:
    """Read ``{…}`` or ``=> x`` behind a function's head; without either it has no body."""
    parser.classes.append("")
    inner = _function_body(parser)
    parser.classes.pop()
    return inner


def _function_body(parser: Parser) -> tuple[Node, ...]:
    key = parser.keys[parser.at]
    if key == "{":
        return block(parser)
    if key in parser.grammar.lambdas:
        parser.at += 1
        value = parser.expression()
        return (Jump(value.start, max(value.end, value.start), "return", value),)
    return ()


def to_body(parser: Parser) -> tuple[Node, ...]:
    """Pass over what stands between parameters and body: ``throws E``, ``where T : U``, ``use ($a)``.

    Returns:
        The call of the other constructor, if there is one.
    """
    first = parser.at
    keys = parser.keys
    while parser.at < first + _LONGEST_HEAD:
        key = keys[parser.at]
        if key in {"{", ";", "}", ")", ""} or key in parser.grammar.lambdas:
            break
        if key == ":" and keys[parser.at + 1] in {"base", "this"}:
            parser.at += 1
            return (parser.expression(),)
        parser.at = parser.partner.get(parser.at, parser.at) + 1
    return ()


def function(parser: Parser, begin: int, name: str, kind: str, returns: str) -> Function:
    """Read the function whose parameters begin here, with the attributes and modifiers at hand."""
    marks, words = parser.attributes, parser.modifiers
    parser.attributes, parser.modifiers = (), ()
    given = parameters(parser) if parser.keys[parser.at] == "(" else ()
    if parser.keys[parser.at] == ":" and not returns:
        returns = declared_type(parser)
    first = to_body(parser)
    inner = first + function_body(parser)
    end = max(parser.end(), parser.starts[begin])
    return Function(parser.starts[begin], end, name, kind, given, inner, marks, words, returns, ())


# -- lambdas


def lambda_of_list(parser: Parser) -> Node:
    """Read ``(a, b) => body`` from its opening bracket."""
    start = parser.starts[parser.at]
    return lambda_body(parser, start, parameters(parser))


def lambda_body(parser: Parser, start: int, given: tuple[Parameter, ...]) -> Function:
    """Read the arrow and the body."""
    inner = _lambda_inner(parser)
    return Function(start, max(parser.end(), start), "", "lambda", given, inner, (), (), "", ())


def _lambda_inner(parser: Parser) -> tuple[Node, ...]:
    parser.classes.append("")
    if parser.keys[parser.at + 1] == "{":
        parser.at += 1
        inner = block(parser)
    else:
        inner = _function_body(parser)
    parser.classes.pop()
    return inner


def function_expression(parser: Parser) -> Function:
    """Read ``function f(a) {…}``, ``delegate(T a) {…}``, ``fn($a) => x`` as a value."""
    begin = parser.at
    parser.at += 1
    while parser.keys[parser.at] in {"*", "&"}:
        parser.at += 1
    name = ""
    if parser.keys[parser.at] != "(" and parser.is_name(parser.at):
        name = parser.words[parser.at]
        parser.at += 1
    held = parser.attributes, parser.modifiers
    parser.attributes, parser.modifiers = (), ()
    node = function(parser, begin, name, "lambda", "")
    parser.attributes, parser.modifiers = held
    return node


def method_of_object(parser: Parser) -> Node:
    """Read ``name(…) {…}`` between the braces of an object."""
    begin = parser.at
    parser.at += 1
    return function(parser, begin, parser.words[begin], "function", "")


# -- classes


def class_of(parser: Parser, begin: int) -> Class:
    """Read a class from behind its keyword."""
    marks, words = parser.attributes, parser.modifiers
    parser.attributes, parser.modifiers = (), ()
    name = ""
    if parser.is_name(parser.at) and parser.keys[parser.at] not in {"extends", "implements"}:
        name = parser.words[parser.at]
        parser.at += 1
    bases = _bases(parser)
    inner: tuple[Node, ...] = ()
    if parser.keys[parser.at] == "{":
        parser.classes.append(name or "class")
        inner = block(parser)
        parser.classes.pop()
    return Class(parser.starts[begin], parser.end(), name, bases, inner, marks, words)


def _bases(parser: Parser) -> tuple[str, ...]:
    """Gather the types between name and body; constraints and type parameters among them do no harm."""
    found: list[str] = []
    first = parser.at
    while parser.keys[parser.at] not in {"{", ";", "}", ""} and parser.at < first + _LONGEST_HEAD:
        at = parser.at
        behind = type_end(parser, at) if parser.keys[at] not in {"extends", "implements", "where"} else -1
        if behind > at:
            found.append(parser.joined(at, behind))
            parser.at = behind
        else:
            parser.at = parser.partner.get(at, at) + 1
    return tuple(found)
