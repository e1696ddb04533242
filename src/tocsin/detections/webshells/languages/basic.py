"""VBScript and VB.NET: one reader, for what differs seldom clashes.

Statements end with the line or a colon. Names are compared without case. ``f(x)`` may be a call or an index:
both are given as ``Call``.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from tocsin.detections.webshells.code import (
    Binary,
    Call,
    Cast,
    Collection,
    Conditional,
    Interpolated,
    Literal,
    Member,
    Name,
    New,
    Node,
    Pair,
    Unary,
    Unknown,
)
from tocsin.detections.webshells.languages import basic_blocks, basic_functions, basic_lines, operands
from tocsin.detections.webshells.languages.basic_types import type_words
from tocsin.detections.webshells.languages.interpolation import with_holes
from tocsin.detections.webshells.languages.literals import doubled
from tocsin.detections.webshells.languages.parser import Grammar, Infix, Parser, Postfix, Prefix, run_of
from tocsin.detections.webshells.languages.tokens import Lexicon
from tocsin.model.expressions import compiled

_BLANK = r"[ \t\f\v\xa0\u3000\ufeff\x00]"
GAP = (
    rf"((?:{_BLANK}++|_{_BLANK}*+(?:\r\n|\r|\n)|'[^\r\n]*+|(?<![.\w])rem(?!\w)[^\r\n]*+"
    r"|\#(?:region|if|elseif|else|end|const|pragma)\b[^\r\n]*+)*+)"
)
WORDS = (
    r"[^\W\d]\w*+\$?|\[[^\]\r\n]*+\]?"
    r"|&h[0-9a-f]++(?!\w)&?|&o[0-7]++(?!\w)&?|(?:\d++(?:\.\d++)?+|\.\d++)(?:e[+-]?+\d++)?+[a-z]*+"
    r'|\$"(?:[^"{\r\n]++|""|\{\{|\{[^{}\r\n]*+\}|\{)*+"?+'
    r'|"(?:[^"\r\n]++|"")*+"?+(?:c(?!\w))?+'
    r"|\#[^#\r\n]{1,40}\#|[\r\n]++"
    r"|<>|><|<=|=<|>=|=>|:=|\+=|-=|\*=|/=|\\=|\^=|&=|<<|>>|\?\.|\?(?=\()|."
)
LEXICON = Lexicon(
    pattern=compiled(rf"{GAP}({WORDS}|\Z)", re.DOTALL | re.IGNORECASE),
    separator="\n",
    fold_case=True,
    joins=frozenset({",", "(", "{", "&", "+", "-", "*", "/", "=", "&=", "+=", "and", "or", "andalso",
        "orelse", "xor",
                     ".", "<>", ":="}),
)  # fmt: skip
NOT_POWER, SIGN_POWER = 70, 145


def text(parser: Parser) -> Node:
    """Read ``"…"`` with doubled quotes, ``"c"c`` as well."""
    at = parser.at
    parser.at += 1
    word = parser.words[at]
    if word[-1] in "cC" and len(word) > 2 and word[-2] == '"':  # noqa: PLR2004 -- two quotes and the c
        word = word[:-1]
    return Literal(parser.starts[at], parser.ends[at], doubled(word))


def interpolated(parser: Parser) -> Node:
    """Read ``$"…{x}…"``."""
    at = parser.at
    word = parser.words[at]
    if len(word) < 2:  # noqa: PLR2004 -- a lone dollar
        return operands.single(parser)
    parser.at += 1
    start = parser.starts[at]
    inner = word[2 : -1 if word.endswith('"') and len(word) > 2 else None]  # noqa: PLR2004 -- dollar and quote
    return Interpolated(start, parser.ends[at], with_holes(parser, inner, start + 2, verbatim=True))


def date(parser: Parser) -> Node:
    """Read ``#1/2/2003#`` as its text."""
    at = parser.at
    word = parser.words[at]
    if len(word) < 2:  # noqa: PLR2004 -- a lone mark
        return operands.single(parser)
    parser.at += 1
    return Literal(parser.starts[at], parser.ends[at], word[1:-1])


def ampersand(parser: Parser) -> Node:
    """Read ``&H41``; a lone ``&`` is stray."""
    return operands.digits(parser) if len(parser.words[parser.at]) > 1 else operands.stray(parser)


def bracketed_name(parser: Parser) -> Node:
    """Read ``[any name]``."""
    at = parser.at
    parser.at += 1
    return Name(parser.starts[at], parser.ends[at], parser.words[at].strip("[]"))


