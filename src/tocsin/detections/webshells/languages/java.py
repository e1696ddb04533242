"""Java, as JSP pages hold it."""

from __future__ import annotations

import re

from tocsin.detections.webshells.code import Literal, Node
from tocsin.detections.webshells.languages import curly, declarations, operands
from tocsin.detections.webshells.languages.csharp import FIRST, INFIX, OPERATORS, POSTFIX, PREFIX
from tocsin.detections.webshells.languages.literals import unescaped
from tocsin.detections.webshells.languages.parser import Grammar, Parser
from tocsin.detections.webshells.languages.tokens import BLOCK_COMMENT, NAME, NUMBER, Lexicon
from tocsin.model.expressions import compiled

GAP = rf"((?:\s++|//[^\r\n]*+|{BLOCK_COMMENT})*+)"
TEXTS = (
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"""|\Z)'
    r'|"(?:[^"\\\r\n]++|\\.)*+"?+'
    r"|'(?:[^'\\\r\n]++|\\.)*+'?+"
)
LEXICON = Lexicon(pattern=compiled(rf"{GAP}({NAME}|{NUMBER}|{TEXTS}|{OPERATORS}|\Z)", re.DOTALL))
_MODIFIERS = frozenset(
    [
        "public",
        "private",
        "protected",
        "static",
        "final",
        "abstract",
        "native",
        "transient",
        "volatile",
        "strictfp",
        "sealed",
        "default",
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
        "instanceof",
        "import",
        "package",
        "class",
        "interface",
        "enum",
        "true",
        "false",
        "null",
        "throws",
        "public",
        "private",
        "protected",
        "static",
        "final",
        "abstract",
        "assert",
    ]
)


def text(parser: Parser) -> Node:
    """Read a text or a block of text."""
    at = parser.at
    word = parser.words[at]
    if not word.startswith('"""'):
        return operands.quoted(parser)
    parser.at += 1
    inner = word[3:].removesuffix('"""').lstrip(" \t").lstrip("\r\n")
    return Literal(parser.starts[at], parser.ends[at], unescaped(inner))


def default(parser: Parser) -> None:
    """Read ``default:``, ``default ->`` or the modifier of an interface's method."""
    if parser.keys[parser.at + 1] in {":", "->"}:
        curly.default(parser)
    else:
        declarations.declared(parser)


def synchronised(parser: Parser) -> None:
    """Read ``synchronized (x) {…}``, or the modifier of a method."""
    if parser.keys[parser.at + 1] == "(":
        curly.headed("lock")(parser)
    else:
        parser.at += 1


GRAMMAR = Grammar(
    language="java",
    lexicon=LEXICON,
    prefix=PREFIX,
    first={**FIRST, '"': text},
    postfix={**POSTFIX, "->": operands.arrow, "<": operands.generic_call},
    infix={**INFIX, ">": (100, operands.shifted), "instanceof": (100, operands.typed_is)},
    statements={
        **curly.COMMON,
        "import": curly.imported, "package": curly.imported, "enum": curly.class_statement,
        "record": curly.class_statement, "synchronized": synchronised, "default": default,
        "@interface": curly.class_statement, "yield": curly.yielded,
    },
    modifiers=_MODIFIERS,
    reserved=_RESERVED,
    statement=curly.statement,
    lambdas=frozenset({"->"}),
    casts=True,
    initialisers=False,
)  # fmt: skip
