"""JScript, JScript.NET and JavaScript of servers."""

from __future__ import annotations

import re

from tocsin.detections.webshells.code import Call, Interpolated, Literal, Name, Node
from tocsin.detections.webshells.languages import curly, declarations, operands
from tocsin.detections.webshells.languages.csharp import FIRST, INFIX, POSTFIX, PREFIX
from tocsin.detections.webshells.languages.interpolation import template
from tocsin.detections.webshells.languages.parser import Grammar, Parser, run_of
from tocsin.detections.webshells.languages.tokens import BLOCK_COMMENT, NAME, NUMBER, Lexicon
from tocsin.model.expressions import compiled

GAP = rf"((?:\s++|//[^\r\n]*+|{BLOCK_COMMENT}|<!--[^\r\n]*+)*+)"
EXPRESSION = (
    r"(?:(?<=[(,=:\[!&|?{};+\n])|(?<=[(,=:\[!&|?{};+] )|(?<=return )|(?<=typeof ))"
    r"/(?![*/])(?:[^/\\\r\n\[]++|\\[^\r\n]|\[(?:[^\]\\\r\n]++|\\[^\r\n])*+\]|\[)++/[a-z]*+"
)
TEXTS = (
    r'"(?:[^"\\\r\n]++|\\(?:\r\n|.))*+"?+'
    r"|'(?:[^'\\\r\n]++|\\(?:\r\n|.))*+'?+"
    r"|`(?:[^`\\$]++|\\.|\$\{(?:[^{}`]++|\{[^{}]*+\}|`[^`]*+`)*+\}|\$)*+`?+"
)
OPERATORS = (
    r">>>=|\*\*=|<<=|>>=|\?\?=|&&=|\|\|=|===|!==|>>>|\.\.\.|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?!\d)|\+\+|--|<<|>>|\*\*"
    r"|[-+*/%&|^]=|."
)
LEXICON = Lexicon(pattern=compiled(rf"{GAP}({NAME}|{NUMBER}|{TEXTS}|{EXPRESSION}|{OPERATORS}|\Z)", re.DOTALL))
_MODIFIERS = frozenset(
    [
        "public",
        "private",
        "protected",
        "internal",
        "static",
        "final",
        "abstract",
        "override",
        "hide",
        "expando",
        "async",
        "export",
        "get",
        "set",
    ]
)
_RESERVED = frozenset(
    [
        "if",
        "else",
        "for",
        "while",
        "do",
        "switch",
        "case",
        "return",
        "throw",
        "new",
        "try",
        "catch",
        "finally",
        "break",
        "continue",
        "in",
        "instanceof",
        "typeof",
        "var",
        "let",
        "const",
        "function",
        "class",
        "true",
        "false",
        "null",
        "delete",
        "void",
        "with",
    ]
)


def backtick(parser: Parser) -> Node:
    """Read a text in backticks, with values in it."""
    at = parser.at
    word, start, end = parser.words[at], parser.starts[at], parser.ends[at]
    parser.at += 1
    closed = len(word) > 1 and word.endswith("`")
    inner = word[1:-1] if closed else word[1:]
    if "${" not in inner:
        return Literal(start, end, inner)
    return Interpolated(start, end, template(parser, inner, start + 1))


def slash(parser: Parser) -> Node:
    """Read a regular expression: a call of ``RegExp`` with its text; a lone slash is stray."""
    at = parser.at
    word = parser.words[at]
    if len(word) < 3:  # noqa: PLR2004 -- the shortest is /x/
        return operands.stray(parser)
    parser.at += 1
    start, end = parser.starts[at], parser.ends[at]
    return Call(start, end, Name(start, start, "RegExp"), (Literal(start, end, word[1 : word.rfind("/")]),))


def package(parser: Parser) -> None:
    """Read ``package X {…}``."""
    curly.namespace(parser)


def imported(parser: Parser) -> None:
    """Read ``import System;``, ``import x from "y";``; ``import(x)`` is a call."""
    if parser.keys[parser.at + 1] in {"(", "."}:
        declarations.simple(parser)
    else:
        curly.imported(parser)


GRAMMAR = Grammar(
    language="jscript",
    lexicon=LEXICON,
    prefix={
        **PREFIX,
        "function": operands.function_value, "async": operands.async_value, "class": operands.class_value,
        "undefined": operands.constant(value=None),
        **dict.fromkeys(("typeof", "delete", "void", "await", "throw", "yield"), operands.sign),
    },
    first={**FIRST, "`": backtick, "/": slash},
    postfix={**POSTFIX, "=>": operands.arrow},
    infix={**INFIX, "**": (145, run_of)},
    statements={
        **curly.COMMON,
        **dict.fromkeys(("var", "let", "const"), curly.variable_statement),
        "function": curly.function_statement, "with": curly.headed("with"), "package": package,
        "import": imported,
        "enum": curly.class_statement,
    },
    modifiers=_MODIFIERS,
    reserved=_RESERVED,
    statement=curly.statement,
    lambdas=frozenset({"=>"}),
)  # fmt: skip
