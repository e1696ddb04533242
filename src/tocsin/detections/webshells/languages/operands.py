"""What expressions of the curly languages consist of: constants, brackets, calls, casts, lambdas, ``new``."""

from __future__ import annotations

from tocsin.detections.webshells.code import (
    Assign,
    Binary,
    Call,
    Cast,
    Collection,
    Conditional,
    Declare,
    Index,
    Literal,
    Member,
    Name,
    New,
    Node,
    Pair,
    Parameter,
    Unary,
    Unknown,
)
from tocsin.detections.webshells.languages import functions
from tocsin.detections.webshells.languages.literals import between, number
from tocsin.detections.webshells.languages.parser import Parser, Prefix, run_of
from tocsin.detections.webshells.languages.types import constructed_type, type_end

UNARY_POWER = 140
"""Tighter than all operators of two operands."""
CAST_FOLLOWS = frozenset({"(", "~", "!", "this", "base", "typeof", "delegate", "super", "{"})
_ACCESSORS = frozenset({"get", "set", "async"})
_MOST_SIGNS = 8
SHIFT_POWER = 110
"""Of ``<<`` and ``>>`` in the tables."""
_QUERY = frozenset(
    [
        "from",
        "where",
        "select",
        "let",
        "join",
        "on",
        "equals",
        "orderby",
        "group",
        "by",
        "into",
        "ascending",
        "descending",
    ]
)


def digits(parser: Parser) -> Node:
    """Read a number."""
    at = parser.at
    parser.at += 1
    return Literal(parser.starts[at], parser.ends[at], number(parser.words[at]))


def quoted(parser: Parser) -> Node:
    """Read a text or character with the escapes of C#, Java and JScript."""
    at = parser.at
    parser.at += 1
    word = parser.words[at]
    return Literal(parser.starts[at], parser.ends[at], between(word, word[0]))


def named(parser: Parser) -> Node:
    """Read a name."""
    at = parser.at
    parser.at += 1
    return Name(parser.starts[at], parser.ends[at], parser.words[at])


def stray(parser: Parser) -> Node:
    """Give an empty ``Unknown``: no expression begins here."""
    return parser.misplaced()


def single(parser: Parser) -> Node:
    """Pass over one word that means nothing here."""
    parser.at += 1
    return parser.unread(parser.at - 1)


def sign(parser: Parser) -> Node:
    """Read ``!x``, ``-x``, ``await x``; a long row of signs keeps its first few."""
    begin = at = parser.at
    keys = parser.keys
    signs = [keys[at]]
    at += 1
    while keys[at] in signs:
        signs.append(keys[at])
        at += 1
    parser.at = at
    node = parser.expression(UNARY_POWER)
    for operator in signs[:_MOST_SIGNS]:
        node = Unary(parser.starts[begin], max(parser.end(), node.end), operator, node)
    return node


def passed(parser: Parser) -> Node:
    """Read ``ref x``, ``in x``, ``async f``: the word changes nothing for the flow."""
    parser.at += 1
    return parser.expression(UNARY_POWER)


def fraction(parser: Parser) -> Node:
    """Read ``.5``; a lone dot is stray."""
    return digits(parser) if len(parser.words[parser.at]) > 1 else stray(parser)


def constant(*, value: bool | None) -> Prefix:
    """Make the reader of ``true``, ``false`` and ``null``."""

    def read(parser: Parser) -> Node:
        at = parser.at
        parser.at += 1
        return Literal(parser.starts[at], parser.ends[at], value)

    return read


# -- behind an operand


def member(parser: Parser, node: Node) -> Node | None:
    """Read ``.name``, ``?.name``, ``->name``, ``::name``; type arguments behind a name are passed over."""
    at = parser.at + 1
    word = parser.words[at]
    if not word or not (word[0].isalpha() or word[0] in "_$@"):
        return _odd_member(parser, node)
    parser.at = at + 1
    return Member(node.start, parser.ends[at], node, word)


