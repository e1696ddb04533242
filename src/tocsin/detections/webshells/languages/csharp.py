"""C#, as pages and handlers hold it."""

from __future__ import annotations

import re

from tocsin.detections.webshells.code import Interpolated, Literal, Name, Node
from tocsin.detections.webshells.languages import curly, declarations, operands
from tocsin.detections.webshells.languages.interpolation import with_holes
from tocsin.detections.webshells.languages.literals import between, doubled
from tocsin.detections.webshells.languages.parser import (
    Grammar,
    Infix,
    Parser,
    Postfix,
    Prefix,
    assigned,
    run_of,
)
from tocsin.detections.webshells.languages.tokens import BLOCK_COMMENT, NAME, NUMBER, Lexicon
from tocsin.model.expressions import compiled

GAP = rf"((?:\s++|//[^\r\n]*+|{BLOCK_COMMENT}|\#[a-z][^\r\n]*+)*+)"
HOLES = r"\{(?:[^{}\"\r\n]++|\"(?:[^\"\\\r\n]|\\.)*+\")*+\}"
TEXTS = (
    r'"""+.*?(?:"""+|\Z)'
    rf'|\$"(?:[^"\\{{\r\n]++|\\.|\{{\{{|{HOLES}|\{{)*+"?+'
    r'|(?:\$@|@\$)"(?:[^"{]++|""|\{\{|' + HOLES + r'|\{)*+"?+'
    r'|@"(?:[^"]++|"")*+"?+'
    r'|"(?:[^"\\\r\n]++|\\.)*+"?+'
    r"|'(?:[^'\\\r\n]++|\\.)*+'?+"
)
OPERATORS = (
    r">>>=|<<=|>>=|\?\?=|===|!==|\.\.\.|=>|->|==|!=|<=|>=|&&|\|\||\?\?|\?\.|\?(?=\[)|\+\+|--|<<|::"
    r"|[-+*/%&|^]=|."
)
LEXICON = Lexicon(pattern=compiled(rf"{GAP}({TEXTS}|{NAME}|{NUMBER}|{OPERATORS}|\Z)", re.DOTALL))


def c_sharp_text(parser: Parser) -> Node:
    """Read a text in any of C#'s five ways of writing one."""
    at = parser.at
    word, start = parser.words[at], parser.starts[at]
    parser.at += 1
    if word.startswith('"""'):
        return Literal(start, parser.ends[at], word.strip('"'))
    return Literal(start, parser.ends[at], between(word, '"'))


def marked(parser: Parser) -> Node:
    """Read ``@"…"``, ``$"…"``, ``$@"…"``; a name otherwise."""
    at = parser.at
    word, start, end = parser.words[at], parser.starts[at], parser.ends[at]
    quote = word.find('"')
    parser.at += 1
    if quote < 0:
        return Name(start, end, word.lstrip("@") or word)
    if "$" not in word[:quote]:
        return Literal(start, end, doubled(word[quote:]))
    verbatim = "@" in word[:quote]
    closed = word.endswith('"') and len(word) > quote + 1
    inner = word[quote + 1 : -1 if closed else None]
    return Interpolated(start, end, with_holes(parser, inner, start + quote + 1, verbatim=verbatim))


def powers(levels: list[list[str]], reader: Infix = run_of) -> dict[str, tuple[int, Infix]]:
    """Give operators their powers, the weakest level first, ten apart from 40 on."""
    return {word: (40 + 10 * level, reader) for level, words in enumerate(levels) for word in words}