def denied(parser: Parser) -> Node:
    """Read ``Not x``."""
    at = parser.at
    parser.at += 1
    value = parser.expression(NOT_POWER)
    return Unary(parser.starts[at], max(parser.end(), value.end), "not", value)


def signed(parser: Parser) -> Node:
    """Read ``-x``; a constant at once."""
    at = parser.at
    parser.at += 1
    value = parser.expression(SIGN_POWER)
    end = max(parser.end(), value.end)
    if isinstance(value, Literal) and isinstance(value.value, int | float) and parser.keys[at] == "-":
        return Literal(parser.starts[at], end, -value.value)
    return Unary(parser.starts[at], end, parser.keys[at], value)


def bracket(parser: Parser) -> Node:
    """Read ``(x)``."""
    at = parser.at
    items = parser.listed(")", argument)
    return items[0] if len(items) == 1 else Collection(parser.starts[at], parser.end(), items)


def braces(parser: Parser) -> Node:
    """Read ``{a, b}``."""
    at = parser.at
    items = parser.listed("}", argument, (",", "\n"))
    return Collection(parser.starts[at], parser.end(), items)


def argument(parser: Parser) -> Node:
    """Read one argument, ``name := value`` as a pair, ``ByVal x`` as ``x``; ends of lines are passed over."""
    while parser.keys[parser.at] in {"\n", "byval", "byref"}:
        parser.at += 1
    at = parser.at
    if parser.keys[at + 1] != ":=":
        return parser.expression()
    key = Literal(parser.starts[at], parser.ends[at], parser.words[at])
    parser.at += 2
    value = parser.expression()
    return Pair(key.start, max(value.end, parser.end()), key, value)


def field_value(parser: Parser) -> Node:
    """Read ``.Name = value`` of ``With {…}`` as a pair."""
    while parser.accept("\n") or parser.accept("key"):
        pass
    if not parser.accept("."):
        return argument(parser)
    at = parser.at
    parser.at += 1
    key = Literal(parser.starts[at], parser.ends[at], parser.words[at])
    if not parser.accept("="):
        return key
    value = parser.expression()
    return Pair(key.start, max(value.end, parser.end()), key, value)


def call(parser: Parser, node: Node) -> Node:
    """Read ``(arguments)``; ``(Of T)`` is passed over."""
    if parser.keys[parser.at + 1] == "of":
        closer = parser.partner.get(parser.at)
        parser.at = closer + 1 if closer is not None else parser.at + 2
        return node
    arguments = parser.listed(")", argument, (",", "\n") if parser.partner.get(parser.at) else (",",))
    return Call(node.start, max(node.end, parser.end()), node, arguments)


def call_if_any(parser: Parser, node: Node) -> Node | None:
    """Read ``?(…)``."""
    parser.at += 1
    return call(parser, node)


def member(parser: Parser, node: Node) -> Node | None:
    """Read ``.name``, ``!name``, ``.[name]``."""
    at = parser.at + 1
    word = parser.words[at]
    if not word or not (word[0].isalpha() or word[0] in "_["):
        parser.at = at
        return Member(node.start, max(node.end, parser.end()), node, "")
    parser.at = at + 1
    return Member(node.start, parser.ends[at], node, word.strip("[]"))


def of_with(parser: Parser) -> Node:
    """Read ``.name`` of the ``With`` around."""
    at = parser.at
    if len(parser.words[at]) > 1:
        return operands.digits(parser)
    start = parser.starts[at]
    node = member(parser, parser.with_targets[-1] if parser.with_targets else Name(start, start, ""))
    return Unknown(start, parser.end()) if node is None else replace(node, start=start)


def new(parser: Parser) -> Node:
    """Read ``New T(…) With {…}``, ``New T From {…}``, ``New T() {…}``, ``New RegExp``."""
    begin = parser.at
    parser.at += 1
    kind = type_words(parser, made=True)
    arguments: tuple[Node, ...] = ()
    if parser.keys[parser.at] == "(":
        arguments = parser.listed(")", argument, (",", "\n"))
    if parser.keys[parser.at] in {"with", "from"} and parser.keys[parser.at + 1] == "{":
        parser.at += 1
    items: tuple[Node, ...] = ()
    if parser.keys[parser.at] == "{":
        items = parser.listed("}", field_value, (",", "\n"))
    return New(parser.starts[begin], parser.end(), kind, None, arguments, items)