def _odd_member(parser: Parser, node: Node) -> Node | None:
    """``.<Type>name`` (Java), ``?.[0]``, ``.{...}``; a dangling dot is passed over."""
    dot = parser.at
    parser.at += 1
    key = parser.keys[parser.at]
    if key in {"(", "["}:
        return node
    if key == "<" and (behind := type_arguments_end(parser, parser.at)) > 0:
        parser.at = behind - 1
        return member(parser, node)
    return Member(node.start, max(node.end, parser.ends[dot]), node, "")


def call(parser: Parser, node: Node) -> Node:
    """Read ``(arguments)``."""
    arguments = parser.listed(")", argument)
    return Call(node.start, max(node.end, parser.end()), node, arguments)


def index(parser: Parser, node: Node) -> Node:
    """Read ``[arguments]``."""
    arguments = parser.listed("]", argument)
    return Index(node.start, max(node.end, parser.end()), node, arguments)


def counted(parser: Parser, node: Node) -> Node:
    """Read ``x++``."""
    parser.at += 1
    return Unary(node.start, parser.end(), parser.keys[parser.at - 1], node)


def index_if_any(parser: Parser, node: Node) -> Node | None:
    """Read ``?[…]``; any other question mark is an operator."""
    if parser.keys[parser.at + 1] != "[":
        return None
    parser.at += 1
    return index(parser, node)


def unmarked(parser: Parser, node: Node) -> Node | None:
    """Pass over ``!`` behind an operand (C#: "is not null")."""
    if parser.keys[parser.at + 1] in {".", ";", ")", ",", "[", "?."}:
        parser.at += 1
        return node
    return None


def generic_call(parser: Parser, node: Node) -> Node | None:
    """Pass over the type arguments of ``F<T>(…)``; a comparison stays."""
    behind = type_arguments_end(parser, parser.at)
    if behind < 0 or parser.keys[behind] not in {"(", ".", ")", ";", ",", "::", "{", "]"}:
        return None
    parser.at = behind
    return node


def type_arguments_end(parser: Parser, at: int) -> int:
    """Give the index behind ``<…>``, or -1."""
    return type_end(parser, at, arguments_only=True)


def argument(parser: Parser) -> Node:
    """Read one argument, ``name: value`` or ``name => value`` as a pair."""
    at = parser.at
    keys = parser.keys
    if keys[at + 1] == ":" and keys[at] and keys[at][0].isalpha():
        key = Literal(parser.starts[at], parser.ends[at], parser.words[at])
        parser.at = at + 2
        value = parser.expression()
        return Pair(key.start, max(value.end, parser.end()), key, value)
    return paired(parser, parser.expression())


def paired(parser: Parser, key: Node) -> Node:
    """Read ``=> value`` or ``: value`` behind a key."""
    if parser.keys[parser.at] not in {"=>", ":"}:
        return key
    parser.at += 1
    value = parser.expression()
    return Pair(key.start, max(value.end, parser.end()), key, value)


# -- brackets


def bracketed(parser: Parser) -> Node:
    """Read ``(x)``, ``(Type)x``, ``(a, b) => x``."""
    at = parser.at
    closer = parser.partner.get(at, -1)
    behind = parser.keys[closer + 1] if closer > 0 else ""
    if behind in {"=>", "->"} and behind in parser.grammar.lambdas:
        return functions.lambda_of_list(parser)
    if closer > 0 and parser.grammar.casts and _is_cast(parser, at + 1, closer):
        return _cast(parser, at, closer)
    items = parser.listed(")", argument)
    if len(items) == 1:
        return items[0]
    return Collection(parser.starts[at], parser.end(), items)


def _is_cast(parser: Parser, begin: int, closer: int) -> bool:
    keys = parser.keys
    behind = keys[closer + 1]
    if not behind or type_end(parser, begin) != closer:
        return False
    if behind in parser.infix and behind not in CAST_FOLLOWS:
        return False
    return behind in CAST_FOLLOWS or behind[0].isalnum() or behind[0] in "_@$\"'"


def _cast(parser: Parser, at: int, closer: int) -> Node:
    parser.at = closer + 1
    value = parser.expression(UNARY_POWER)
    return Cast(parser.starts[at], max(parser.end(), value.end), parser.joined(at + 1, closer), value)