ASSIGNMENTS: dict[str, tuple[int, Infix]] = dict.fromkeys(
    ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", ">>>=", "??="), (10, assigned)
)
INFIX: dict[str, tuple[int, Infix]] = {
    **ASSIGNMENTS,
    "?": (20, operands.ternary),
    "??": (30, run_of),
    **powers([
        ["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!=", "===", "!=="],
        ["<", ">", "<=", ">=", "is", "in", "instanceof"], ["<<", ">>", ">>>"], ["+", "-"], ["*", "/", "%"],
    ]),
}  # fmt: skip
PREFIX: dict[str, Prefix] = {
    "": operands.stray, "(": operands.bracketed, "[": operands.array, "{": operands.braced,
    "new": operands.new,
    **dict.fromkeys(("!", "-", "+", "~", "++", "--", "&", "*", "^", "..."), operands.sign),
    **dict.fromkeys((")", "]", "}", ";", ",", ":", "=>", "?"), operands.stray),
    "true": operands.constant(value=True), "false": operands.constant(value=False),
    "null": operands.constant(value=None),
    "typeof": operands.typeof,
}  # fmt: skip
FIRST: dict[str, Prefix] = {
    **dict.fromkeys("0123456789", operands.digits),
    **dict.fromkeys("!#%&*+-./:<=>?\\^`|~", operands.stray),
    '"': operands.quoted, "'": operands.quoted, ".": operands.fraction,
}  # fmt: skip
POSTFIX: dict[str, Postfix] = {
    ".": operands.member, "?.": operands.member, "::": operands.member, "(": operands.call,
    "[": operands.index,
    "++": operands.counted, "--": operands.counted,
}  # fmt: skip
_MODIFIERS = frozenset(
    [
        "public",
        "private",
        "protected",
        "internal",
        "static",
        "readonly",
        "const",
        "virtual",
        "override",
        "abstract",
        "sealed",
        "async",
        "extern",
        "unsafe",
        "volatile",
        "partial",
        "event",
        "delegate",
        "implicit",
        "explicit",
        "fixed",
        "required",
        "file",
    ]
)
_RESERVED = frozenset(
    [
        "if",
        "else",
        "for",
        "foreach",
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
        "goto",
        "using",
        "is",
        "as",
        "in",
        "lock",
        "yield",
        "namespace",
        "class",
        "struct",
        "interface",
        "enum",
        "typeof",
        "sizeof",
        "true",
        "false",
        "null",
        "ref",
        "out",
        "params",
        "base",
        "await",
        "public",
        "private",
        "protected",
        "internal",
        "static",
        "readonly",
        "const",
        "virtual",
        "override",
        "abstract",
        "sealed",
    ]
)


def modified(parser: Parser) -> None:
    """Read ``delegate``, ``fixed``, ``unsafe`` as modifiers, blocks or the start of an expression."""
    key, following = parser.keys[parser.at], parser.keys[parser.at + 1]
    if following == "{" or (following == "(" and key == "fixed"):
        curly.headed(key)(parser)
    elif following == "(" and key == "delegate":
        declarations.simple(parser)
    else:
        declarations.declared(parser)


GRAMMAR = Grammar(
    language="csharp",
    lexicon=LEXICON,
    prefix={
        **PREFIX,
        "delegate": operands.function_value, "async": operands.async_value, "from": operands.query,
        **dict.fromkeys(("ref", "in", "checked", "unchecked"), operands.passed),
        "out": operands.declared_out,
        **dict.fromkeys(("await", "throw"), operands.sign),
        "default": operands.typeof, "sizeof": operands.typeof, "nameof": operands.typeof,
    },
    first={**FIRST, '"': c_sharp_text, "@": marked, "$": marked},
    postfix={**POSTFIX, "=>": operands.arrow, "<": operands.generic_call, "!": operands.unmarked,
             "->": operands.member,
             "?": operands.index_if_any},
    infix={**INFIX, ">": (100, operands.shifted), "as": (100, operands.typed_as),
           "is": (100, operands.typed_is),
           "switch": (135, operands.arms),
           "and": (90, run_of), "or": (80, run_of)},
    statements={
        **curly.COMMON,
        "foreach": curly.loop,
        "lock": curly.headed("lock"), "using": curly.using,
        "namespace": curly.namespace,
        "yield": curly.yielded, "struct": curly.class_statement, "enum": curly.class_statement,
        "record": curly.class_statement,
        **dict.fromkeys(("unsafe", "checked", "unchecked", "fixed", "delegate"), modified),
    },
    modifiers=_MODIFIERS,
    reserved=_RESERVED,
    statement=curly.statement,
    lambdas=frozenset({"=>"}),
    casts=True,
)  # fmt: skip