def cast(parser: Parser) -> Node:
    """Read ``CType(x, T)`` and its kin."""
    at = parser.at
    if parser.keys[at + 1] != "(":
        return operands.named(parser)
    parser.at += 2
    value = parser.expression()
    kind = type_words(parser) if parser.accept(",") else ""
    parser.accept(")")
    return Cast(parser.starts[at], max(parser.end(), value.end), kind, value)


def type_of(parser: Parser) -> Node:
    """Read ``GetType(T)``."""
    at = parser.at
    node = operands.named(parser)
    if not parser.accept("("):
        return node
    begin = parser.at
    kind = type_words(parser)
    name = Name(parser.starts[begin], max(parser.end(), parser.starts[begin]), kind)
    parser.accept(")")
    return Call(parser.starts[at], parser.end(), node, (name,))


def chosen(parser: Parser) -> Node:
    """Read ``If(test, yes, no)`` and ``If(value, otherwise)``."""
    at = parser.at
    node = call(parser, operands.named(parser)) if parser.keys[at + 1] == "(" else operands.single(parser)
    if not isinstance(node, Call) or not 1 < len(node.arguments) <= 3:  # noqa: PLR2004 -- two or three arguments
        return node
    test, *rest = node.arguments
    if len(rest) == 1:
        return Binary(node.start, node.end, "??", (test, rest[0]))
    return Conditional(node.start, node.end, test, rest[0], rest[1])


def passed(parser: Parser) -> Node:
    """Read ``AddressOf x``, ``Await x``, ``TypeOf x``: the word changes nothing for the flow."""
    parser.at += 1
    return parser.expression(SIGN_POWER)


def lambda_value(parser: Parser) -> Node:
    """Read ``Function(x) …`` and ``Sub(x) …`` inside an expression."""
    if parser.keys[parser.at] in {"async", "iterator"}:
        if parser.keys[parser.at + 1] not in {"function", "sub"}:
            return operands.named(parser)
        parser.at += 1
    return basic_functions.lambda_of(parser)


def of_type(parser: Parser, value: Node, power: int) -> Node:
    """Read ``Is``, ``IsNot``, ``Like``."""
    return run_of(parser, value, power)


def powers(*levels: str) -> dict[str, tuple[int, Infix]]:
    """Give operators their powers, the weakest level first, ten apart."""
    return {word: (10 * level + 10, run_of) for level, words in enumerate(levels) for word in words.split()}


_PREFIX: dict[str, Prefix] = {
    **dict.fromkeys(("", "\n", ")", "}", ",", ":", ";", "then", "else", "=", "<", ">"), operands.stray),
    "(": bracket, "{": braces, "not": denied, "-": signed, "+": signed, "new": new, ".": of_with,
    "true": operands.constant(value=True), "false": operands.constant(value=False),
    **dict.fromkeys(("nothing", "null", "empty"), operands.constant(value=None)),
    **dict.fromkeys(("ctype", "directcast", "trycast"), cast), "gettype": type_of, "if": chosen,
    **dict.fromkeys(("addressof", "await", "typeof"), passed),
    **dict.fromkeys(("function", "sub", "async", "iterator"), lambda_value),
}  # fmt: skip
_FIRST: dict[str, Prefix] = {
    **dict.fromkeys("0123456789", operands.digits), **dict.fromkeys("!%*/\\<>=?@^`|~]:;", operands.stray),
    '"': text, "&": ampersand, "$": interpolated, "#": date, "[": bracketed_name, ".": of_with,
}  # fmt: skip
_POSTFIX: dict[str, Postfix] = {".": member, "?.": member, "!": member, "(": call, "?": call_if_any}
_INFIX = powers(
    "imp", "eqv", "xor", "or orelse", "and andalso", "not", "= <> >< < > <= =< >= => is isnot like", "<< >>",
    "&",
    "+ -", "mod", "\\", "* /", "^",
)  # fmt: skip


def grammar(language: str) -> Grammar:
    """Give the tables of ``vbscript`` or ``vbnet``."""
    return Grammar(
        language=language,
        lexicon=LEXICON,
        prefix=_PREFIX,
        first=_FIRST,
        postfix=_POSTFIX,
        infix={word: entry for word, entry in _INFIX.items() if word != "not"},
        statements={**basic_lines.STATEMENTS, **basic_blocks.STATEMENTS, **basic_functions.STATEMENTS},
        modifiers=basic_lines.MODIFIERS,
        reserved=basic_lines.RESERVED,
        statement=basic_lines.statement,
    )