def array(parser: Parser) -> Node:
    """Read ``[a, b]``."""
    at = parser.at
    items = parser.listed("]", argument)
    return Collection(parser.starts[at], parser.end(), items)


def braced(parser: Parser) -> Node:
    """Read ``{a, b}`` or ``{k: v, f() {…}}``."""
    at = parser.at
    items = parser.listed("}", entry, (",", ";"))
    return Collection(parser.starts[at], parser.end(), items)


def entry(parser: Parser) -> Node:
    """Read one item between braces: ``v``, ``k: v``, ``k = v``, ``f(…) {…}``."""
    if parser.keys[parser.at] in _ACCESSORS and parser.is_name(parser.at + 1):
        parser.at += 1
    at = parser.at
    closer = parser.partner.get(at + 1, -1)
    if parser.keys[at + 1] == "(" and closer > 0 and parser.keys[closer + 1] == "{":
        return functions.method_of_object(parser)
    if parser.keys[at] == "[":
        key: Node = array(parser)
        if parser.keys[parser.at] == "=":
            parser.at += 1
            value = parser.expression()
            return Pair(key.start, max(value.end, parser.end()), key, value)
        return paired(parser, key)
    if parser.keys[at + 1] == ":":
        return argument(parser)
    return paired(parser, parser.expression())


# -- new


def new(parser: Parser) -> Node:
    """Read ``new T(…) {…}``, ``new T[…] {…}``, ``new[] {…}``, ``new {…}``, ``new (f())(…)``."""
    begin = parser.at
    parser.at += 1
    kind, callee = constructed_type(parser)
    arguments: tuple[Node, ...] = ()
    if parser.keys[parser.at] == "(":
        arguments = parser.listed(")", argument)
    while parser.keys[parser.at] == "[" and parser.grammar.casts:
        arguments += parser.listed("]", argument)
        kind += "[]"
    items = _initialiser(parser) if parser.keys[parser.at] == "{" else ()
    return New(parser.starts[begin], parser.end(), kind, callee, arguments, items)


def _initialiser(parser: Parser) -> tuple[Node, ...]:
    if not parser.grammar.initialisers:
        return functions.members_between_braces(parser)
    return parser.listed("}", entry)


def typeof(parser: Parser) -> Node:
    """Read ``typeof(List<string>)`` as a call with the type's name."""
    at = parser.at
    name = Name(parser.starts[at], parser.ends[at], parser.words[at])
    parser.at += 1
    if parser.keys[parser.at] != "(":
        value = parser.expression(UNARY_POWER)
        return Call(name.start, max(value.end, parser.end()), name, (value,))
    closer = parser.partner.get(parser.at, -1)
    if closer < 0 or type_end(parser, parser.at + 1) != closer:
        return call(parser, name)
    start, end = parser.starts[parser.at + 1], parser.ends[closer - 1]
    word = parser.joined(parser.at + 1, closer)
    parser.at = closer + 1
    return Call(name.start, parser.end(), name, (Name(start, end, word),))


# -- operators that are more than a run


def ternary(parser: Parser, test: Node, power: int) -> Node:
    """Read ``? yes : no`` and ``?: no``."""
    parser.at += 1
    yes = test if parser.keys[parser.at] == ":" else parser.expression()
    if not parser.accept(":"):
        return Conditional(test.start, max(test.end, parser.end()), test, yes, Unknown(yes.end, yes.end))
    no = parser.expression(power - 11)
    return Conditional(test.start, max(no.end, parser.end()), test, yes, no)


def typed_as(parser: Parser, value: Node, power: int) -> Node:
    """Read ``as Type``."""
    del power
    parser.at += 1
    begin = parser.at
    behind = type_end(parser, begin)
    parser.at = max(behind, begin)
    return Cast(value.start, max(value.end, parser.end()), parser.joined(begin, parser.at), value)


def typed_is(parser: Parser, value: Node, power: int) -> Node:
    """Read ``is Type``, ``is Type name`` (which declares it), ``is not null``, ``is {…}``."""
    del power
    parser.at += 1
    parser.accept("not")
    begin = parser.at
    behind = type_end(parser, begin)
    if behind < 0:
        pattern = parser.expression(UNARY_POWER)
        return Binary(value.start, max(value.end, parser.end()), "is", (value, pattern))
    parser.at = behind
    pattern = Name(parser.starts[begin], parser.end(), parser.joined(begin, behind))
    if parser.is_name(behind) and parser.keys[behind] not in parser.infix:
        parser.at += 1
        name = parser.words[behind]
        parser.out.append(Declare(pattern.start, parser.end(), name, pattern.name, value, ()))
    return Binary(value.start, max(value.end, parser.end()), "is", (value, pattern))


def declared_out(parser: Parser) -> Node:
    """Read ``out x``, ``out var x``, ``out T x``."""
    parser.at += 1
    behind = type_end(parser, parser.at)
    if behind > 0 and parser.is_name(behind):
        parser.at = behind
    return parser.expression(UNARY_POWER)


def arrow(parser: Parser, node: Node) -> Node | None:
    """Read ``x => body``."""
    parameter = Parameter(node.start, node.end, getattr(node, "name", ""), "", None, ())
    return functions.lambda_body(parser, node.start, (parameter,))


def arms(parser: Parser, value: Node, power: int) -> Node:
    """Read ``x switch { a => b, … }``: a collection of the value and the arms."""
    del power
    parser.at += 1
    items = parser.listed("}", entry) if parser.keys[parser.at] == "{" else ()
    return Collection(value.start, max(value.end, parser.end()), (value, *items))


def shifted(parser: Parser, value: Node, power: int) -> Node:
    """Read ``a > b``, ``a >> b`` and ``a >>> b`` where the lexicon leaves single marks."""
    at = parser.at
    if parser.keys[at + 1] != ">":
        return run_of(parser, value, power)
    parser.at += 1
    while parser.keys[parser.at] == ">":
        parser.at += 1
    other = parser.expression(SHIFT_POWER)
    operator = parser.joined(at, at + 1) * (2 if parser.keys[at + 2] != ">" else 3)
    return Binary(value.start, max(value.end, other.end), operator, (value, other))


def query(parser: Parser) -> Node:
    """Read ``from x in c where t select y`` as a collection of its parts; a plain name otherwise."""
    at = parser.at
    if not parser.is_name(at + 1) or parser.keys[at + 2] != "in":
        return named(parser)
    parts: list[Node] = []
    while parser.keys[parser.at] in _QUERY:
        parser.at += 1
        before = parser.at
        parts.append(paired_in(parser))
        if parser.at == before:
            break
        parser.accept(",")
    return Collection(parser.starts[at], parser.end(), tuple(parts))


def paired_in(parser: Parser) -> Node:
    """Read ``x in c`` as ``x`` being some element of ``c``; any other expression as it is."""
    if not parser.is_name(parser.at) or parser.keys[parser.at + 1] != "in":
        return parser.expression()
    target = named(parser)
    parser.at += 1
    values = parser.expression()
    end = max(target.end, values.end)
    return Assign(target.start, end, "=", target, Index(values.start, values.end, values, ()))


def async_value(parser: Parser) -> Node:
    """Read ``async x => …``, ``async function``; a plain name otherwise."""
    following = parser.keys[parser.at + 1]
    if following in {"(", "function", "delegate"} or parser.keys[parser.at + 2] == "=>":
        parser.at += 1
        return parser.operand()
    return named(parser)


def static_value(parser: Parser) -> Node:
    """Read ``static function``; ``static::x`` is a name."""
    if parser.keys[parser.at + 1] in {"function", "fn"}:
        parser.at += 1
        return parser.operand()
    return named(parser)


def class_value(parser: Parser) -> Node:
    """Read ``class {…}`` as a value; a plain name otherwise."""
    at = parser.at
    if parser.keys[at + 1] not in {"{", "extends"} and not parser.is_name(at + 1):
        return named(parser)
    parser.at += 1
    return functions.class_of(parser, at)


def function_value(parser: Parser) -> Node:
    """Read ``function (…) {…}``, ``delegate (…) {…}`` inside an expression."""
    return functions.function_expression(parser)
